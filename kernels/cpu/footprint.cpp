#include "kernels/cpu/footprint.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/cpu/byte_arena.h"
#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/key_dictionary.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/row_order.h"
#include "kernels/cpu/slab_pool.h"
#include "kernels/cpu/slot_map.h"
#include "kernels/cpu/slot_search.h"
#include "kernels/rules/window.h"

namespace trommel::cpu {
namespace {

constexpr double kSlabBytes = SlabPool::kSlabBytes;
constexpr double kSlabHead = 64;       // What a slab does not hand out.
constexpr double kTableFill = 0.7;     // A SlotTable doubles beyond it,
constexpr double kTableLinesMin = 32;  // and has at least so many lines.
constexpr double kRowsKept = 4096;     // Rows of a window that are sorted without a region.
constexpr double kNodeBytes = sizeof(SlotMap::Node);
constexpr double kWidth = 16;  // Children of a full node.
// Slabs that are begun but not full, of the sizes in use.
constexpr double kSlabsOpen = 8;

// Of blocks of one size, with the share of their slabs that no block has.
double slab_bytes(double blocks, double block_bytes) {
    const double rounded = std::ceil(block_bytes / 8) * 8;
    const double per_slab = std::floor((kSlabBytes - kSlabHead) / rounded);
    return blocks * kSlabBytes / per_slab;
}

// Cells of a job, and the leaves that hold them (slot_map.h).
struct CellShape {
    explicit CellShape(const Config& config) : bytes(CellLayout(config).bytes()) {
        while (width < kWidth && 2 * width * bytes <= SlabPool::kBlockBytesMax) width *= 2;
    }
    double bytes;
    double width = 1;

    // A map of `slots` of which `cells` are there, at random. Leaves begin at full width once a
    // pane was half full; else one grows by 1, 2, 4 and all.
    double map_bytes(double slots, double cells, bool full_width) const {
        if (slots <= 0 || cells <= 0) return 0;
        const double share = std::min(1.0, cells / slots);
        const double leaves = std::ceil(slots / width);
        const double touched = leaves * (1 - std::pow(1 - share, width));
        double sum = 0;
        if (full_width) {
            sum = slab_bytes(touched, width * bytes);
        } else {
            double chance = std::pow(1 - share, width);  // Of a leaf with i cells.
            for (double i = 1; i <= width; ++i) {
                const double more = share >= 1 ? 0 : share / (1 - share);
                chance = share >= 1 ? (i == width ? 1 : 0) : chance * (width - i + 1) / i * more;
                const double block = i <= 2 ? i : i <= 4 ? 4 : width;
                sum += slab_bytes(leaves * chance, std::min(block, width) * bytes);
            }
        }
        return sum + touched * kNodeBytes * kWidth / (kWidth - 1);
    }
};

// The parts of a window: how many panes, and how many unique events each of them gets.
class Panes {
   public:
    Panes(const Config& config, const WindowDemand& demand)
        : shape_(config),
          pane_us_(static_cast<double>(rules::pane_us(config))),
          per_pane_(demand.events_per_us * pane_us_),
          keys_(demand.keys) {
        for (const Window& window : config.windows) {
            if (!rules::is_aligned(window.kind)) continue;
            size_us_ = std::max(size_us_, static_cast<double>(window.size_us));
            const double panes = static_cast<double>(window.size_us) / pane_us_;
            longest_ = std::max(longest_, panes);
            if (window.slide_us < window.size_us) sliding_ = std::max(sliding_, panes);
        }
        // A pane goes with the last window that covers it.
        const int64_t disorder_us = config.time.out_of_order_us.value_or(0) +
                                    config.time.allowed_lateness_us + demand.lag_us;
        open_ = (size_us_ + static_cast<double>(disorder_us)) / pane_us_;
    }

    double seen(double panes) const { return keys_seen(keys_, panes * per_pane_); }
    double open() const { return open_; }
    double cells() const {
        const double whole = std::floor(open_);
        return whole * seen(1) + seen(open_ - whole);
    }
    // Those that a cell holds; keys that are idle have their slots taken by new ones soon.
    double known() const { return seen(open_); }
    double rows_of_longest() const { return seen(longest_); }
    bool are_merged() const { return longest_ > 1; }

    double pane_bytes() const {
        const double whole = std::floor(open_);
        double sum = map(seen(open_ - whole), is_dense(seen(1)));
        for (double pane = 0; pane < whole; ++pane) {
            // While the first windows fill up, what was cleared last before a pane begins is a
            // merged window of the panes before it; else it is another pane.
            const double cleared = are_merged() ? std::max(1.0, pane) : 1;
            sum += map(seen(1), is_dense(seen(cleared)));
        }
        // Leaves that grew a step at a time, in the panes before the first one was closed, leave
        // slabs of the smaller sizes behind: two and a half cells for each leaf of a pane.
        const double younger = are_merged() ? 0 : std::clamp(open_ - 1, 0.0, 1.0);
        const double leaves = slots() / shape_.width;
        return sum + younger * slab_bytes(leaves * 2.5, shape_.bytes);
    }
    // Ranges of 2^k panes that are combined for sliding windows and used again (pane_tree.h): those
    // whose cells are at most half as many as what they are combined from. Beside them stands, for
    // a moment, what is being combined in vain, until it is more than half of that; later the
    // window that is being closed, unless one of the ranges is all of it.
    double combined_bytes() const {
        double kept = 0, in_vain = 0, visited = std::round(seen(1));
        bool is_whole = false;
        for (double panes = 2; panes <= sliding_; panes *= 2) {
            visited *= 2;
            const double cells = std::round(seen(panes));
            if (2 * cells > visited) {
                in_vain = std::max(in_vain, map(visited / 2, true));
                continue;
            }
            visited = cells;
            is_whole = panes == longest_;
            kept += std::floor(sliding_ / panes) * map(cells, true);
        }
        const bool is_merged = are_merged() && !is_whole;
        return kept + std::max(in_vain, is_merged ? map(rows_of_longest(), false) : 0);
    }
    double shortcut_bytes() const {
        return seen(1) >= slots() / 32 ? 4 * (slots() / shape_.width + 1) : 0;
    }

