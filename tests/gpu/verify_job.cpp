#include "tests/gpu/verify_job.h"

#include <utility>

namespace trommel::verify {
namespace {

constexpr int64_t kSecondUs = 1'000'000, kMinuteUs = 60 * kSecondUs;

// What all jobs begin with: ids remembered for twenty seconds, events up to a second out of order.
Job job(std::string name, IdType id_type) {
    Job made;
    made.name = std::move(name);
    made.config.dedup.id_type = id_type;
    made.config.dedup.horizon_us = 20 * kSecondUs;
    made.config.time.out_of_order_us = kSecondUs;
    made.config.output = Output::unique;
    made.config.engine.seed = 7;
    made.config.engine.memory_bytes = uint64_t{2} << 30;
    made.shape.disorder_us = kSecondUs / 2;
    made.shape.late_us = 5 * kMinuteUs;
    return made;
}

Job with_windows(Job made, std::vector<Window> windows) {
    Config& config = made.config;
    config.output = Output::windows;
    config.windows = std::move(windows);
    config.key = {{"key", FieldType::integer}};
    config.values = {{"v0", 0}, {"v1", 2}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0},
                         {"sum", AggregateKind::sum, 0, 0},
                         {"min", AggregateKind::min, 0, 0},
                         {"max", AggregateKind::max, 1, 2}};
    return made;
}

Window tumbling(int64_t size_us) {
    return {
        .name = "tumbling", .kind = WindowKind::tumbling, .size_us = size_us, .slide_us = size_us};
}

Window sliding(int64_t size_us, int64_t slide_us) {
    return {
        .name = "sliding", .kind = WindowKind::sliding, .size_us = size_us, .slide_us = slide_us};
}

std::vector<Job> dedup_jobs() {
    std::vector<Job> jobs{job("u64", IdType::u64), job("u128", IdType::u128),
                          job("bytes", IdType::bytes)};
    Job forever = job("u64-forever", IdType::u64);
    forever.config.dedup.horizon_us = kForeverUs;
    Job far = job("u64-copies-beyond-the-horizon", IdType::u64);
    far.shape.distance = 60'000;
    Job near = job("u64-copies-next-to-each-other", IdType::u64);
    near.shape.distance = 16;
    near.shape.duplicates_of_16 = 12;
    Job many = job("u128-many-partitions", IdType::u128);
    many.shape.partitions = 64;
    many.shape.disorder_us = 3 * kSecondUs;  // Some partitions are ahead of others.
    many.config.time.out_of_order_us = 2 * kSecondUs;
    Job per_key = job("u64-per-key", IdType::u64);
    per_key.config.dedup.scope = Scope::key;
    per_key.config.key = {{"key", FieldType::integer}};
    per_key.shape.keys = 16;
    Job filter = job("approximate-forever", IdType::u64);
    filter.config.dedup.mode = DedupMode::approximate;
    filter.config.dedup.horizon_us = kForeverUs;
    filter.config.dedup.capacity = 1'000'000;
    Job aged = job("approximate-aged", IdType::bytes);
    aged.config.dedup.mode = DedupMode::approximate;
    aged.config.dedup.capacity = 60'000;
    for (Job* const more : {&forever, &far, &near, &many, &per_key, &filter, &aged}) {
        jobs.push_back(std::move(*more));
    }
    return jobs;
}

std::vector<Job> window_jobs() {
    std::vector<Job> jobs;
    const auto add = [&](const char* name, IdType id_type, std::vector<Window> windows) -> Job& {
        return jobs.emplace_back(with_windows(job(name, id_type), std::move(windows)));
    };
    add("tumbling", IdType::u64, {tumbling(10 * kSecondUs)});
    add("sliding", IdType::u64, {sliding(8 * kSecondUs, 2 * kSecondUs)});
    Job& several = add("several-windows-allowed-lateness", IdType::u128,
                       {tumbling(4 * kSecondUs), sliding(12 * kSecondUs, 6 * kSecondUs)});
    several.config.time.allowed_lateness_us = 3 * kSecondUs;
    several.config.window_offset_us = kSecondUs / 4;
    Job& all = add("every-aggregate", IdType::u64, {tumbling(10 * kSecondUs)});
    all.config.aggregates.push_back({"avg", AggregateKind::avg, 1, 4});
    all.config.aggregates.push_back({"first", AggregateKind::first, 0, 0});
    all.config.aggregates.push_back({"last", AggregateKind::last, 1, 2});
    add("many-keys", IdType::u64, {tumbling(15 * kSecondUs)}).shape.keys = 1'000'000;
    add("steep-keys", IdType::u64, {tumbling(10 * kSecondUs)}).shape.skew = Skew::steep;
    add("one-key", IdType::u64, {tumbling(10 * kSecondUs)}).shape.skew = Skew::one;
    add("no-key", IdType::bytes, {tumbling(10 * kSecondUs)}).config.key.clear();
    Job& text = add("text-keys-per-key", IdType::u64, {tumbling(10 * kSecondUs)});
    text.config.key = {{"name", FieldType::text}, {"number", FieldType::integer}};
    text.config.dedup.scope = Scope::key;
    Job& only = add("windows-without-dedup-and-sessions", IdType::u64, {tumbling(kSecondUs)});
    only.config.dedup.mode = DedupMode::off;
    only.config.windows.push_back(
        {.name = "session", .kind = WindowKind::session, .gap_us = 20'000});
    only.shape.keys = 200;
    return jobs;
}

}  // namespace

std::vector<Job> all_jobs() {
    std::vector<Job> jobs = dedup_jobs();
    for (Job& more : window_jobs()) jobs.push_back(std::move(more));
    for (size_t i = 0; i < jobs.size(); ++i) jobs[i].shape.seed = 1000 + i;
    return jobs;
}

}  // namespace trommel::verify
