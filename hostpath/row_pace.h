#pragma once
#include <algorithm>
#include <cstdint>

#include "hostpath/batch.h"
#include "kernels/cpu/backend.h"

namespace trommel::hostpath {

// How closing windows share a shard's thread with the batches. Work is counted in cells that are
// looked at, moved or freed; a row takes kWorkPerRow from the pane to its block.
//
// A batch is judged first, and then as many rows leave as keep up with it: in `work_per_event` a
// window of ten events per key is handed out while the first third of the next one comes in. Each
// further window that is final doubles, triples, … that. While no batch is there they leave piece
// by piece.
//
// A window that is still there when the next of its kind becomes final has rows that are not wanted
// as fast as they come: by the sink, or by a slower shard. Then they leave before the next batch is
// judged, so that the input waits for the output and the panes that are held do not add up.
struct RowPace {
    static constexpr int64_t kWorkPerRow = 6;  // About.

    int64_t work_per_piece = 2048;  // Some 50 microseconds, and the least per batch.
    int64_t work_per_event = 2;
    uint32_t windows_waiting_max = 2;  // At so many the rows leave first.

    static RowPace of(const Config& config) {
        RowPace pace;
        pace.windows_waiting_max *= std::max(1u, static_cast<uint32_t>(config.windows.size()));
        return pace;
    }

    int64_t work_after(const cpu::Backend& shard, const Batch& batch) const {
        const int64_t work = std::max(work_per_piece, batch.records.count * work_per_event);
        return work * std::max(1u, shard.windows_waiting(windows_waiting_max));
    }
    // Do rows have to leave before the shard is given its rows of the batch? When too many windows
    // wait, at the end of the input, and where their memory might be wanted: nothing is refused
    // because rows had not left yet.
    bool rows_first(const cpu::Backend& shard, const Batch& batch, uint32_t index) const {
        if (batch.last) return shard.has_rows();
        const uint32_t begin = batch.shard_begin[index], end = batch.shard_begin[index + 1];
        if (begin == end || !(shard.is_closing() || shard.is_behind())) return false;
        return shard.windows_waiting(windows_waiting_max) == windows_waiting_max ||
               !shard.has_room(batch.records, batch.order.data() + begin, end - begin);
    }
};

}  // namespace trommel::hostpath
