#include "tools/plan/engine_line.h"

#include <cstdio>
#include <gmock/gmock.h>

#include "tests/tools/program.h"

namespace trommel::tools {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// A machine with an H200, on which a GPU pays from 10 M events per second on against two threads,
// and with windows never.
class EngineLine : public testing::Test {
   protected:
    void SetUp() override {
        StoredBreakEven stored;
        stored.processor = machine_.processor;
        stored.gpu = "NVIDIA H200";
        stored.commit = "abc";
        stored.written = "2026-01-31 12:00 UTC";
        stored.workloads = {{"dedup", 2, 10'000'000}, {"dedup-windows", 2, std::nullopt}};
        machine_.devices.gpus = {{.name = "NVIDIA H200", .bus = "", .major = 9, .minor = 0}};
        ASSERT_TRUE(save_break_even(path_, stored).ok());
    }
    void TearDown() override { std::remove(path_.c_str()); }

    std::string line(double rate, const PlanInputs& inputs) {
        Plan plan = make_plan(inputs, nullptr);
        tell_engine(plan, rate, path_, machine_);
        return plan.find("gpu")->says;
    }
    static PlanInputs inputs(uint32_t threads, bool has_windows = false) {
        PlanInputs inputs;
        inputs.events_per_s = 10'000;
        inputs.config = default_plan_config();
        if (!has_windows) inputs.config.windows.clear();
        inputs.threads = threads;
        return inputs;
    }

    ThisMachine machine_{"a CPU, 2 CPUs", {}};
    const std::string path_ = scratch("plan-break-even.json");
};

TEST_F(EngineLine, AGpuIsTakenFromTheRateOnThatWasMeasured) {
    EXPECT_THAT(line(12e6, inputs(2)), AllOf(StartsWith("GPU: "), HasSubstr("from 10 M/s"),
                                             HasSubstr("12 M/s are expected")));
    EXPECT_THAT(line(9e6, inputs(2)), AllOf(StartsWith("CPU: "), HasSubstr("9 M/s are expected")));
    EXPECT_THAT(line(12e6, inputs(2, true)),
                AllOf(StartsWith("CPU: "), HasSubstr("does not pay at any rate")));
}

TEST_F(EngineLine, APlanThatSaysNothingUsableTakesTheCpuAndSaysWhy) {
    EXPECT_THAT(line(12e6, inputs(4)), AllOf(StartsWith("CPU: "), HasSubstr("and the job has 4")));
    machine_.devices.gpus.clear();
    machine_.devices.why_none = "there is no NVIDIA driver on this machine";
    EXPECT_THAT(line(12e6, inputs(2)), AllOf(StartsWith("CPU: "), HasSubstr("no NVIDIA driver")));
    std::remove(path_.c_str());
    machine_.devices = {.gpus = {{.name = "NVIDIA H200", .bus = "", .major = 9, .minor = 0}},
                        .why_none = ""};
    EXPECT_THAT(line(12e6, inputs(2)), AllOf(StartsWith("CPU: "), HasSubstr("--save measures it")));
}

}  // namespace
}  // namespace trommel::tools
