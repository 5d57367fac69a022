#include "hostpath/engine_choice.h"

#include <gmock/gmock.h>

namespace trommel::hostpath {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A machine with an H200.
cuda::Devices h200() {
    return {.gpus = {{.name = "NVIDIA H200", .bus = "", .major = 9, .minor = 0}}, .why_none = ""};
}

// A job that expects 250 M events per second where a GPU pays from 100 M on.
Config job(EngineType type, bool verify = false) {
    Config config;
    config.engine.type = type;
    config.engine.gpu_pays_from = 100'000'000;
    config.engine.expected_rate = 250'000'000;
    config.dedup.verify = verify;
    return config;
}

void expect(const EngineChoice& choice, EngineType type, bool possible, const char* reason) {
    EXPECT_EQ(choice.type, type) << choice.reason;
    EXPECT_EQ(choice.is_possible, possible) << choice.reason;
    EXPECT_THAT(choice.reason, HasSubstr(reason));
}

TEST(EngineChoice, TheCpuIsTakenWhereItIsAskedForWhateverTheMachine) {
    expect(choose_engine(job(EngineType::cpu), h200()), EngineType::cpu, true, "the job says so");
    expect(choose_engine(job(EngineType::cpu), {}), EngineType::cpu, true, "the job says so");
}

TEST(EngineChoice, AGpuIsTakenWhereItIsAskedForAndThereIsOne) {
    Config config = job(EngineType::gpu);
    expect(choose_engine(config, h200()), EngineType::gpu, true, "the job says so");
    config.engine.gpu_pays_from.reset();  // Who asks for it need not have measured.
    expect(choose_engine(config, h200()), EngineType::gpu, true, "the job says so");
}

TEST(EngineChoice, WhatKeepsAJobOffTheGpuIsRefusedOrTakesTheCpu) {
    const cuda::Devices none{.gpus = {}, .why_none = "there is no NVIDIA driver on this machine"};
    const cuda::Devices old{.gpus = {{.name = "Tesla T4", .bus = "", .major = 7, .minor = 5}},
                            .why_none = ""};
    const struct {
        cuda::Devices devices;
        bool verify;
        const char* reason;
    } cases[] = {{none, false, "no NVIDIA driver"},
                 {old, false, "compute capability 8.0 or more is needed, and there is Tesla T4"},
                 {h200(), true, "dedup.verify"}};
    for (const auto& c : cases) {
        const EngineChoice asked = choose_engine(job(EngineType::gpu, c.verify), c.devices);
        expect(asked, EngineType::gpu, false, c.reason);
        EXPECT_THAT(asked.reason, HasSubstr("use cpu, or auto"));
        expect(choose_engine(job(EngineType::automatic, c.verify), c.devices), EngineType::cpu,
               true, c.reason);
    }
}

TEST(EngineChoice, WhatAGpuCannotDoIsSaidAndAllElseItCan) {
    Config config;
    EXPECT_EQ(why_not_on_gpu(config), "");
    config.dedup.mode = DedupMode::approximate;
    EXPECT_EQ(why_not_on_gpu(config), "");
    config.engine.threads = 2;
    EXPECT_THAT(why_not_on_gpu(config), HasSubstr("engine.threads has to be 1"));
    config.engine = {};
    config.engine.on_full = OnFull::forget;
    EXPECT_EQ(why_not_on_gpu(config), "");
    config.dedup.mode = DedupMode::exact;
    EXPECT_EQ(why_not_on_gpu(config), "");
    config.dedup.mode = DedupMode::off;
    config.windows = {{.name = "s", .kind = WindowKind::session, .gap_us = 5}};
    EXPECT_THAT(why_not_on_gpu(config), HasSubstr("the job has neither"));
    config.windows.push_back(
        {.name = "t", .kind = WindowKind::tumbling, .size_us = 5, .slide_us = 5});
    EXPECT_EQ(why_not_on_gpu(config), "");
}

TEST(EngineChoice, AnyGpuThatIsAbleWillDo) {
    cuda::Devices devices = h200();
    devices.gpus.insert(devices.gpus.begin(),
                        {.name = "Tesla T4", .bus = "", .major = 7, .minor = 5});
    expect(choose_engine(job(EngineType::gpu), devices), EngineType::gpu, true, "the job says so");
}

TEST(EngineChoice, AutoTakesTheGpuFromTheMeasuredRateOn) {
    Config config = job(EngineType::automatic);
    EngineOptions& engine = config.engine;
    const auto choose = [&] { return choose_engine(config, h200()); };
    expect(choose(), EngineType::gpu, true, "a GPU pays from 100 M/s, and 250 M/s are expected");
    engine.expected_rate = 100'000'000;
    expect(choose(), EngineType::gpu, true, "100 M/s are expected");
    engine.expected_rate = 99'000'000;
    expect(choose(), EngineType::cpu, true, "99 M/s are expected");
    engine.expected_rate.reset();
    expect(choose(), EngineType::cpu, true, "engine.expected_rate says it");
    engine.gpu_pays_from.reset();
    expect(choose(), EngineType::cpu, true, "trommel bench --engine cpu,gpu --save measures it");
}

TEST(EngineChoice, AGpuThatNeverPaysIsNotTakenAtAnyRate) {
    Config config = job(EngineType::automatic);
    config.engine.gpu_pays_from = EngineOptions::kNeverPays;
    config.engine.expected_rate = UINT64_MAX;
    expect(choose_engine(config, h200()), EngineType::cpu, true, "does not pay at any rate");
}

TEST(EngineChoice, HereIsWhatTheJobSaysOrTheChoiceForThisMachine) {
    EXPECT_EQ(engine_here(job(EngineType::cpu)), EngineType::cpu);
    EXPECT_EQ(engine_here(job(EngineType::gpu)), EngineType::gpu);
    Config config = job(EngineType::automatic);
    EXPECT_EQ(engine_here(config), choose_engine(config, cuda::visible_devices()).type);
    config.engine.expected_rate.reset();
    EXPECT_EQ(engine_here(config), EngineType::cpu);
}

TEST(EngineChoice, ARateOfNothingIsNoRate) {
    Config config;
    config.engine.expected_rate = 0;
    const std::vector<Problem> problems = validate(config);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].where, "engine.expected_rate");
}

TEST(EngineChoice, AGpuThatCannotBeHadMakesAConfigInvalid) {
    Config config;
    EXPECT_TRUE(validate(config).empty());
    config.engine.type = EngineType::cpu;
    EXPECT_TRUE(validate(config).empty());
    config.engine.type = EngineType::gpu;
    const std::vector<Problem> problems = validate(config);
    ASSERT_EQ(problems.size(),
              choose_engine(config, cuda::visible_devices()).is_possible ? 0u : 1u);
    if (problems.empty()) return;
    EXPECT_EQ(problems[0].where, "engine.type");
    EXPECT_EQ(problems[0].what, choose_engine(config, cuda::visible_devices()).reason);
}

}  // namespace
}  // namespace trommel::hostpath
