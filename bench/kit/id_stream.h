#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/cpu/id_memory.h"
#include "kernels/rules/hash.h"

namespace trommel::bench {

inline constexpr uint32_t kBatchRows = 4096;

// Columns of some events' ids; what the engine's receiver would hand to a shard.
struct IdBatch {
    explicit IdBatch(bool text);

    std::vector<uint64_t> lo, hi, hash;
    std::vector<char> bytes;  // 36 for each row, as a UUID is written.
    std::vector<std::string_view> text;
    std::vector<int64_t> time_us;
    uint64_t unique = 0;  // Ids that the stream had not given before.

    cpu::IdColumns columns() const {
        return {hash.data(), lo.data(), hi.data(), text.data(), time_us.data()};
    }
};

// Random-looking ids, one event each microsecond; `duplicates_of_5` of five events repeat an id
// of the last `reach` new ones. Ids are a bijection of a counter, so a copy is a copy for sure.
class IdStream {
   public:
    IdStream(uint64_t reach, uint32_t duplicates_of_5, bool text)
        : reach_(reach), duplicates_of_5_(duplicates_of_5), text_(text) {}

    void fill(IdBatch& batch);
    uint64_t events() const { return events_; }
    uint64_t unique() const { return unique_; }

   private:
    const uint64_t reach_;
    const uint32_t duplicates_of_5_;
    const bool text_;
    uint64_t events_ = 0, unique_ = 0;
};

}  // namespace trommel::bench
