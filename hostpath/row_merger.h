#pragma once
#include <cstdint>
#include <vector>

#include "trommel/config.h"
#include "trommel/sink.h"

#include "hostpath/fifo.h"
#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/partial_rows.h"

namespace trommel::hostpath {

// Combines the final rows of several streams (one for each shard, one for the sessions), each in
// the contract's order, into one. A stream hands over blocks, and says up to which window end it
// has handed over all; a row comes out once every other stream has a row to compare, or has said
// that it has none so early. One thread.
class RowMerger {
   public:
    RowMerger(const Config& config, uint32_t streams);

    void offer(uint32_t stream, cpu::PartialRows* rows);
    // Rows that the stream has yet to offer belong to windows that end after `end_us`. It never
    // goes back.
    void complete(uint32_t stream, int64_t end_us) { complete_end_us_[stream] = end_us; }
    int64_t complete_end_us(uint32_t stream) const { return complete_end_us_[stream]; }

    enum class State : uint8_t {
        full,     // `out` holds `rows_max` rows, or as many bytes of keys as a block may.
        starved,  // starved_stream() has to say more before another row may come out.
    };
    // Appends merged rows to `out` until one of the above.
    State merge(RowBatch& out, size_t rows_max);
    // Where there is no row at all, the last stream.
    uint32_t starved_stream() const { return starved_; }

    // A block whose rows are all merged, to be given back to its stream; false when there is none.
    bool take_used(uint32_t& stream, cpu::PartialRows*& rows);

   private:
    struct Block {
        cpu::PartialRows* rows = nullptr;
        uint32_t next = 0;
    };
    struct Used {
        uint32_t stream;
        cpu::PartialRows* rows;
    };

    bool find_least();
    int compare(uint32_t a, uint32_t b) const;
    void append(uint32_t first, RowBatch& out);
    void step(uint32_t stream);

    const KeyShape key_shape_;
    const cpu::CellLayout layout_;
    const std::vector<uint32_t> rank_;
    std::vector<Fifo<Block>> streams_;
    std::vector<int64_t> complete_end_us_;  // Of each stream.
    std::vector<Used> used_;
    std::vector<uint32_t> equal_;  // The streams whose next rows are the one being merged.
    std::vector<char> cell_;
    std::vector<int128> results_;
    uint32_t starved_ = 0;
};

}  // namespace trommel::hostpath
