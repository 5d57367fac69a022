#pragma once
#include <cstdint>

#include "trommel/config.h"

#include "kernels/cpu/exact_table.h"

// What the stores of a shard will have committed for a stream that is described by a few numbers:
// the arithmetic behind capacity planning. It knows how each store grows (pages, families, tables
// that double, leaves of sixteen cells), and footprint_test.cpp holds it against the stores
// themselves. Pure functions.
namespace trommel::cpu {

// What a Region commits for `bytes`: 4 KiB pages up to 2 MiB, then whole huge pages.
uint64_t region_bytes(double bytes);

// An exact table of `ids` live ids at its fullest in `groups` of the 256 hash groups.
// `id_text_bytes` is the mean length of an id that is kept itself (IdKind::verified), else not
// used.
uint64_t exact_ids_bytes(IdKind kind, double ids, uint32_t groups, double id_text_bytes);

// The events that one shard adds to its windows: unique ones, evenly spread over the keys. That is
// the worst case: the more uneven keys are, the fewer of them have an event in a pane.
struct WindowDemand {
    double events_per_us = 0;  // Event time.
    double keys = 1;           // Different ones, of an evenly drawn event.
    double key_bytes = 0;      // Mean length of a key's text; integer keys: not used.
    int64_t lag_us = 0;        // How much later than the watermark says a window closes: a batch.
};
struct WindowFootprint {
    double keys = 0;             // Known at once,
    double panes = 0;            // open at once,
    double cells = 0;            // and cells of these panes, when there are most of them.
    uint64_t key_bytes = 0;      // Table and columns of keys.
    uint64_t cell_bytes = 0;     // Panes, and what is combined of them for sliding windows; texts.
    uint64_t closing_bytes = 0;  // To sort the rows of a closing window.
    uint64_t bytes() const { return key_bytes + cell_bytes + closing_bytes; }
};
// Tumbling and sliding windows, in their steady state. Sessions do not count.
WindowFootprint window_footprint(const Config& config, const WindowDemand& demand);

// How many of `keys` equally likely keys have at least one of `events` events.
double keys_seen(double keys, double events);

}  // namespace trommel::cpu
