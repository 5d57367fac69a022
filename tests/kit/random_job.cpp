#include "tests/kit/random_job.h"

#include <algorithm>
#include <string_view>

#include "tests/kit/random_config.h"
#include "tests/kit/random_stream.h"

namespace trommel::testkit {
namespace {

size_t random_length(Random& random) {
    if (random.one_in(20)) return 0;
    if (random.one_in(10)) return 1 + random.below(3);
    return random.below(401);
}

uint64_t little_endian(std::string_view bytes) {
    uint64_t value = 0;
    for (size_t i = 8; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
    return value;
}

uint32_t add_columns(RecordBatch& batch, const Config& config, const OracleEvent& event) {
    const std::string_view id = event.id;
    switch (config.dedup.id_type) {
        case IdType::u64:
            return batch.add(little_endian(id), event.time_us, event.values.data());
        case IdType::u128:
            return batch.add(little_endian(id), little_endian(id.substr(8)), event.time_us,
                             event.values.data());
        case IdType::bytes:
            break;
    }
    return batch.add(id, event.time_us, event.values.data());
}

void set_key(RecordBatch& batch, const Config& config, uint32_t row, const OracleEvent& event) {
    if (key_shape(config) == KeyShape::none) return;
    if (key_shape(config) == KeyShape::integer) {
        batch.set_key(row, event.key[0].integer);
        return;
    }
    std::string encoded;
    for (const KeyPart& part : event.key) {
        const size_t at = encoded.size();
        if (part.type == FieldType::integer) {
            encoded.resize(at + 8);
            encode_integer(part.integer, encoded.data() + at);
        } else {
            encoded.resize(at + encoded_text_size(part.text));
            encode_text(part.text, encoded.data() + at);
        }
    }
    batch.set_key(row, encoded);
}

std::string to_text(const Window& window) {
    switch (window.kind) {
        case WindowKind::tumbling:
            return "tumbling:" + std::to_string(window.size_us);
        case WindowKind::sliding:
            return "sliding:" + std::to_string(window.size_us) + "/" +
                   std::to_string(window.slide_us);
        case WindowKind::session:
            break;
    }
    return "session:" + std::to_string(window.gap_us);
}

}  // namespace

RandomJob random_job(uint64_t seed) {
    Random random(seed);
    RandomJob job;
    job.seed = seed;
    job.config = random_config(random);
    const size_t length = random_length(random);
    RandomStream stream(random, job.config, length);
    while (stream.appended() < length) stream.append_event();
    job.ends = stream.ends();
    job.events = stream.take_events();
    // Sometimes one is announced that never shows an event.
    if (random.one_in(3)) {
        job.declared_partitions = static_cast<uint32_t>(1 + random.below(stream.partitions() + 1));
    }
    if (!job.events.empty() && random.one_in(8)) {
        const int64_t time_us = random.pick(job.events).time_us;
        if (-kTimeLimitUs < time_us && time_us < kTimeLimitUs) {
            job.config.time.max_time_us = time_us;
        }
    }
    return job;
}

std::string to_text(const Config& config) {
    constexpr const char* kIdTypes[] = {"u64", "u128", "bytes"};
    const auto optional = [](const char* name, std::optional<int64_t> us) {
        return us ? std::string(name) + std::to_string(*us) : std::string();
    };
    std::string text = kIdTypes[static_cast<size_t>(config.dedup.id_type)];
    text += config.dedup.mode == DedupMode::off ? " off" : " exact";
    if (config.dedup.verify) text += " verify";
    if (config.dedup.scope == Scope::key) text += " per key";
    if (config.dedup.horizon_us != kForeverUs) {
        text += " horizon " + std::to_string(config.dedup.horizon_us);
    }
    text += optional(" out_of_order ", config.time.out_of_order_us);
    text += " lateness " + std::to_string(config.time.allowed_lateness_us);
    text += optional(" max_drift ", config.time.max_drift_us);
    text += optional(" max_time ", config.time.max_time_us);
    text += " keys " + std::to_string(config.key.size());
    text += " values " + std::to_string(config.values.size());
    text += " offset " + std::to_string(config.window_offset_us);
    for (const Window& window : config.windows) text += " " + window.name + "=" + to_text(window);
    return text;
}

void fill(RecordBatch& batch, const Config& config, const std::vector<OracleEvent>& events,
          size_t begin, size_t end) {
    if (batch.count == 0) batch.first_record = begin;
    for (size_t i = begin; i < end; ++i) {
        const uint32_t row = add_columns(batch, config, events[i]);
        set_key(batch, config, row, events[i]);
        batch.partition[row] = events[i].partition;
        if (!events[i].corrupt) continue;
        batch.verdict[row] = Verdict::corrupt;
        batch.detail[row] = "made corrupt by the test";
    }
}

}  // namespace trommel::testkit
