#include "tools/plan/job.h"

#include <gmock/gmock.h>
#include <string>

#include "tools/job/text.h"
#include "tools/plan/memory.h"

namespace trommel::tools {
namespace {

Job read(const std::string& text) {
    Job job;
    Mistakes mistakes;
    read_job(text, "job.yaml", {}, job, mistakes);
    for (const Mistake& mistake : mistakes.sorted()) ADD_FAILURE() << to_text(mistake) << text;
    return job;
}

PlanInputs usual() {
    PlanInputs inputs;
    inputs.events_per_s = 1000;
    inputs.config = default_plan_config();
    return inputs;
}

void expect_same(const Config& read, const Config& planned) {
    EXPECT_EQ(read.dedup.mode, planned.dedup.mode);
    if (planned.dedup.mode != DedupMode::off) {
        EXPECT_EQ(read.dedup.horizon_us, planned.dedup.horizon_us);
    }
    EXPECT_EQ(read.dedup.capacity, planned.dedup.capacity);
    EXPECT_EQ(read.time.out_of_order_us, planned.time.out_of_order_us);
    EXPECT_EQ(read.time.allowed_lateness_us, planned.time.allowed_lateness_us);
    EXPECT_EQ(read.windows.size(), planned.windows.size());
    EXPECT_EQ(read.engine.memory_bytes, planned.engine.memory_bytes);
    EXPECT_EQ(read.engine.threads, planned.engine.threads);
    EXPECT_EQ(read.engine.shares.ids, planned.engine.shares.ids);
    EXPECT_EQ(read.engine.shares.keys, planned.engine.shares.keys);
    EXPECT_EQ(read.engine.shares.batches, planned.engine.shares.batches);
}

TEST(PlanJob, AWrittenJobReadsBackAsPlanned) {
    const std::pair<const char*, const char*> kSettings[] = {
        {"mode", "approximate"},
        {"mode", "off"},
        {"horizon", "forever"},
        {"windows", "none"},
        {"windows", "1h/5m,session:30m"},
        {"error_rate", "1e-6"},
        {"key_type", "none"},
        {"aggregates", "count,min,max,avg,last"},
    };
    for (const net::Format format : {net::Format::binary, net::Format::json, net::Format::csv}) {
        for (const auto& [name, text] : kSettings) {
            PlanInputs inputs = usual();
            inputs.format = format;
            for (const PlanSetting& setting : plan_settings()) {
                if (setting.name == std::string(name)) {
                    EXPECT_EQ(setting.set(inputs, text), "");
                }
            }
            // Binary frames have 64-bit ids and one integer key.
            if (format == net::Format::binary) {
                inputs.config.dedup.id_type = IdType::u64;
                inputs.config.key = {{"key", FieldType::integer}};
            }
            const Config planned = planned_config(inputs, plan_job_memory(inputs, 2));
            const Job job = read(planned_job_text(inputs, planned));
            expect_same(job.config, planned);
            EXPECT_EQ(job.decode.format, format);
        }
    }
}

TEST(PlanJob, AJobKeepsAllButItsMemory) {
    const std::string text = reference_job();
    const Job before = read(text);
    PlanInputs inputs = usual();
    take_job(before, inputs);
    const Config planned = planned_config(inputs, plan_job_memory(inputs, 3));
    const Job after = read(with_planned_memory(text, "job.yaml", planned));
    expect_same(after.config, planned);
    EXPECT_EQ(after.name, before.name);
    EXPECT_EQ(after.source.paths, before.source.paths);
    EXPECT_EQ(after.decode.id.field, before.decode.id.field);
    EXPECT_EQ(after.config.aggregates.size(), before.config.aggregates.size());
    EXPECT_EQ(after.dlq->path, before.dlq->path);
}

TEST(PlanJob, ADemoJobSaysWhatItsStreamIs) {
    PlanInputs inputs = usual();
    Job job = read(kDemoJob);
    job.source.rate = 5000;
    take_job(job, inputs);
    EXPECT_EQ(inputs.events_per_s, 5000);
    EXPECT_EQ(inputs.keys, 5);
    EXPECT_DOUBLE_EQ(inputs.duplicate_share, 0.1);
    EXPECT_EQ(inputs.config.dedup.horizon_us, kMinuteUs);
    EXPECT_EQ(inputs.config.aggregates.size(), 3u);
}

}  // namespace
}  // namespace trommel::tools