   private:
    double slots() const { return known(); }
    // Does a map of so many cells make the next one begin its leaves at full width?
    bool is_dense(double cells) const {
        const double share = std::min(1.0, cells / std::max(1.0, slots()));
        const double touched = 1 - std::pow(1 - share, shape_.width);
        return touched > 0 && share / touched >= 0.5;
    }
    double map(double cells, bool full_width) const {
        return shape_.map_bytes(slots(), cells, full_width);
    }

    const CellShape shape_;
    const double pane_us_, per_pane_, keys_;
    double size_us_ = 0, longest_ = 1, sliding_ = 0, open_ = 0;
};

double slot_table_bytes(double keys) {
    double lines = kTableLinesMin;
    while (keys > lines * SlotLine::kEntries * kTableFill) lines *= 2;
    return static_cast<double>(region_bytes(lines * sizeof(SlotLine)));
}

// Blocks of the sizes that texts are kept in (key_dictionary.cpp), by their mean length.
double text_bytes(double keys, double bytes) {
    constexpr std::array<double, 15> kSizes = {8,   16,  24,  32,  48,   64,   96,  128,
                                               192, 256, 384, 512, 1024, 1536, 2048};
    if (bytes > kSizes.back()) return slab_bytes(keys * std::ceil(bytes / 2040), 2048);
    return slab_bytes(keys, *std::lower_bound(kSizes.begin(), kSizes.end(), bytes));
}

}  // namespace

double keys_seen(double keys, double events) {
    if (keys <= 0 || events <= 0) return 0;
    return -keys * std::expm1(-events / keys);
}

uint64_t region_bytes(double bytes) {
    const auto whole = static_cast<uint64_t>(std::ceil(std::min(std::max(bytes, 0.0), 0x1p62)));
    const uint64_t unit = whole <= kHugePageBytes ? kPageBytes : kHugePageBytes;
    return (whole + unit - 1) / unit * unit;
}

uint64_t exact_ids_bytes(IdKind kind, double ids, uint32_t groups, double id_text_bytes) {
    // exact_table_bytes() adds the smallest table to what the ids take; the one contains the other.
    const auto count = static_cast<uint64_t>(std::min(std::max(ids, 0.0), 0x1p56));
    const auto filled =
        static_cast<double>(exact_table_bytes(kind, count) - exact_table_bytes(kind, 0));
    uint64_t bytes = region_bytes(std::max(filled, static_cast<double>(groups * kPageBytes)));
    if (kind == IdKind::verified) {
        // One segment is open, and one holds the last of the oldest tick.
        const double segments = std::ceil(ids * (id_text_bytes + sizeof(uint32_t)) /
                                          static_cast<double>(ByteArena::kSegmentBytes)) +
                                2;
        bytes += region_bytes(segments * static_cast<double>(ByteArena::kSegmentBytes));
    }
    return bytes;
}

WindowFootprint window_footprint(const Config& config, const WindowDemand& demand) {
    WindowFootprint footprint;
    if (rules::pane_us(config) == 0 || demand.events_per_us <= 0) return footprint;
    WindowDemand of_keys = demand;
    const KeyShape shape = key_shape(config);
    if (shape == KeyShape::none) of_keys.keys = 1;
    const Panes panes(config, of_keys);
    const double known = std::max(1.0, panes.known());
    footprint.keys = known;
    footprint.panes = panes.open();
    footprint.cells = panes.cells();

    double columns = static_cast<double>(region_bytes(known * 8) + region_bytes(known * 4));
    double blocks = panes.pane_bytes() + panes.combined_bytes() + kSlabsOpen * kSlabBytes;
    if (shape == KeyShape::encoded) {
        columns += static_cast<double>(region_bytes(known * 8));
        blocks += text_bytes(known, demand.key_bytes);
    }
    if (shape != KeyShape::none) columns += slot_table_bytes(known);
    columns += static_cast<double>(region_bytes(panes.shortcut_bytes()));
    footprint.key_bytes = static_cast<uint64_t>(columns);
    footprint.cell_bytes = region_bytes(blocks);
    const double rows = panes.rows_of_longest();
    if (rows > kRowsKept) footprint.closing_bytes = region_bytes(rows * 2 * sizeof(RowOrder::Row));
    return footprint;
}

}  // namespace trommel::cpu
