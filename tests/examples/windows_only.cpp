// The window aggregator alone: nothing is deduplicated, so no id is needed.
#include <cstdio>
#include <trommel/engine.h>

int main() {
    constexpr int64_t kMinuteUs = 60'000'000;
    trommel::Config config;
    config.dedup = {.mode = trommel::DedupMode::off, .id_type = trommel::IdType::u64};
    config.values = {{"price", 2}};  // Two fraction digits: 1050 is 10.50.
    config.aggregates = {{"highest", trommel::AggregateKind::max, 0, 2}};
    config.windows = {{"five", trommel::WindowKind::sliding, 5 * kMinuteUs, kMinuteUs}};

    std::unique_ptr<trommel::Engine> engine;
    if (const trommel::Status made = trommel::Engine::create(config, engine); !made.ok()) {
        std::fprintf(stderr, "%s\n", made.message.c_str());
        return 1;
    }

    trommel::RecordBatch batch(config, 2);
    const int64_t prices[] = {1050, 990};
    batch.add(0, 0 * kMinuteUs, &prices[0]);
    batch.add(0, 1 * kMinuteUs, &prices[1]);
    if (!engine->push(batch).ok() || !engine->finish().ok()) return 1;

    trommel::RowBatch rows(config);
    while (engine->take_rows(rows)) {
        for (size_t i = 0; i < rows.count(); ++i) {
            std::printf("minutes %ld to %ld: %s\n", rows.start_us[i] / kMinuteUs,
                        rows.end_us[i] / kMinuteUs,
                        trommel::to_text(rows.aggregates[0][i], 2).c_str());
        }
    }
}
