#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "trommel/config.h"

namespace trommel {

// What becomes of a record (contract, Words). `pending` is a record not yet judged.
enum class Verdict : uint8_t { pending, unique, duplicate, late, corrupt, filtered, refused };
inline constexpr size_t kVerdicts = 7;
constexpr const char* to_text(Verdict verdict) {
    constexpr const char* kNames[kVerdicts] = {"pending", "unique",   "duplicate", "late",
                                               "corrupt", "filtered", "refused"};
    return kNames[static_cast<size_t>(verdict)];
}

// How the columns of a batch look: which of them exist.
enum class KeyShape : uint8_t {
    none,     // No key: one group.
    integer,  // One integer field: key_int holds it.
    encoded,  // Anything else: key_text holds trommel/key.h's order-preserving encoding.
};
inline KeyShape key_shape(const Config& config) {
    if (config.key.empty()) return KeyShape::none;
    const bool one_integer = config.key.size() == 1 && config.key[0].type == FieldType::integer;
    return one_integer ? KeyShape::integer : KeyShape::encoded;
}

// A batch of records in columns, filled by a source (or by a program that embeds the engine) and
// judged by the engine. Row i of every column belongs to record i.
//
// Ownership: the batch owns its columns, `bytes` (raw input that raw/id_text may point into) and a
// text arena. Views stay valid until clear(). Columns are allocated once, for `capacity` records.
// Thread: one owner at a time; it is handed over whole.
class RecordBatch {
   public:
    // `capacity` is 1 to kGpuBatchRecordsMax records.
    RecordBatch(const Config& config, uint32_t records_max)
        : capacity(records_max),
          id_lo(records_max),
          id_hi(config.dedup.id_type == IdType::u64 ? 0 : records_max),
          id_text(config.dedup.id_type == IdType::bytes ? records_max : 0),
          time_us(records_max),
          key_int(key_shape(config) == KeyShape::integer ? records_max : 0),
          key_text(key_shape(config) == KeyShape::encoded ? records_max : 0),
          values(config.values.size(), std::vector<int64_t>(records_max)),
          partition(records_max),
          raw(records_max),
          offset(records_max),
          verdict(records_max),
          detail(records_max) {}

    // Forgets the records and the arena. Keeps the allocations, but for what a huge record made
    // `bytes` or the arena grow beyond `bytes_keep`.
    void clear(size_t bytes_keep = size_t{1} << 20) {
        count = 0;
        if (bytes.size() > bytes_keep) std::vector<char>().swap(bytes);
        size_t kept = 0;
        while (kept < text_blocks_.size() && (kept + 1) * kTextBlock <= bytes_keep &&
               text_blocks_[kept].size == kTextBlock) {
            ++kept;
        }
        text_blocks_.resize(kept);
        text_block_ = text_used_ = 0;
    }

    bool full() const { return count == capacity; }

    // Space for `size` bytes that lives until clear() and never moves.
    char* allocate_text(size_t size) {
        while (text_block_ < text_blocks_.size()) {
            if (text_used_ + size <= text_blocks_[text_block_].size) {
                char* const at = text_blocks_[text_block_].bytes.get() + text_used_;
                text_used_ += size;
                return at;
            }
            ++text_block_;
            text_used_ = 0;
        }
        const size_t block = size > kTextBlock ? size : kTextBlock;
        text_blocks_.push_back({std::make_unique_for_overwrite<char[]>(block), block});
        text_used_ = size;
        return text_blocks_.back().bytes.get();
    }
    std::string_view copy_text(std::string_view text) {
        char* const at = allocate_text(text.size());
        std::copy(text.begin(), text.end(), at);
        return {at, text.size()};
    }

    // Append one record with the verdict `pending` and return its row; for programs that push
    // events of their own. Set the key with set_key() where the config has one. Texts are copied.
    // Precondition: !full(); row_values has as many entries as the config has values.
    uint32_t add(uint64_t id, int64_t time, const int64_t* row_values) {
        id_lo[count] = id;
        return add_row(time, row_values);
    }
    uint32_t add(uint64_t id_low, uint64_t id_high, int64_t time, const int64_t* row_values) {
        id_lo[count] = id_low;
        id_hi[count] = id_high;
        return add_row(time, row_values);
    }
    uint32_t add(std::string_view id, int64_t time, const int64_t* row_values) {
        id_text[count] = copy_text(id);
        return add_row(time, row_values);
    }
    void set_key(uint32_t row, int64_t key) { key_int[row] = key; }
    void set_key(uint32_t row, std::string_view encoded) { key_text[row] = copy_text(encoded); }

    uint32_t capacity = 0;
    uint32_t count = 0;
    uint64_t first_record = 0;  // Record number (L2) of row 0; rows are consecutive.

    std::vector<uint64_t> id_lo;            // u64, u128; for bytes the engine fills it.
    std::vector<uint64_t> id_hi;            // u128; for bytes the engine fills it.
    std::vector<std::string_view> id_text;  // bytes only.
    std::vector<int64_t> time_us;
    std::vector<int64_t> key_int;              // KeyShape::integer.
    std::vector<std::string_view> key_text;    // KeyShape::encoded.
    std::vector<std::vector<int64_t>> values;  // [value][row].
    std::vector<uint32_t> partition;           // Index into the source's partitions.
    std::vector<std::string_view> raw;         // The record's original bytes without its line end.
    std::vector<uint64_t> offset;              // Of its first byte in the decompressed source.
    std::vector<Verdict> verdict;              // In: pending or corrupt. Out: the judgement.
    std::vector<std::string_view> detail;      // Why it is corrupt; lives as long as the source.

    std::vector<char> bytes;  // Raw input; `raw` may point into it. The source manages its size.

   private:
    static constexpr size_t kTextBlock = size_t{128} << 10;
    struct TextBlock {
        std::unique_ptr<char[]> bytes;
        size_t size;
    };

    uint32_t add_row(int64_t time, const int64_t* row_values) {
        time_us[count] = time;
        for (size_t v = 0; v < values.size(); ++v) values[v][count] = row_values[v];
        partition[count] = 0;
        raw[count] = {};
        verdict[count] = Verdict::pending;
        return count++;
    }

    std::vector<TextBlock> text_blocks_;
    size_t text_block_ = 0, text_used_ = 0;
};

}  // namespace trommel
