// A program outside the tree: what somebody who installed trommel writes.
#include <cstdio>
#include <trommel/engine.h>

int main() {
    trommel::Config config;
    config.dedup.id_type = trommel::IdType::u64;
    config.aggregates = {{"count", trommel::AggregateKind::count}};
    config.windows = {{"minute", trommel::WindowKind::tumbling, 60'000'000, 60'000'000}};

    std::unique_ptr<trommel::Engine> engine;
    if (const trommel::Status made = trommel::Engine::create(config, engine); !made.ok()) {
        std::printf("%s\n", made.message.c_str());
        return 1;
    }
    trommel::RecordBatch batch(config, 4);
    batch.add(7, 1'000'000, nullptr);
    batch.add(8, 2'000'000, nullptr);
    batch.add(7, 3'000'000, nullptr);
    if (!engine->push(batch).ok() || !engine->finish().ok()) return 1;

    trommel::RowBatch rows(config);
    if (!engine->take_rows(rows) || rows.count() != 1) return 1;
    std::printf("counted %s events\n", trommel::to_text(rows.aggregates[0][0]).c_str());
    return rows.aggregates[0][0] == 2 ? 0 : 1;
}
