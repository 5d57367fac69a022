#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "trommel/config.h"
#include "trommel/int128.h"

#include "kernels/rules/divide.h"
#include "kernels/rules/host_device.h"
#include "kernels/rules/partition.h"

// The blocked Bloom filter of approximate mode (contract D5); essay: kernels/cpu/block_filter.md.
//
// A line is 64 bytes: eight 64-bit words of cells. An id belongs to one line and to one cell in
// each of its words. There are two forms:
//
// aged, for a finite horizon: sixteen 4-bit cells in a word. A cell holds the stamp of a slice of
// event time, half a horizon long; 0 is empty. An event of slice s is a duplicate iff all eight
// cells hold slice s-2 or a later one.
//
// plain, for `forever`: sixty-four 1-bit cells in a word. An event is a duplicate iff all eight are
// set.
namespace trommel::rules {

inline constexpr uint32_t kFilterLineBytes = 64;
inline constexpr uint32_t kFilterWords = 8;        // Of a line.
inline constexpr uint32_t kFilterAgedCells = 16;   // Of a word.
inline constexpr uint32_t kFilterPlainCells = 64;  // Of a word.
inline constexpr uint32_t kFilterStamps = 15;      // Slice s has the stamp 1 + s mod 15.
inline constexpr uint32_t kFilterLook = 2;  // How many slices before its own an event looks at.
// Slices that can be told apart at one time: the floor, the oldest one that can still matter, and
// the ten after it. The other four stamps are dead: cells that hold them wait for the sweep.
inline constexpr uint32_t kFilterSlots = 11;
inline constexpr uint32_t kFilterSweepSlices =
    kFilterStamps - kFilterSlots;  // Every line once in four.
inline constexpr int64_t kFilterAnchorSlices =
    5;  // Floor below the first event while nothing is known.

// --- Where an id lives
// -------------------------------------------------------------------------------
//
//   63..56 group    as in partition.h; every group has the same number of lines
//   55..24 line     of the group, by multiply and shift, so that any number of lines will do
//   a second multiply makes fresh bits, for the cell in each of the eight words: 32 for the aged
//   form, 4 for each; 48 for the plain one, 6 for each
//
// Group and line are disjoint bits of the hash. The fresh bits are a function of the same hash:
// what makes them differ within a line are the 56 - log2(lines_per_group) bits that the line leaves
// open. Those are more than the error rate can tell from independent bits (block_filter.md).

// group * lines_per_group + (line bits * lines_per_group >> 32), in one multiplication.
TROMMEL_HD constexpr uint64_t filter_line_of(uint64_t hash, uint64_t lines_per_group) {
    return static_cast<uint64_t>(static_cast<uint128>(hash >> 24) * lines_per_group >> 32);
}
TROMMEL_HD constexpr uint32_t filter_cells_of(uint64_t hash) {
    return static_cast<uint32_t>(hash * 0x9e3779b97f4a7c15u >> 32);
}
TROMMEL_HD constexpr uint64_t filter_bits_of(uint64_t hash) {
    return hash * 0x9e3779b97f4a7c15u >> 16;
}

static_assert(filter_line_of(0, 7) == 0 && filter_line_of(~uint64_t{0}, 7) == 256 * 7 - 1);
static_assert(filter_line_of(uint64_t{3} << 56, 1) == 3);
static_assert(filter_line_of(uint64_t{0x0380000000} << 24, 10) == 3 * 10 + 5);
static_assert(filter_line_of(~uint64_t{0}, uint64_t{1} << 32) == (uint64_t{1} << 40) - 1);

// --- Slices, stamps and ages
// --------------------------------------------------------------------------

// Half a horizon, rounded up; 0: forever, when every time is in slice 0.
TROMMEL_HD constexpr int64_t filter_slice_us(int64_t horizon_us) {
    return horizon_us == kForeverUs ? 0 : horizon_us / 2 + horizon_us % 2;
}
TROMMEL_HD constexpr int64_t filter_slice_of(int64_t time_us, int64_t slice_us) {
    return slice_us == 0 ? 0 : floor_div(time_us, slice_us);
}

// The oldest slice that an on-time event could still look at (contract D3): `lag_us` is the allowed
// lateness plus the pane. Precondition: the watermark is neither unknown nor the end of input.
TROMMEL_HD constexpr int64_t filter_floor(int64_t watermark_us, int64_t lag_us, int64_t slice_us) {
    return filter_slice_of(watermark_us - lag_us, slice_us) - int64_t{kFilterLook};
}

// The newest time that fits under that floor: events up to here are judged, later ones are `full`
// (D6). At least three horizons ahead of the watermark, since a horizon is never shorter than the
// disorder.
TROMMEL_HD constexpr int64_t filter_newest_us(int64_t watermark_us, int64_t lag_us,
                                              int64_t slice_us) {
    if (slice_us == 0) return INT64_MAX;
    const int64_t floor = filter_floor(watermark_us, lag_us, slice_us);
    return (floor + int64_t{kFilterSlots}) * slice_us - 1;
}

TROMMEL_HD constexpr uint32_t filter_stamp(int64_t slice) {
    const int64_t rest = slice % int64_t{kFilterStamps};
    return static_cast<uint32_t>(1 + (rest < 0 ? rest + int64_t{kFilterStamps} : rest));
}

// The set of the stamps of slices first..last, as bits 1 to 15. At most 15 slices.
TROMMEL_HD constexpr uint32_t filter_stamp_set(int64_t first, int64_t last) {
    uint32_t set = 0;
    for (int64_t slice = first; slice <= last; ++slice) set |= 1u << filter_stamp(slice);
    return set;
}

// What an event of one slice needs to know, as sets of stamps: no arithmetic on stamps in the hot
// loop.
struct FilterAge {
    uint64_t fresh = 0;  // A cell that holds one of these is seen.
    uint64_t older = 0;  // A cell that holds one of these is overwritten when the event is new.
    uint64_t stamp = 0;
};

TROMMEL_HD constexpr FilterAge filter_age(int64_t floor, uint32_t slot) {
    const int64_t slice = floor + int64_t{slot};
    const int64_t newest = floor + int64_t{kFilterSlots} - 1;
    const int64_t oldest = slot < kFilterLook ? floor : slice - int64_t{kFilterLook};
    return {filter_stamp_set(oldest, newest), 0xffffu & ~filter_stamp_set(slice, newest),
            filter_stamp(slice)};
}

// Judges one event at its line: true iff it is new. A new one raises its cells to its own slice; a
// duplicate leaves no trace.
TROMMEL_HD constexpr bool filter_judge(uint64_t* line, uint32_t cells, const FilterAge& age) {
    uint64_t seen = 1;
    for (uint32_t w = 0; w < kFilterWords; ++w) {
        const uint32_t shift = (cells >> 4 * w & 15) * 4;
        seen &= age.fresh >> (line[w] >> shift & 15);
    }
    if (seen != 0) return false;
    for (uint32_t w = 0; w < kFilterWords; ++w) {
        const uint32_t shift = (cells >> 4 * w & 15) * 4;
        const uint64_t held = line[w] >> shift & 15;
        const uint64_t change = (held ^ age.stamp) & (0 - (age.older >> held & 1));
        line[w] ^= change << shift;
    }
    return true;
}

// The same in the plain form. With a `keep` of zero instead of all ones, a new event leaves no
// trace either.
TROMMEL_HD constexpr bool filter_judge_plain(uint64_t* line, uint64_t bits, uint64_t keep) {
    uint64_t seen = 1;
    for (uint32_t w = 0; w < kFilterWords; ++w) {
        const uint32_t shift = bits >> 6 * w & 63;
        seen &= line[w] >> shift;
        line[w] |= (uint64_t{1} << shift) & keep;
    }
    return seen == 0;
}

// An id is new until it is remembered; cell 63 of a word is not cell 0.
static_assert([] {
    uint64_t line[kFilterWords] = {};
    const bool looked_up = filter_judge_plain(line, 0, 0);
    const bool remembered = filter_judge_plain(line, 0, ~uint64_t{0});
    return looked_up && remembered && !filter_judge_plain(line, 0, 0) &&
           filter_judge_plain(line, 63, 0);
}());
static_assert(filter_slice_us(1) == 1 && filter_slice_us(7) == 4 && filter_slice_us(8) == 4);
static_assert(filter_slice_of(-1, 4) == -1 && filter_slice_of(3, 4) == 0 &&
              filter_slice_of(3, 0) == 0);
static_assert(filter_floor(100, 7, 10) == 7 && filter_floor(-1, 0, 10) == -3);
static_assert(filter_newest_us(100, 7, 10) == 179 && filter_slice_of(179, 10) == 7 + 10);
static_assert(filter_stamp(0) == 1 && filter_stamp(14) == 15 && filter_stamp(15) == 1);
static_assert(filter_stamp(-1) == 15 && filter_stamp(-15) == 1 && filter_stamp(-16) == 15);
static_assert(filter_stamp_set(0, 14) == 0xfffe && filter_stamp_set(1, 0) == 0);
static_assert(filter_age(0, 0).fresh == 0x0ffe && filter_age(0, 0).older == 0xf001);
static_assert(filter_age(0, 5).fresh == 0x0ff0 && filter_age(0, 5).older == 0xf03f);

// --- Room (contract D6)
// -------------------------------------------------------------------------------
//
// `ids`: how many are remembered, by slot, kFilterSlots of them. An event that is new is remembered
// while fewer than ids_max are in its view.

// Those that an event of this slot looks at.
TROMMEL_HD constexpr uint64_t filter_view(const uint64_t* ids, uint32_t slot) {
    uint64_t view = 0;
    for (uint32_t s = slot < kFilterLook ? 0 : slot - kFilterLook; s < kFilterSlots; ++s) {
        view += ids[s];
    }
    return view;
}

// OnFull::forget: how many of the oldest slots go for `events` that found no room, and may be as
// many ids. Never the newest of their slots, whatever that holds. 0: nothing is gained.
TROMMEL_HD constexpr uint32_t filter_slots_to_forget(const uint64_t* ids, uint64_t ids_max,
                                                     uint64_t events, uint32_t newest_slot) {
    const uint64_t live = filter_view(ids, 0);
    uint64_t left = live;
    uint32_t slots = 0;
    while (slots < newest_slot && left + events > ids_max) left -= ids[slots++];
    return left < live ? slots : 0;
}

static_assert([] {
    constexpr uint64_t ids[kFilterSlots] = {4, 0, 3, 2, 0, 0, 0, 0, 0, 0, 1};
    return filter_view(ids, 0) == 10 && filter_view(ids, 2) == 10 && filter_view(ids, 3) == 6 &&
           filter_view(ids, 10) == 1 && filter_slots_to_forget(ids, 10, 1, 5) == 1 &&
           filter_slots_to_forget(ids, 10, 5, 5) == 3 &&
           filter_slots_to_forget(ids, 10, 5, 2) == 2 &&
           filter_slots_to_forget(ids, 10, 1, 0) == 0 && filter_slots_to_forget(ids, 11, 1, 5) == 0;
}());

// --- Size
// ---------------------------------------------------------------------------------------------

// How many cells a word has in the form that a horizon needs.
constexpr uint32_t filter_cells(int64_t horizon_us) {
    return horizon_us == kForeverUs ? kFilterPlainCells : kFilterAgedCells;
}

// The share of new ids called duplicates when every line holds `ids_per_line` ids on average: how
// many one line holds is Poisson, and i ids leave one of c cells empty with probability (1-1/c)^i.
inline double filter_error(double ids_per_line, uint32_t cells) {
    const double enough = ids_per_line + 12 * std::sqrt(ids_per_line) + 40;
    double share = std::exp(-ids_per_line);  // Of lines with i ids.
    double empty = 1;                        // (1-1/c)^i
    double sum = 0;
    for (double i = 1; i <= enough; ++i) {
        share *= ids_per_line / i;
        empty *= (cells - 1.0) / cells;
        sum += share * std::pow(1 - empty, kFilterWords);
    }
    return sum;
}
inline double filter_error(uint64_t lines, uint64_t ids, uint32_t cells) {
    return filter_error(static_cast<double>(ids) / static_cast<double>(lines), cells);
}

// The load at which filter_error() reaches `error_rate` (at most 0.5), in remembered ids per line.
// Fewer are remembered than came: an id that is taken for a duplicate is not.
inline double filter_ids_per_line(double error_rate, uint32_t cells) {
    double low = 0, high = 4.0 * cells;  // filter_error(4 * cells, cells) is above 0.8.
    for (int step = 0; step < 80; ++step) {
        const double middle = (low + high) / 2;
        (filter_error(middle, cells) < error_rate ? low : high) = middle;
    }
    constexpr int kSteps = 256;  // The integral of filter_error() from 0 on, by midpoints.
    double mistaken = 0;
    for (int step = 0; step < kSteps; ++step)
        mistaken += filter_error(low * (step + 0.5) / kSteps, cells);
    return low * (1 - mistaken / kSteps);
}

// What a job asks of its filter.
struct FilterDemand {
    double error_rate = 1e-3;  // (0, 0.5]
    uint64_t capacity = 1;     // Ids within one and a half horizons, the span that is remembered.
    int64_t horizon_us = kForeverUs;
    int64_t out_of_order_us = 0;
    int64_t lag_us = 0;  // Allowed lateness plus the pane of the lateness rule.
};

// What every shard of a job agrees on. Independent of the number of shards, and so are the answers.
struct FilterGeometry {
    uint64_t lines_per_group = 1;
    uint64_t ids_max = 1;  // Ids that an event may have in view while error_rate holds.
    int64_t horizon_us = kForeverUs;
    int64_t lag_us = 0;
};

// An event at the back of the disorder has more in view than one and a half horizons: also the ids
// that are newer than itself, up to out_of_order + lateness + pane. The capacity is scaled by that.
// (Partitions that drift apart add their drift; ids_max then says when the rate no longer holds.)
inline uint64_t filter_ids_in_view(const FilterDemand& demand) {
    if (demand.horizon_us == kForeverUs) return demand.capacity;
    const double span = 3.0 * static_cast<double>(filter_slice_us(demand.horizon_us));
    const double disorder =
        static_cast<double>(demand.out_of_order_us) + static_cast<double>(demand.lag_us);
    const double ids = std::ceil(static_cast<double>(demand.capacity) * (span + disorder) / span);
    return ids < 0x1p63 ? std::max(demand.capacity, static_cast<uint64_t>(ids)) : uint64_t{1} << 63;
}

inline FilterGeometry filter_geometry(const FilterDemand& demand) {
    const uint64_t ids = filter_ids_in_view(demand);
    const uint32_t cells = filter_cells(demand.horizon_us);
    const double lines = static_cast<double>(ids) / filter_ids_per_line(demand.error_rate, cells);
    // 2^40 lines are 64 TiB: creation fails for want of memory long before the bits of a line run
    // out.
    const double lines_per_group = std::clamp(std::ceil(lines / kGroups), 1.0, 0x1p32);
    return {static_cast<uint64_t>(lines_per_group), ids, demand.horizon_us, demand.lag_us};
}

// Of the groups [begin, end); of all shards together for 0 and kGroups.
inline uint64_t filter_bytes(const FilterGeometry& geometry, uint32_t group_begin = 0,
                             uint32_t group_end = kGroups) {
    return (group_end - group_begin) * geometry.lines_per_group * kFilterLineBytes;
}

// False positives lose events. This is the number to print.
constexpr double filter_lost_per_day(double error_rate, double unique_per_day) {
    return error_rate * unique_per_day;
}

}  // namespace trommel::rules
