// The whole engine on one core against the program that a user would write first: a
// std::unordered_set of ids, rotated by horizon, and a std::unordered_map for each window. Both
// read the same batches, in turns.
//
//   end_to_end_bench [--live IDS] [--keys KEYS] [--rounds N] [--alone 1]
//
// --alone 1 leaves the std program out, for profiling.
//
// The stream: 64-bit random-looking ids, one event in five a copy of an earlier one within half a
// horizon, `live` ids within the horizon, one tumbling window over `keys` keys with count, sum, min
// and max. Tables are filled before the timing begins (--live events and more), so that the figures
// are of steady state. Time is the thread's CPU time. Ends with 1 when the two programs disagree.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "trommel/engine.h"

#include "bench/kit/event_stream.h"
#include "bench/kit/timing.h"

namespace {

using namespace trommel;  // A program of one file.
using namespace trommel::bench;

struct Options {
    uint64_t live = 16'000'000, keys = 1'000'000, rounds = 5, alone = 0;
};

struct Naive {
    struct Cell {
        uint64_t count;
        int64_t sum, min, max;
    };

    Naive(const Options& options, int64_t horizon) : horizon_us_(horizon), window_us_(horizon / 2) {
        if (options.alone != 0) return;
        for (auto& set : ids_) set.reserve(options.live);
        for (auto& window : windows_) window.reserve(options.keys);
    }

    uint64_t push(const RecordBatch& batch) {
        uint64_t unique = 0;
        for (uint32_t row = 0; row < batch.count; ++row) {
            const int64_t time = batch.time_us[row];
            if (time / horizon_us_ != turn_) {
                turn_ = time / horizon_us_;
                std::swap(ids_[0], ids_[1]);
                ids_[0].clear();
            }
            const uint64_t id = batch.id_lo[row];
            if (ids_[1].count(id) != 0 || !ids_[0].insert(id).second) continue;
            ++unique;
            const int64_t window = time / window_us_;
            if (window != open_) {
                open_ = window;
                auto& closing = windows_[static_cast<size_t>(window & 1)];
                for (const auto& [key, cell] : closing) closed_ += cell.count;
                closing.clear();
            }
            const int64_t value = batch.values[0][row];
            const auto [at, is_new] = windows_[static_cast<size_t>(window & 1)].try_emplace(
                batch.key_int[row], Cell{1, value, value, value});
            if (is_new) continue;
            Cell& cell = at->second;
            ++cell.count;
            cell.sum += value;
            cell.min = std::min(cell.min, value);
            cell.max = std::max(cell.max, value);
        }
        return unique;
    }

    const int64_t horizon_us_, window_us_;
    std::unordered_set<uint64_t> ids_[2];
    std::unordered_map<int64_t, Cell> windows_[2];
    int64_t turn_ = 0, open_ = 0;
    uint64_t closed_ = 0;
};

uint64_t push(Engine& engine, RecordBatch& batch, RowBatch& rows, uint64_t& rows_out) {
    if (!engine.push(batch).ok()) return 0;
    while (engine.take_rows(rows)) rows_out += rows.count();
    uint64_t unique = 0;
    for (uint32_t row = 0; row < batch.count; ++row)
        unique += batch.verdict[row] == Verdict::unique;
    return unique;
}

int compare(const Options& options) {
    const EventStreamOptions asked{.live = options.live, .keys = options.keys};
    const Config config = EventStream::job(asked);
    std::unique_ptr<Engine> engine;
    if (const Status status = Engine::create(config, engine); !status.ok()) {
        std::fprintf(stderr, "%s\n", status.message.c_str());
        return 1;
    }
    Naive naive(options, config.dedup.horizon_us);
    EventStream stream(asked);
    RowBatch rows(config);
    std::vector<std::unique_ptr<RecordBatch>> batches;
    for (int b = 0; b < 64; ++b)
        batches.push_back(std::make_unique<RecordBatch>(config, config.engine.batch_records));
    const uint64_t round_events = config.engine.batch_records * batches.size();
    const uint64_t warm_turns = options.live * 2 / round_events + 1;
    // A round is a window, so that each has one to close.
    const auto window_events =
        static_cast<uint64_t>(config.windows[0].size_us / EventStream::kStepUs);
    const uint64_t timed_turns = std::max<uint64_t>(1, window_events / round_events);

    uint64_t ours = 0, theirs = 0, rows_out = 0;
    std::vector<double> our_rates, their_rates;
    for (uint64_t round = 0; round < options.rounds + 1; ++round) {
        double our_seconds = 0, their_seconds = 0;
        const uint64_t turns = round == 0 ? warm_turns : timed_turns;
        for (uint64_t turn = 0; turn < turns; ++turn) {
            for (auto& batch : batches) stream.fill(*batch);
            const double begin = cpu_seconds();
            for (auto& batch : batches) ours += push(*engine, *batch, rows, rows_out);
            const double middle = cpu_seconds();
            for (auto& batch : batches) {
                if (options.alone == 0) theirs += naive.push(*batch);
            }
            their_seconds += cpu_seconds() - middle;
            our_seconds += middle - begin;
        }
        if (round == 0) continue;
        const auto events = static_cast<double>(turns * round_events);
        our_rates.push_back(events / our_seconds / 1e6);
        their_rates.push_back(events / their_seconds / 1e6);
        std::printf("round %llu: engine %6.2f  std %6.2f M events/s  ratio %.2f\n",
                    static_cast<unsigned long long>(round), our_rates.back(), their_rates.back(),
                    our_rates.back() / their_rates.back());
    }
    const Report report = engine->report();
    const ShardReport& shard = report.shards[0];
    std::printf("median: engine %.2f  std %.2f M events/s  ratio %.2f  (%s, one core)\n",
                median(our_rates), median(their_rates), median(our_rates) / median(their_rates),
                report.simd.c_str());
    std::printf(
        "live ids %llu, %.1f bytes of table per live id, %.0f %% on huge pages, rows %llu\n",
        static_cast<unsigned long long>(shard.live_ids),
        static_cast<double>(shard.id_bytes) / static_cast<double>(shard.live_ids),
        100.0 * static_cast<double>(shard.huge_page_bytes) / static_cast<double>(shard.id_bytes),
        static_cast<unsigned long long>(rows_out));
    if (!report.ledger.adds_up() || (options.alone == 0 && ours != theirs)) {
        std::printf("WRONG: engine found %llu unique events, std %llu; ledger %s\n",
                    static_cast<unsigned long long>(ours), static_cast<unsigned long long>(theirs),
                    to_text(report.ledger).c_str());
        return 1;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int a = 1; a + 1 < argc; a += 2) {
        const uint64_t value = std::strtoull(argv[a + 1], nullptr, 10);
        if (std::strcmp(argv[a], "--live") == 0) options.live = value;
        if (std::strcmp(argv[a], "--keys") == 0) options.keys = value;
        if (std::strcmp(argv[a], "--rounds") == 0) options.rounds = value;
        if (std::strcmp(argv[a], "--alone") == 0) options.alone = value;
    }
    return compare(options);
}
