// Duplicates removed, the rest summed per key and minute; rows come as soon as they are final.
#include <cstdio>
#include <trommel/engine.h>

namespace {

constexpr int64_t kSecondUs = 1'000'000;

void print(const trommel::RowBatch& rows) {
    for (size_t i = 0; i < rows.count(); ++i) {
        std::printf("[%ld s, %ld s) key %ld: count %s, sum %s\n", rows.start_us[i] / kSecondUs,
                    rows.end_us[i] / kSecondUs, rows.key_int[i],
                    trommel::to_text(rows.aggregates[0][i]).c_str(),
                    trommel::to_text(rows.aggregates[1][i]).c_str());
    }
}

}  // namespace

int main() {
    trommel::Config config;
    config.dedup.id_type = trommel::IdType::u64;
    config.dedup.horizon_us = 120 * kSecondUs;
    config.time.out_of_order_us = 10 * kSecondUs;
    config.key = {{"user", trommel::FieldType::integer}};
    config.values = {{"bytes"}};
    config.aggregates = {{"count", trommel::AggregateKind::count},
                         {"sum", trommel::AggregateKind::sum, 0}};
    config.windows = {{"minute", trommel::WindowKind::tumbling, 60 * kSecondUs, 60 * kSecondUs}};

    std::unique_ptr<trommel::Engine> engine;
    if (const trommel::Status made = trommel::Engine::create(config, engine); !made.ok()) {
        std::fprintf(stderr, "%s\n", made.message.c_str());
        return 1;
    }

    struct Event {
        uint64_t id;
        int64_t key, time_s, bytes;
    };
    trommel::RecordBatch batch(config, 4);
    trommel::RowBatch rows(config);
    for (const Event& e : {Event{1, 7, 5, 100}, Event{2, 8, 50, 30}, Event{1, 7, 5, 100},
                           Event{3, 7, 59, 1}, Event{4, 7, 71, 9}, Event{5, 7, 59, 1}}) {
        batch.clear();
        batch.set_key(batch.add(e.id, e.time_s * kSecondUs, &e.bytes), e.key);
        if (!engine->push(batch).ok()) return 1;
        std::printf("event %lu is %s\n", e.id, trommel::to_text(batch.verdict[0]));
        while (engine->take_rows(rows)) print(rows);
    }
    if (!engine->finish().ok()) return 1;
    while (engine->take_rows(rows)) print(rows);
}
