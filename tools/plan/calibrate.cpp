#include "tools/plan/calibrate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "bench/kit/machine.h"
#include "bench/kit/measure.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/footprint.h"
#include "tools/plan/trial.h"

namespace trommel::tools {
namespace {

constexpr double kDuplicates = 0.05;
constexpr int64_t kStepUs = 1;
constexpr uint64_t kQuickShare = 64;  // Of the full size.
constexpr double kMega = 1e6;
constexpr uint64_t kEvents = 4'000'000;
constexpr uint32_t kSlices = 9;
constexpr uint32_t kRounds = 3;
constexpr uint64_t kShortWindow = 8'192, kLongWindow = 10'000'000;

// What every measurement has: one window without a key that never closes before the end.
Config base_config() {
    Config config;
    config.dedup.mode = DedupMode::off;
    config.dedup.id_type = IdType::u64;
    config.time.out_of_order_us = 0;
    config.values = {{"v", 0}};
    config.aggregates = {{"n", AggregateKind::count, 0, 0}};
    config.windows = {{"w", WindowKind::tumbling, kTimeLimitUs / 2, kTimeLimitUs / 2, 0}};
    config.engine.seed = 1;
    config.engine.memory_bytes = uint64_t{8} << 30;  // Address space; pages as they are needed.
    return config;
}

void without_windows(Config& config) {
    config.windows.clear();
    config.output = Output::unique;
}

PlanStreamOptions base_stream(uint64_t warm, uint64_t timed) {
    PlanStreamOptions stream;
    stream.step_ns = 1000.0 * kStepUs;
    stream.duplicate_share = kDuplicates;
    stream.warm = warm;
    stream.slices = kSlices;
    stream.events = warm + timed;
    return stream;
}

uint64_t share_of(CalibrationScale scale) {
    return scale == CalibrationScale::full ? 1 : kQuickShare;
}

uint64_t scaled(uint64_t count, uint64_t share) {
    return std::max<uint64_t>(count / share, 256);
}

Status take(const Trial& trial, TrialResult& result) {
    result = run_trial(trial);
    if (!result.status.ok()) return result.status;
    if (result.report.ledger[Verdict::refused] > 0) {
        return Status::error(Code::internal, "a calibration run found no room for its events");
    }
    return {};
}

// Ids that expire, beyond every cache, and windows of keys within. (Of a quarter of the ids, the
// table just fits into a cache that others have a part of: its speed changed by more than that of
// the jobs that were to be told of.)
Status measure_reference_once(uint64_t share, double& ns) {
    const uint64_t live = scaled(uint64_t{1} << 22, share), keys = scaled(1'000, share);
    const uint64_t window = 64 * keys;
    Trial trial{base_config(), base_stream(live * 11 / 5, 25 * window), 0, 0};
    trial.stream.slices = 5;
    trial.stream.reach = live / 2;
    trial.stream.keys = keys;
    trial.config.dedup.mode = DedupMode::exact;
    trial.config.dedup.horizon_us = static_cast<int64_t>(live) * kStepUs;
    trial.config.key = {{"k", FieldType::integer}};
    trial.config.aggregates.push_back({"s", AggregateKind::sum, 0, 0});
    const auto size_us = static_cast<int64_t>(window) * kStepUs;
    trial.config.windows = {{"w", WindowKind::tumbling, size_us, size_us, 0}};
    TrialResult result;
    if (Status status = take(trial, result); !status.ok()) return status;
    ns = result.timed.others_ns;
    return {};
}

struct IdKindOf {
    const char* kind;
    DedupMode mode;
    IdType type;
    bool verify, forever;
};
constexpr std::array<IdKindOf, 6> kIdKinds{
    {{"u64", DedupMode::exact, IdType::u64, false, false},
     {"u128", DedupMode::exact, IdType::u128, false, false},
     {"bytes", DedupMode::exact, IdType::bytes, false, false},
     {"verified", DedupMode::exact, IdType::bytes, true, false},
     {"aged", DedupMode::approximate, IdType::u64, false, false},
     {"plain", DedupMode::approximate, IdType::u64, false, true}}};

class Calibrator {
   public:
    Calibrator(CalibrationScale scale, const std::function<void(const std::string&)>& tell,
               Calibration& out)
        : share_(share_of(scale)), tell_(tell), out_(out) {}

    Status run() {
        out_ = {};
        out_.machine = bench::describe_machine();
        out_.commit = TROMMEL_COMMIT;
        if (Status status = measure_base(); !status.ok()) return status;
        for (const IdKindOf& kind : kIdKinds) {
            if (Status status = measure_ids(kind); !status.ok()) return status;
        }
        for (const uint64_t keys : {uint64_t{1'000}, uint64_t{50'000}, uint64_t{1'000'000}}) {
            if (Status status = measure_keys(scaled(keys)); !status.ok()) return status;
        }
        if (Status status = measure_decoders(); !status.ok()) return status;
        return measure_reference_once(share_, out_.reference_ns);
    }

   private:
    uint64_t scaled(uint64_t count) const { return tools::scaled(count, share_); }

    Status measure_base() {
        tell_("events without ids and keys");
        Trial trial{base_config(), base_stream(scaled(kEvents), scaled(kEvents)), 0, 0};
        TrialResult result;
        if (Status status = take(trial, result); !status.ok()) return status;
        out_.base_ns = result.timed.others_ns;
        without_windows(trial.config);
        if (Status status = take(trial, result); !status.ok()) return status;
        out_.base_unique_ns = result.timed.others_ns;
        return {};
    }

    // In steady state: as many ids come as expire; of a filter for ever, until it is full.
    Status measure_ids(const IdKindOf& kind) {
        Calibration::Ids& measured = out_.ids.emplace_back();
        measured.kind = kind.kind;
        for (const uint64_t size : {uint64_t{1} << 16, uint64_t{1} << 19, uint64_t{1} << 22}) {
            const uint64_t live = scaled(size);
            tell_(std::string("ids ") + kind.kind + ", " + std::to_string(live) + " live");
            const auto span = static_cast<uint64_t>(static_cast<double>(live) / (1 - kDuplicates));
            const uint64_t timed = std::max(span / 2, scaled(kEvents) / 2);
            const uint64_t warm = kind.forever ? span / 2 : span * 11 / 5;
            Trial trial{base_config(), base_stream(warm, kind.forever ? span / 2 : timed), 0, 0};
            trial.stream.reach = std::max<uint64_t>(live / 2, 1);
            DedupOptions& dedup = trial.config.dedup;
            dedup.mode = kind.mode;
            dedup.id_type = kind.type;
            dedup.verify = kind.verify;
            dedup.horizon_us = kind.forever ? kForeverUs : static_cast<int64_t>(span) * kStepUs;
            dedup.capacity = 2 * live + 2 * trial.config.engine.batch_records;
            without_windows(trial.config);
            TrialResult result;
            if (Status status = take(trial, result); !status.ok()) return status;
            const auto bytes = static_cast<double>(result.report.shards[0].id_bytes);
            const double ns = std::max(0.0, result.timed.others_ns - out_.base_unique_ns);
            if (!measured.points.empty() && measured.points.back().bytes >= bytes) continue;
            measured.points.push_back({bytes, ns});
        }
        return {};
    }

    // Two lengths of a window give two equations: what a cell takes, and what a row does.
    Status measure_keys(uint64_t keys) {
        tell_("windows of " + std::to_string(keys) + " keys");
        // A short window still has batches of its own.
        const uint64_t least = std::max<uint64_t>(2, kShortWindow / keys);
        const uint64_t times = 8 * least * keys <= kLongWindow ? 8 : 4;
        Windows many, few;
        if (Status status = measure_windows(keys, times * least, many); !status.ok()) return status;
        if (Status status = measure_windows(keys, least, few); !status.ok()) return status;
        const double row = std::max(0.0, (few.ns - many.ns) / (few.rows - many.rows));
        const double bytes = (many.bytes + few.bytes) / 2;
        if (!out_.cell.empty() && out_.cell.back().bytes >= bytes) return {};
        out_.cell.push_back({bytes, std::max(0.0, many.ns - many.rows * row)});
        out_.row.push_back({bytes, row});
        return {};
    }

    struct Windows {
        double ns = 0, rows = 0, bytes = 0;  // For an event; in the store.
    };
    Status measure_windows(uint64_t keys, uint64_t per_key, Windows& out) const {
        const uint64_t window = keys * per_key;
        // Whole windows, so that each slice pays for its rows.
        const uint64_t windows = std::max<uint64_t>(3, scaled(kEvents) / window);
        Trial trial{base_config(), base_stream(window + window / 2, windows * window), 0, 0};
        trial.stream.slices = static_cast<uint32_t>(std::min<uint64_t>(windows, kSlices));
        trial.stream.keys = keys;
        const auto size_us = static_cast<int64_t>(window) * kStepUs;
        trial.config.key = {{"k", FieldType::integer}};
        trial.config.aggregates.push_back({"s", AggregateKind::sum, 0, 0});
        trial.config.aggregates.push_back({"min", AggregateKind::min, 0, 0});
        trial.config.aggregates.push_back({"max", AggregateKind::max, 0, 0});
        trial.config.windows = {{"w", WindowKind::tumbling, size_us, size_us, 0}};
        TrialResult result;
        if (Status status = take(trial, result); !status.ok()) return status;
        out.ns = result.timed.others_ns - out_.base_ns;
        // Copies have their original's key.
        const double count = static_cast<double>(window);
        out.rows = cpu::keys_seen(static_cast<double>(keys), count * (1 - kDuplicates)) / count;
        out.bytes = static_cast<double>(result.report.shards[0].key_bytes);
        return {};
    }

    Status measure_decoders() {
        for (const bench::CaseInfo& info : bench::all_cases()) {
            double* const per_byte = info.name == "decode-json"  ? &out_.decode_json_ns_per_byte
                                     : info.name == "decode-csv" ? &out_.decode_csv_ns_per_byte
                                                                 : nullptr;
            if (per_byte == nullptr && info.name != "decode-binary") continue;
            tell_(std::string(info.name));
            const bench::Result result = bench::measure(info, bench::Scale::quick, 1);
            if (!result.wrong.empty()) {
                return Status::error(Code::internal, result.name + ": " + result.wrong);
            }
            const double* const rate = result.find("MB_per_s");
            if (per_byte == nullptr) {
                out_.decode_binary_ns = 1e9 / result.events_per_second;
            } else if (rate != nullptr && *rate > 0) {
                *per_byte = 1e9 / (*rate * kMega);
            }
        }
        return {};
    }

    const uint64_t share_;
    const std::function<void(const std::string&)>& tell_;
    Calibration& out_;
};

}  // namespace

Status calibrate(CalibrationScale scale, const std::function<void(const std::string&)>& tell,
                 Calibration& calibration) {
    const uint32_t count = scale == CalibrationScale::full ? kRounds : 1;
    std::vector<Calibration> rounds(count);
    for (uint32_t r = 0; r < count; ++r) {
        const auto tell_round = [&](const std::string& what) {
            tell(count == 1
                     ? what
                     : what + ", round " + std::to_string(r + 1) + " of " + std::to_string(count));
        };
        const Status status = Calibrator(scale, tell_round, rounds[r]).run();
        if (!status.ok()) return status;
    }
    calibration = median_of(rounds);
    return {};
}

Status measure_reference(CalibrationScale scale, double& ns) {
    std::vector<double> rounds(kRounds);
    for (double& round : rounds) {
        const Status status = measure_reference_once(share_of(scale), round);
        if (!status.ok()) return status;
    }
    ns = bench::median(rounds);
    return {};
}

}  // namespace trommel::tools
