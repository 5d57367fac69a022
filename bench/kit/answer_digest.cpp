#include "bench/kit/answer_digest.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "trommel/int128.h"

namespace trommel::bench {
namespace {

constexpr uint64_t kOdd = 0x9e3779b97f4a7c15u;

// A multiplication of 64 by 64 bits, folded.
uint64_t fold(uint64_t a, uint64_t b) {
    const uint128 product = static_cast<uint128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// The words of one row. Each is mixed with a constant of its place and all are added, so that no
// multiplication waits for the one before: a chain of a dozen would cost more than making the row.
class RowWords {
   public:
    void put(uint64_t word) {
        place_ += kOdd;
        sum_ += fold(word ^ place_, place_ | 1);
    }
    void put(std::string_view bytes) {
        put(bytes.size());
        for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(8, bytes.size()))) {
            uint64_t word = 0;
            std::memcpy(&word, bytes.data(), std::min<size_t>(8, bytes.size()));
            put(word);
        }
    }
    uint64_t sum() const { return sum_; }

   private:
    uint64_t place_ = 0, sum_ = 0;
};

size_t counting_aggregate(const Config& config) {
    const auto found =
        std::find_if(config.aggregates.begin(), config.aggregates.end(),
                     [](const Aggregate& a) { return a.kind == AggregateKind::count; });
    return static_cast<size_t>(found - config.aggregates.begin());
}

}  // namespace

// Two multiplications with different constants: words that differ anywhere give other digests but
// with a probability of about 2^-64.
void Digest::put(uint64_t word) {
    low_ = fold(low_ ^ word, kOdd) + high_;
    high_ = fold(high_ ^ word ^ 0xa4093822299f31d0u, 0xd6e8feb86659fd93u) + low_;
}

void Digest::put(std::string_view bytes) {
    put(bytes.size());
    for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(8, bytes.size()))) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data(), std::min<size_t>(8, bytes.size()));
        put(word);
    }
}

std::string Digest::text() const {
    char text[33];
    std::snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, high_, low_);
    return text;
}

void VerdictDigest::put(const RecordBatch& settled) {
    // A record that is missing or comes twice shows here, whatever its verdict.
    if (settled.count > 0 && settled.first_record != count_) digest_.put(settled.first_record);
    for (uint32_t row = 0; row < settled.count; ++row) {
        word_ = word_ << 8 | static_cast<uint64_t>(settled.verdict[row]);
        if (++count_ % 8 == 0) digest_.put(word_);
    }
}

std::string VerdictDigest::text() const {
    Digest all = digest_;
    const uint64_t left = count_ % 8;
    if (left > 0) all.put(word_ & ((uint64_t{1} << 8 * left) - 1));
    all.put(count_);
    return all.text();
}

RowDigest::RowDigest(const Config& config)
    : shape_(key_shape(config)), counting_(counting_aggregate(config)) {}

Status RowDigest::write_rows(const RowBatch& rows) {
    for (size_t row = 0; row < rows.count(); ++row) {
        RowWords words;
        words.put(rows.window[row]);
        words.put(static_cast<uint64_t>(rows.start_us[row]));
        words.put(static_cast<uint64_t>(rows.end_us[row]));
        if (shape_ == KeyShape::integer) words.put(static_cast<uint64_t>(rows.key_int[row]));
        if (shape_ == KeyShape::encoded) words.put(rows.key_text(row));
        for (const auto& column : rows.aggregates) {
            const auto value = static_cast<uint128>(column[row]);
            words.put(static_cast<uint64_t>(value));
            words.put(static_cast<uint64_t>(value >> 64));
        }
        digest_.put(words.sum());
        if (counting_ < rows.aggregates.size()) {
            events_counted_ += static_cast<uint64_t>(rows.aggregates[counting_][row]);
        }
    }
    count_ += rows.count();
    return {};
}

}  // namespace trommel::bench
