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
// the contract's order, into one. A stream hands over blocks and, after those of a batch, says that
// it is done with it; rows of a batch come out once every stream has a row to compare or is done.
// One thread.
class RowMerger {
   public:
    RowMerger(const Config& config, uint32_t streams);

    void offer(uint32_t stream, cpu::PartialRows* rows);
    void offer_done(uint32_t stream);

    enum class State : uint8_t {
        starved,  // A stream has neither a row nor is it done: its number is in starved_stream().
        full,     // `out` holds `rows_max` rows, or as many bytes of keys as a block may.
        done,     // Every stream is done with the batch; the next call begins the next batch.
    };
    // Appends merged rows to `out` until one of the above.
    State merge(RowBatch& out, size_t rows_max);
    uint32_t starved_stream() const { return starved_; }

    // A block whose rows are all merged, to be given back to its stream; false when there is none.
    bool take_used(uint32_t& stream, cpu::PartialRows*& rows);

   private:
    struct Block {
        cpu::PartialRows* rows = nullptr;  // Null: done with the batch.
        uint32_t next = 0;
    };
    struct Used {
        uint32_t stream;
        cpu::PartialRows* rows;
    };

    bool has_row(uint32_t stream) const { return streams_[stream].front().rows != nullptr; }
    int compare(uint32_t a, uint32_t b) const;
    void append(uint32_t first, RowBatch& out);
    void step(uint32_t stream);

    const KeyShape key_shape_;
    const cpu::CellLayout layout_;
    const std::vector<uint32_t> rank_;
    std::vector<Fifo<Block>> streams_;
    std::vector<Used> used_;
    std::vector<uint32_t> equal_;  // The streams whose next rows are the one being merged.
    std::vector<char> cell_;
    std::vector<int128> results_;
    uint32_t starved_ = 0;
};

}  // namespace trommel::hostpath
