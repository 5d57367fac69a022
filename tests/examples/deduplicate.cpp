// The deduplicator alone: no windows, verdicts are read from the batch.
#include <cstdio>
#include <trommel/engine.h>

int main() {
    trommel::Config config;  // Exact, ids are byte strings, remembered forever.
    config.output = trommel::Output::unique;
    std::unique_ptr<trommel::Engine> engine;
    if (const trommel::Status made = trommel::Engine::create(config, engine); !made.ok()) {
        std::fprintf(stderr, "%s\n", made.message.c_str());
        return 1;
    }

    trommel::RecordBatch batch(config, 3);
    batch.add("order-1", 1'000'000, nullptr);
    batch.add("order-2", 2'000'000, nullptr);
    batch.add("order-1", 3'000'000, nullptr);
    if (!engine->push(batch).ok()) return 1;

    for (uint32_t i = 0; i < batch.count; ++i) {
        const std::string id(batch.id_text[i]);
        std::printf("%s %s\n", id.c_str(), trommel::to_text(batch.verdict[i]));
    }
    std::printf("%s\n", trommel::to_text(engine->ledger()).c_str());
}
