#include "kernels/cpu/footprint.h"

#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>

#include "kernels/cpu/window_store.h"
#include "kernels/rules/hash.h"

// The arithmetic against the stores: what was predicted and what they have committed.
namespace trommel::cpu {
namespace {

constexpr uint64_t kPlenty = uint64_t{4} << 30;
constexpr uint32_t kRows = 1024;

// Within a tenth, or within the step by which a region grows.
void expect_near(uint64_t predicted, uint64_t measured, const char* what) {
    const double off = std::abs(static_cast<double>(predicted) - static_cast<double>(measured));
    const bool near = off <= 0.1 * static_cast<double>(measured) ||
                      (measured > kHugePageBytes && off <= double{kHugePageBytes});
    EXPECT_TRUE(near) << what << ": " << predicted << " predicted, " << measured << " measured";
}

struct Stream {
    const char* what;
    std::vector<Window> windows;
    uint64_t keys;
    uint64_t events_per_ms;
    int64_t out_of_order_us = 0;
    FieldType type = FieldType::integer;
    bool many_aggregates = false;
};

Window tumbling(const char* name, int64_t ms) {
    return {name, WindowKind::tumbling, ms * 1000, ms * 1000, 0};
}
Window sliding(const char* name, int64_t ms, int64_t every_ms) {
    return {name, WindowKind::sliding, ms * 1000, every_ms * 1000, 0};
}

Config config_of(const Stream& stream) {
    Config config;
    config.dedup.mode = DedupMode::off;
    config.key = {{"k", stream.type}};
    config.values = {{"v", 0}, {"w", 0}};
    config.aggregates = {{"n", AggregateKind::count, 0, 0}, {"s", AggregateKind::sum, 0, 0}};
    if (stream.many_aggregates) {
        for (const AggregateKind kind : {AggregateKind::min, AggregateKind::max}) {
            config.aggregates.push_back({"a" + std::to_string(config.aggregates.size()), kind, 0});
            config.aggregates.push_back({"a" + std::to_string(config.aggregates.size()), kind, 1});
        }
    }
    config.windows = stream.windows;
    config.time.out_of_order_us = stream.out_of_order_us;
    config.engine.batch_records = kRows;
    return config;
}

// Several windows' worth of evenly drawn keys through a store, as a shard's worker does it.
uint64_t committed(const Config& config, const Stream& stream) {
    MemoryBudget budget(kPlenty);
    WindowStore store(config, 5, detect_simd(), budget);
    PartialRows out(config, store.layout());
    RecordBatch batch(config, kRows);
    std::vector<uint32_t> rows(kRows), refused(kRows);
    std::iota(rows.begin(), rows.end(), 0u);
    int64_t size_us = 0;
    for (const Window& window : config.windows) size_us = std::max(size_us, window.size_us);
    const auto size_ms = static_cast<uint64_t>(size_us / 1000);
    const uint64_t events = 3 * size_ms * stream.events_per_ms;
    const int64_t value[2] = {3, 4};
    for (uint64_t n = 0; n < events;) {
        const auto now_us = static_cast<int64_t>(n * 1000 / stream.events_per_ms);
        store.advance(now_us - stream.out_of_order_us);
        while (store.take_closed(out, 1024)) {
        }
        batch.clear();
        for (; !batch.full(); ++n) {
            const auto time_us = static_cast<int64_t>(n * 1000 / stream.events_per_ms);
            const uint64_t key = rules::mix64(n + 1) % stream.keys;
            const uint32_t row = batch.add(n, time_us, value);
            if (stream.type == FieldType::integer) {
                batch.set_key(row, static_cast<int64_t>(key));
            } else {
                batch.set_key(row, "customer-" + std::to_string(1000000 + key) + "\0\1");
            }
        }
        EXPECT_EQ(store.add(batch, rows.data(), kRows, refused.data()), 0u);
    }
    return store.committed_bytes();
}

TEST(Footprint, AWindowStoreCommitsWhatWasPredicted) {
    const Stream kStreams[] = {
        {"one pane, every key in it", {tumbling("w", 1000)}, 100'000, 1000},
        {"many keys", {tumbling("w", 500)}, 500'000, 3000},
        {"panes that overlap by disorder", {tumbling("w", 1000)}, 200'000, 1000, 400'000},
        {"three panes open", {tumbling("w", 1000)}, 200'000, 1000, 1'900'000},
        {"a third of the keys in a pane", {tumbling("w", 1000)}, 500'000, 200, 100'000},
        {"wide cells", {tumbling("w", 1000)}, 150'000, 800, 0, FieldType::integer, true},
        {"texts", {tumbling("w", 1000)}, 150'000, 800, 0, FieldType::text},
        {"sliding, dense", {sliding("w", 1600, 100)}, 20'000, 1000, 50'000},
        {"sliding, sparse", {sliding("w", 1600, 100)}, 100'000, 300, 50'000},
        {"sliding beside tumbling", {tumbling("t", 400), sliding("w", 1600, 400)}, 60'000, 1000, 0},
    };
    for (const Stream& stream : kStreams) {
        const Config config = config_of(stream);
        WindowDemand demand;
        demand.events_per_us = static_cast<double>(stream.events_per_ms) / 1000;
        demand.keys = static_cast<double>(stream.keys);
        demand.key_bytes = 18;
        demand.lag_us = static_cast<int64_t>(kRows * 1000 / stream.events_per_ms);
        const WindowFootprint footprint = window_footprint(config, demand);
        expect_near(footprint.bytes(), committed(config, stream), stream.what);
    }
}

TEST(Footprint, ARegionGrowsByPagesAndThenByHugePages) {
    EXPECT_EQ(region_bytes(0), 0u);
    EXPECT_EQ(region_bytes(1), 4096u);
    EXPECT_EQ(region_bytes(4097), 8192u);
    EXPECT_EQ(region_bytes(2 << 20), uint64_t{2} << 20);
    EXPECT_EQ(region_bytes((2 << 20) + 1), uint64_t{4} << 20);
}

TEST(Footprint, KeysSeenIsNeverMoreThanThereAreOrThanCame) {
    EXPECT_EQ(keys_seen(0, 5), 0);
    EXPECT_EQ(keys_seen(5, 0), 0);
    EXPECT_NEAR(keys_seen(1000, 1), 1, 0.001);
    EXPECT_NEAR(keys_seen(1000, 1000), 632.1, 0.1);  // 1 - 1/e of them.
    EXPECT_NEAR(keys_seen(1000, 1e6), 1000, 1e-6);
}

// One table that is filled, with a horizon that nothing leaves.
uint64_t committed_ids(IdKind kind, uint64_t ids, std::string_view text) {
    MemoryBudget budget(kPlenty);
    ExactTableOptions options;
    options.kind = kind;
    options.rows_max = kRows;
    const std::unique_ptr<IdMemory> table = make_exact_table(options, budget);
    std::vector<uint64_t> lo(kRows), hi(kRows), hash(kRows);
    std::vector<std::string> texts(kRows);
    std::vector<std::string_view> views(kRows);
    std::vector<int64_t> times(kRows, 0);
    std::vector<uint32_t> rows(kRows);
    std::vector<Outcome> outcomes(kRows);
    std::iota(rows.begin(), rows.end(), 0u);
    for (uint64_t n = 0; n < ids; n += kRows) {
        for (uint32_t r = 0; r < kRows; ++r) {
            lo[r] = rules::mix64(n + r + 1);
            hi[r] = rules::mix64(lo[r]);
            hash[r] = kind == IdKind::u64 ? rules::hash_u64(lo[r], options.seed)
                                          : rules::hash_u128(lo[r], hi[r], options.seed);
        }
        for (uint32_t r = 0; r < kRows; ++r) {
            texts[r] = std::to_string(lo[r]);
            texts[r].resize(text.size(), 'x');
            views[r] = texts[r];
        }
        table->judge({hash.data(), lo.data(), hi.data(), views.data(), times.data()}, rows.data(),
                     kRows, outcomes.data());
    }
    return table->committed_bytes();
}

TEST(Footprint, AnExactTableCommitsWhatWasPredicted) {
    for (const uint64_t ids : {20'000u, 300'000u, 2'000'000u}) {
        const auto count = static_cast<double>(ids);
        expect_near(exact_ids_bytes(IdKind::u64, count, 256, 0),
                    committed_ids(IdKind::u64, ids, ""), "u64");
        expect_near(exact_ids_bytes(IdKind::u128, count, 256, 0),
                    committed_ids(IdKind::u128, ids, ""), "u128");
    }
    const std::string_view text = "123456789012345678901234567890123456";
    expect_near(exact_ids_bytes(IdKind::verified, 300'000, 256, 36),
                committed_ids(IdKind::verified, 300'000, text), "verified");
}

TEST(Footprint, MoreEventsNeverTakeLess) {
    const Config config = config_of({"", {sliding("w", 1600, 100)}, 1, 1});
    const auto bytes = [&](double rate, double keys) {
        return window_footprint(config, {rate, keys, 0, 0}).bytes();
    };
    for (double rate = 0.001; rate < 100; rate *= 1.7) {
        for (double keys = 10; keys < 1e7; keys *= 3.1) {
            EXPECT_LE(bytes(rate, keys), bytes(rate * 1.7, keys)) << rate << " " << keys;
            // The stores themselves take a little less where many keys are too sparse to combine.
            EXPECT_LE(static_cast<double>(bytes(rate, keys)),
                      1.05 * static_cast<double>(bytes(rate, keys * 1.5)))
                << rate << " " << keys;
        }
    }
    for (double ids = 100; ids < 1e9; ids *= 1.9) {
        EXPECT_LE(exact_ids_bytes(IdKind::u64, ids, 128, 0),
                  exact_ids_bytes(IdKind::u64, ids * 1.9, 128, 0));
        EXPECT_LE(exact_ids_bytes(IdKind::verified, ids, 128, 20),
                  exact_ids_bytes(IdKind::verified, ids, 128, 21));
    }
}

}  // namespace
}  // namespace trommel::cpu
