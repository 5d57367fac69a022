#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"

#include "net/decode_options.h"

namespace trommel::tools {

// What one core needs for an event, measured with so much memory in use.
struct RatePoint {
    double bytes = 0;
    double ns = 0;
};

// Between the points by the logarithm of the bytes, beyond them the nearest. Not of no point.
double ns_at(const std::vector<RatePoint>& points, double bytes);

// What `trommel plan --calibrate` has measured, in CPU nanoseconds of one core.
struct Calibration {
    std::string machine, commit;
    // An event without ids and keys, once its columns are there: judged, counted in one cell.
    double base_ns = 0;
    double base_unique_ns = 0;  // The same without windows: handed out if unique.
    // What remembering its id takes beyond base_unique_ns, by how ids are remembered: "u64",
    // "u128", "bytes", "verified"; approximate "aged" and "plain".
    struct Ids {
        std::string kind;
        std::vector<RatePoint> points;
    };
    std::vector<Ids> ids;
    std::vector<RatePoint> cell;         // What finding its key's cell takes beyond base_ns,
    std::vector<RatePoint> row;          // and what a row of a closed window does, with its cell.
    double decode_binary_ns = 0;         // An event,
    double decode_json_ns_per_byte = 0;  // a byte. 0: this build has none.
    double decode_csv_ns_per_byte = 0;
    // An event of a job of ids, keys and windows that never changes: how fast the machine was.
    double reference_ns = 0;

    const std::vector<RatePoint>* find(std::string_view kind) const;
};

// The kind of Calibration::ids that a job has; "" without dedup.
std::string_view id_rate_kind(const DedupOptions& dedup);

// The same on a machine that is so many times as fast.
Calibration at_speed(const Calibration& calibration, double speed);

// The median of each figure. Not of none, and all of the same kinds and numbers of points.
Calibration median_of(const std::vector<Calibration>& rounds);

double decode_ns(const Calibration& calibration, net::Format format, double event_bytes);

std::string to_json(const Calibration& calibration);
// What is wrong with the text, or "".
std::string read_calibration(const std::string& text, const std::string& origin,
                             Calibration& calibration);

}  // namespace trommel::tools
