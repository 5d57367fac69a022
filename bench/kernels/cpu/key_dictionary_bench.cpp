#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "trommel/key.h"

#include "bench/kernels/cpu/bench_sizes.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/key_dictionary.h"

namespace trommel::bench {
namespace {

constexpr uint32_t kPart = cpu::KeyDictionary::kPart, kRows = 32 * kPart;

Config config_of(FieldType type) {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.key = {{"k", type}};
    return config;
}

// Keys that are all known; finding their slots is timed.
class Dictionary {
   public:
    explicit Dictionary(FieldType type)
        : type_(type),
          config_(config_of(type)),
          budget_(uint64_t{6} << 30),
          pool_(budget_),
          keys_(config_, 3, cpu::detect_simd(), budget_, pool_),
          batch_(config_, kRows),
          rows_(kRows),
          slots_(kRows) {
        std::iota(rows_.begin(), rows_.end(), 0u);
    }

    // The slot of key k becomes slot_of_[k].
    void add_all(uint32_t keys) {
        for (uint32_t k = 0; k < keys; ++k) {
            add_row(k);
            if (batch_.count < kPart && k + 1 < keys) continue;
            find();  // The slots are good until the next one, unless they are held.
            for (uint32_t row = 0; row < batch_.count; ++row) keys_.hold(slots_[row]);
            slot_of_.insert(slot_of_.end(), slots_.begin(), slots_.begin() + batch_.count);
            batch_.clear();
        }
    }
    double find_random() {  // CPU seconds.
        std::vector<uint32_t> numbers(kRows);
        for (uint32_t& number : numbers) {
            number = static_cast<uint32_t>(rules::mix64(++state_) % slot_of_.size());
            add_row(number);
        }
        const double begin = cpu_seconds();
        find();
        const double seconds = cpu_seconds() - begin;
        for (uint32_t row = 0; row < kRows; ++row) right_ &= slots_[row] == slot_of_[numbers[row]];
        batch_.clear();
        return seconds;
    }
    bool is_right() const { return right_; }

   private:
    void add_row(uint32_t key) {
        const uint32_t row = batch_.add(uint64_t{key}, 0, nullptr);
        if (type_ == FieldType::integer) return batch_.set_key(row, int64_t{key});
        const std::string text = "customer-" + std::to_string(key);
        std::string encoded(encoded_text_size(text), '\0');
        encode_text(text, encoded.data());
        batch_.set_key(row, encoded);
    }
    void find() {
        for (uint32_t at = 0; at < batch_.count; at += kPart) {
            keys_.find_or_add(batch_, &rows_[at], std::min(kPart, batch_.count - at), &slots_[at]);
        }
    }

    const FieldType type_;
    const Config config_;
    cpu::MemoryBudget budget_;
    cpu::SlabPool pool_;
    cpu::KeyDictionary keys_;
    RecordBatch batch_;
    std::vector<uint32_t> rows_, slots_, slot_of_;
    uint64_t state_ = 0;
    bool right_ = true;
};

void key_dictionary(benchmark::State& state, FieldType type) {
    Dictionary dictionary(type);
    dictionary.add_all(static_cast<uint32_t>(state.range(0)));
    for (auto _ : state) state.SetIterationTime(dictionary.find_random());
    state.SetItemsProcessed(state.iterations() * kRows);
    if (!dictionary.is_right()) state.SkipWithError("a key has another slot than before");
}
BENCHMARK_CAPTURE(key_dictionary, integer, FieldType::integer)->Apply(sizes)->UseManualTime();
BENCHMARK_CAPTURE(key_dictionary, text, FieldType::text)->Apply(sizes)->UseManualTime();

}  // namespace
}  // namespace trommel::bench
