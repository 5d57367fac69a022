#include <array>

#include "kernels/cpu/block_filter_pass.h"

namespace trommel::cpu {

void filter_judge_scalar(const FilterPass& given) {
    const FilterPass pass = given;  // A copy, since is_new might alias the original.
    const uint32_t available = pass.count + pass.following;
    for (uint32_t k = 0; k < pass.count; ++k) {
        if (k + kFilterLookahead < available) {
            ask_for(pass.line_of(pass.hash[pass.rows[k + kFilterLookahead]]));
        }
        const uint64_t hash = pass.hash[pass.rows[k]];
        pass.is_new[k] = rules::filter_judge(pass.line_of(hash), rules::filter_cells_of(hash),
                                             pass.ages[pass.slots[k]]);
    }
}

uint32_t filter_judge_plain_scalar(const PlainFilterPass& given) {
    const PlainFilterPass pass = given;  // A copy, since is_new might alias the original.
    PlainFilterPlaces places(pass);
    uint32_t found = 0;
    uint32_t k = 0;
    for (; k + kFilterLookahead < pass.count; ++k) {
        places.ask_for_row(k + kFilterLookahead);
        found += pass.is_new[k] =
            rules::filter_judge_plain(places.line(k), places.bits(k), pass.keep);
    }
    for (; k < pass.count; ++k) {
        found += pass.is_new[k] =
            rules::filter_judge_plain(places.line(k), places.bits(k), pass.keep);
    }
    return found;
}

void filter_sweep_scalar(uint64_t* words, uint64_t count, uint32_t keep) {
    const FilterKept kept(keep);
    std::array<uint8_t, 256> pairs;  // What a byte, two cells, becomes.
    for (uint32_t pair = 0; pair < pairs.size(); ++pair) {
        pairs[pair] = static_cast<uint8_t>(kept.cells[pair & 15] | kept.cells[pair >> 4] << 4);
    }
    for (uint64_t w = 0; w < count; ++w) {
        const uint64_t held = words[w];
        uint64_t left = 0;
        for (uint32_t bit = 0; bit < 64; bit += 8)
            left |= uint64_t{pairs[held >> bit & 255]} << bit;
        if (left != held) words[w] = left;
    }
}

FilterKernels filter_kernels([[maybe_unused]] SimdLevel level) {
#if defined(__x86_64__)
    if (level == SimdLevel::avx512)
        return {filter_judge_avx512, filter_judge_plain_avx512, filter_sweep_avx512};
    if (level == SimdLevel::avx2)
        return {filter_judge_avx2, filter_judge_plain_avx2, filter_sweep_avx2};
#endif
    return {filter_judge_scalar, filter_judge_plain_scalar, filter_sweep_scalar};
}

}  // namespace trommel::cpu
