#include "bench/kit/id_stream.h"

#include <algorithm>

namespace trommel::bench {
namespace {

constexpr size_t kTextBytes = 36;

// 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
void write_uuid(char* out, uint64_t high, uint64_t low) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (uint32_t d = 0; d < 32; ++d) {
        if (d == 8 || d == 12 || d == 16 || d == 20) *out++ = '-';
        const uint64_t half = d < 16 ? high : low;
        *out++ = kDigits[half >> (60 - 4 * (d % 16)) & 15];
    }
}

}  // namespace

IdBatch::IdBatch(bool with_text)
    : lo(kBatchRows), hi(kBatchRows), hash(kBatchRows), time_us(kBatchRows) {
    if (!with_text) return;
    bytes.resize(size_t{kBatchRows} * kTextBytes);
    for (size_t row = 0; row < kBatchRows; ++row) {
        text.emplace_back(bytes.data() + row * kTextBytes, kTextBytes);
    }
}

void IdStream::fill(IdBatch& batch) {
    const uint64_t unique_before = unique_;
    for (uint32_t row = 0; row < kBatchRows; ++row, ++events_) {
        const uint64_t random = rules::mix64(events_ * 0x9e3779b97f4a7c15u + 1);
        const bool copy = random % 5 < duplicates_of_5_ && unique_ > 0;
        const uint64_t back = (random >> 20) % std::min(std::max<uint64_t>(unique_, 1), reach_);
        const uint64_t number = copy ? unique_ - 1 - back : unique_++;
        batch.lo[row] = rules::mix64(number + 7);
        batch.hi[row] = rules::mix64(number ^ 0x5bf03635u);
        batch.time_us[row] = static_cast<int64_t>(events_);
        if (text_) write_uuid(&batch.bytes[row * kTextBytes], batch.hi[row], batch.lo[row]);
    }
    batch.unique = unique_ - unique_before;
}

}  // namespace trommel::bench
