#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/int128.h"
#include "trommel/status.h"

namespace trommel {

// Final window rows in columns, in the contract's order (W4).
struct RowBatch {
    explicit RowBatch(const Config& config) : aggregates(config.aggregates.size()) {}

    std::vector<uint32_t> window;  // Index into Config::windows.
    std::vector<int64_t> start_us, end_us;
    std::vector<int64_t> key_int;   // KeyShape::integer.
    std::vector<uint32_t> key_end;  // KeyShape::encoded: key i ends here in key_bytes.
    std::vector<char> key_bytes;
    std::vector<std::vector<int128>>
        aggregates;  // [aggregate][row], scaled by 10^Aggregate::digits.

    size_t count() const { return window.size(); }
    std::string_view key_text(size_t row) const {
        const size_t begin = row == 0 ? 0 : key_end[row - 1];
        return {key_bytes.data() + begin, key_end[row] - begin};
    }
    void clear() {
        window.clear();
        start_us.clear();
        end_us.clear();
        key_int.clear();
        key_end.clear();
        key_bytes.clear();
        for (auto& column : aggregates) column.clear();
    }
};

// Where results go. Used by one thread, the emitter's. A sink buffers at most a declared number of
// bytes. Errors end the run: Code::closed quietly (the reader went away), others with their
// message.
class Sink {
   public:
    virtual ~Sink() = default;
    virtual Status open() = 0;
    virtual Status write_rows(const RowBatch& rows) = 0;
    // One record's original bytes, without a line end; output: unique, and dead letters.
    virtual Status write_record(std::string_view raw) = 0;
    // Makes what was written visible to a reader; called whenever the engine has nothing better to
    // do.
    virtual Status flush() = 0;
    // The output is complete: sync it and give it its final name. Nothing is written after.
    virtual Status finish() = 0;
    // The output is not complete: leave nothing under its final name. Never fails.
    virtual void abandon() = 0;
};

}  // namespace trommel
