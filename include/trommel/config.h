#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trommel/status.h"

namespace trommel {

// Times and durations are microseconds; |time| and durations are below 2^60 (contract E3).
inline constexpr int64_t kTimeLimitUs = int64_t{1} << 60;
inline constexpr int64_t kForeverUs = INT64_MAX;  // dedup.horizon_us: remember always.
inline constexpr uint32_t kKeyFieldsMax = 8;
inline constexpr uint32_t kValuesMax = 16;
inline constexpr uint32_t kShardsMax = 64;
inline constexpr uint32_t kPartitionsMax = 65536;
inline constexpr uint32_t kBatchRecordsMax = 65536, kGpuBatchRecordsMax = 1 << 20;
inline constexpr uint32_t kPanesPerWindowMax = 4096;

enum class DedupMode : uint8_t { exact, approximate, off };
enum class IdType : uint8_t { u64, u128, bytes };  // UUIDs are u128.
enum class Scope : uint8_t { global, key };

struct DedupOptions {
    DedupMode mode = DedupMode::exact;
    IdType id_type = IdType::bytes;
    bool verify = false;  // Keep and compare byte-string ids themselves. exact and bytes only.
    Scope scope = Scope::global;
    int64_t horizon_us = kForeverUs;
    double error_rate = 1e-3;  // approximate: share of unique events called duplicate, (0, 0.5].
    uint64_t capacity = 0;     // approximate: ids live at once that error_rate holds for, >= 1.
};

struct TimeOptions {
    std::optional<int64_t> out_of_order_us;  // Absent: nothing is ever late (T3).
    int64_t allowed_lateness_us = 0;
    std::optional<int64_t> max_drift_us;   // Absent: 256 horizons; at most 400 (T7).
    std::optional<int64_t> idle_after_us;  // Absent: a silent partition is waited for (T5).
    std::optional<int64_t> max_future_us;  // Ahead of the wall clock: corrupt (T6).
    std::optional<int64_t> max_time_us;    // Absolute, inclusive: later events are corrupt (T6).
};

enum class FieldType : uint8_t { integer, text };
struct KeyField {
    std::string name;
    FieldType type = FieldType::text;
};
struct ValueField {
    std::string name;
    int digits = 0;  // Fraction digits of a decimal, 0 to 18; the value is kept times 10^digits.
};

enum class AggregateKind : uint8_t { count, sum, min, max, avg, first, last };
struct Aggregate {
    std::string name;  // The output column.
    AggregateKind kind = AggregateKind::count;
    uint32_t value = 0;  // Index into Config::values; unused for count.
    int digits = 0;      // Fraction digits of the printed result; avg rounds to them (W3).
};

enum class WindowKind : uint8_t { tumbling, sliding, session };
struct Window {
    std::string name;
    WindowKind kind = WindowKind::tumbling;
    int64_t size_us = 0;
    int64_t slide_us = 0;  // tumbling: equal to size_us.
    int64_t gap_us = 0;    // session only.
};

enum class EngineType : uint8_t { automatic, cpu, gpu };
enum class OnFull : uint8_t { stop, refuse, forget };
enum class Output : uint8_t { windows, unique };

// Shares of memory_bytes in percent; they sum to at most 100.
struct MemoryShares {
    int ids = 60;
    int keys = 35;  // Keys, panes, sessions and rows on their way out.
    int batches = 5;
};

struct EngineOptions {
    // What the job runs on. gpu is refused where it cannot: without a GPU, or with what only the
    // CPU does. automatic never is; it takes a GPU where one is known to pay, and else the CPU.
    EngineType type = EngineType::automatic;
    // What automatic decides by, in events per second, at least 1: the rate to expect, and the one
    // from which a GPU pays on this machine, which `trommel bench --engine cpu,gpu` measures
    // (kNeverPays: from none). Unless both are known it takes the CPU. The library reads no file;
    // the program takes the second from where the measurement is stored.
    std::optional<uint64_t> expected_rate, gpu_pays_from;
    static constexpr uint64_t kNeverPays = UINT64_MAX;
    // Shards; 1 is inline: no thread and no ring, but on a GPU, where a worker keeps it busy.
    uint32_t threads = 1;
    // Keep each worker on one core: worker w on the w-th of those that the process may use, and
    // round again when there are more workers. Without threads it has no effect.
    bool pin = false;
    // run() only: a further thread, of the least priority, has the system provide memory just
    // before exact ids, keys and windows grow into it: up to a quarter of each, and 64 MiB, ahead,
    // and never beyond memory_bytes. Without it a batch takes as much longer as its page faults do.
    // Needs Linux 5.14.
    bool prefault = false;
    uint64_t memory_bytes = uint64_t{4} << 30;
    MemoryShares shares;
    OnFull on_full = OnFull::stop;
    std::optional<uint64_t>
        seed;  // Absent: drawn from the system. Secret (see kernels/rules/hash.h).
    // Records per batch, at most: 1 to 65536, and with EngineType::gpu to 1048576. A batch takes
    // what has arrived when it is its turn, and waits for no more.
    uint32_t batch_records = 4096;
    uint64_t record_bytes_max =
        0;  // Longest record; 0: derived from the batches' share, at most 16 MiB.
};

// Everything an engine needs to know. Plain values; create() calls validate().
struct Config {
    DedupOptions dedup;
    TimeOptions time;
    std::vector<KeyField> key;       // 0 to 8.
    std::vector<ValueField> values;  // 0 to 16.
    std::vector<Aggregate> aggregates;
    std::vector<Window> windows;  // Empty: deduplicate only.
    int64_t window_offset_us = 0;
    Output output = Output::windows;
    EngineOptions engine;
};

// One thing wrong with a Config: `where` is a path such as "dedup.horizon" or "windows[1].size".
struct Problem {
    std::string where;
    std::string what;  // What is wrong and what would be right.
};

// Every contradiction and out-of-range value at once; empty when the config can run.
std::vector<Problem> validate(const Config& config);

// What is wrong with it as a job for run(): also that nothing would come out of it. (An embedded
// engine without windows is a deduplicator, whose verdicts are its output.)
std::vector<Problem> validate_job(const Config& config);

// Problems as a Status: ok, or Code::invalid_config with all of them in one line.
Status to_status(const std::vector<Problem>& problems);

}  // namespace trommel
