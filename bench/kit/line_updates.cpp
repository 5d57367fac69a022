#include "bench/kit/line_updates.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "bench/kit/timing.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/rules/hash.h"

namespace trommel::bench {
namespace {

constexpr size_t kLineBytes = 64;
constexpr uint64_t kProbeUpdates = 1 << 20;
constexpr uint64_t kOdd = 0x9e3779b97f4a7c15u;

// A line as eight numbers; as many instructions as the processor needs for that.
using Line = uint64_t __attribute__((vector_size(kLineBytes)));

using Update = void (*)(const LineWalk&);

// How a line is asked for: to be written, into the first level; or into the second.
enum class Ask : uint8_t { first_level, second_level };

template <int kDepth, Ask kAsk>
__attribute__((always_inline)) inline void update(const LineWalk& walk) {
    constexpr uint32_t kSlots = 256;
    static_assert(kDepth < kSlots);
    std::array<uint32_t, kSlots> ahead;
    uint64_t state = walk.seed;
    const auto ask = [&](uint64_t slot) __attribute__((always_inline)) {
        state += kOdd;
        const auto scaled = static_cast<uint128>(rules::mix64(state)) * walk.line_count;
        const auto line = static_cast<uint64_t>(scaled >> 64);
        ahead[slot % kSlots] = static_cast<uint32_t>(line);
        if constexpr (kAsk == Ask::first_level) {
            __builtin_prefetch(walk.lines + line * kLineBytes, 1, 3);
        } else {
            __builtin_prefetch(walk.lines + line * kLineBytes, 0, 2);
        }
    };
    for (uint64_t u = 0; u < kDepth; ++u) ask(u);
    for (uint64_t u = 0; u < walk.updates; ++u) {
        char* const at = walk.lines + size_t{ahead[u % kSlots]} * kLineBytes;
        Line line;
        std::memcpy(&line, at, sizeof line);
        line += walk.add;
        std::memcpy(at, &line, sizeof line);
        ask(u + kDepth);
    }
}

template <int kDepth, Ask kAsk>
void update_any(const LineWalk& walk) {
    update<kDepth, kAsk>(walk);
}
constexpr std::array<Update, 8> kPlain = {
    update_any<32, Ask::first_level>,  update_any<48, Ask::first_level>,
    update_any<64, Ask::first_level>,  update_any<128, Ask::first_level>,
    update_any<32, Ask::second_level>, update_any<48, Ask::second_level>,
    update_any<64, Ask::second_level>, update_any<128, Ask::second_level>,
};
#if defined(__x86_64__)
template <int kDepth, Ask kAsk>
__attribute__((target("avx512f,avx512vl,avx512bw,prfchw"))) void update_avx512(
    const LineWalk& walk) {
    update<kDepth, kAsk>(walk);
}
constexpr std::array<Update, 8> kAvx512 = {
    update_avx512<32, Ask::first_level>,  update_avx512<48, Ask::first_level>,
    update_avx512<64, Ask::first_level>,  update_avx512<128, Ask::first_level>,
    update_avx512<32, Ask::second_level>, update_avx512<48, Ask::second_level>,
    update_avx512<64, Ask::second_level>, update_avx512<128, Ask::second_level>,
};
#endif

const std::array<Update, 8>& all_updates() {
#if defined(__x86_64__)
    if (cpu::detect_simd() == cpu::SimdLevel::avx512) return kAvx512;
#endif
    return kPlain;
}

}  // namespace

LineUpdates::LineUpdates(size_t bytes)
    : LineUpdates(std::make_unique<HugeMemory>(std::max(bytes, kLineBytes))) {}

LineUpdates::LineUpdates(std::unique_ptr<HugeMemory> own)
    : LineUpdates(cpu::Stretch{own->data(), own->bytes()}) {
    own_ = std::move(own);
}

LineUpdates::LineUpdates(cpu::Stretch lines) : memory_(lines) {
    double best = 0;
    Update best_update = nullptr;
    for (const Update update : all_updates()) {
        update_ = update;
        const double rate = std::max(run(kProbeUpdates), run(kProbeUpdates));
        if (rate > best) best_update = update;
        best = std::max(best, rate);
    }
    update_ = best_update;
}

double LineUpdates::run(uint64_t updates) {
    seed_ += 1 + updates * 2;
    const volatile uint64_t nothing = 0;
    const LineWalk walk = {memory_.data, memory_.bytes / kLineBytes, rules::mix64(seed_), updates,
                           nothing};
    const double begin = cpu_seconds();
    update_(walk);
    return static_cast<double>(updates) / (cpu_seconds() - begin);
}

}  // namespace trommel::bench
