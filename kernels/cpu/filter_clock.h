#pragma once
#include <algorithm>
#include <cstdint>

#include "trommel/int128.h"

#include "kernels/rules/assert.h"
#include "kernels/rules/filter.h"
#include "kernels/rules/lateness.h"

namespace trommel::cpu {

// Where a filter stands in time, and which of its lines must be swept when. The same for a filter
// of the CPU and of a device; `Lines`, which both functions take, has the memory:
//   clear()                      empties all lines
//   sweep(line, count, keep)     empties every cell of these lines whose stamp is not in `keep`
//   drop_slots(count)            forgets how many ids the oldest `count` slots have
// Nothing of it is for a filter that remembers forever.
class FilterClock {
   public:
    FilterClock(const rules::FilterGeometry& geometry, uint64_t lines)
        : slice_us_(rules::filter_slice_us(geometry.horizon_us)),
          lag_us_(geometry.lag_us),
          lines_(lines) {}

    // As IdMemory::advance(). True when the floor has moved.
    template <class Lines>
    bool advance(int64_t watermark_us, int64_t time_us, Lines& lines) {
        if (watermark_us == rules::kUnknownUs || watermark_us == rules::kEndOfInputUs) {
            // Nothing is due while any time may come: who forgets then forgets the whole horizon.
            const int64_t floor =
                rules::filter_slice_of(time_us, slice_us_) - rules::kFilterAnchorSlices;
            return start_at(floor, floor - int64_t{rules::kFilterLook});
        }
        const int64_t floor = rules::filter_floor(watermark_us, lag_us_, slice_us_);
        bool has_moved = start_at(floor, floor);
        due_floor_ = std::max(due_floor_, floor);
        if (floor < floor_) return has_moved;
        if (floor > floor_) {
            move_floor(floor, lines);
            has_moved = true;
        }
        const int64_t slice_begin_us = (floor + int64_t{rules::kFilterLook}) * slice_us_;
        sweep_quarter(watermark_us - lag_us_ - slice_begin_us, lines);
        return has_moved;
    }

    // A cell dies when the floor passes its slice, and its stamp means another slice again once the
    // floor has moved on by five. While the floor stands at slice f, the lines of quarter f mod 4
    // are swept, and the floor waits for that: so every line is swept at every fourth floor,
    // exactly.
    template <class Lines>
    void move_floor(int64_t floor, Lines& lines) {
        const int64_t distance = floor - floor_;
        if (distance >= int64_t{rules::kFilterSlots}) {
            lines.clear();
            lines.drop_slots(rules::kFilterSlots);
        } else if (distance >= int64_t{rules::kFilterSweepSlices}) {
            lines.sweep(0, lines_, rules::filter_stamp_set(floor, newest()));
            lines.drop_slots(static_cast<uint32_t>(distance));
        } else {
            for (int64_t step = 0; step < distance; ++step) {
                sweep_quarter(slice_us_, lines);
                lines.drop_slots(1);
                ++floor_;
                quarter_swept_ = 0;
            }
        }
        floor_ = floor;
        quarter_swept_ = 0;
    }

    bool has_started() const { return started_; }
    int64_t floor() const { return floor_; }          // Slice.
    int64_t due_floor() const { return due_floor_; }  // Where the watermark alone would have it.
    int64_t slice_us() const { return slice_us_; }    // 0: forever.

   private:
    int64_t newest() const { return floor_ + int64_t{rules::kFilterSlots} - 1; }

    bool start_at(int64_t floor, int64_t due_floor) {
        if (started_) return false;
        started_ = true;
        floor_ = floor;
        due_floor_ = due_floor;
        return true;
    }

    // Sweeps as much of the present quarter as `progress_us` is of a slice.
    template <class Lines>
    void sweep_quarter(int64_t progress_us, Lines& lines) {
        TROMMEL_ASSERT(progress_us >= 0);
        TROMMEL_ASSERT(progress_us <= slice_us_);
        const auto quarter = static_cast<uint64_t>(floor_ & int64_t{rules::kFilterSweepSlices - 1});
        const uint64_t begin = lines_ * quarter / rules::kFilterSweepSlices;
        const uint64_t count = lines_ * (quarter + 1) / rules::kFilterSweepSlices - begin;
        const auto due =
            static_cast<uint64_t>(static_cast<uint128>(count) * static_cast<uint64_t>(progress_us) /
                                  static_cast<uint64_t>(slice_us_));
        if (due <= quarter_swept_) return;
        lines.sweep(begin + quarter_swept_, due - quarter_swept_,
                    rules::filter_stamp_set(floor_, newest()));
        quarter_swept_ = due;
    }

    const int64_t slice_us_;
    const int64_t lag_us_;
    const uint64_t lines_;
    bool started_ = false;
    int64_t floor_ = 0;
    int64_t due_floor_ = 0;
    uint64_t quarter_swept_ =
        0;  // Lines of quarter floor_ mod 4 that have been swept under floor_.
};

}  // namespace trommel::cpu
