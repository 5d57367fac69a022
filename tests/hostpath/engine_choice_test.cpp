#include "hostpath/engine_choice.h"

#include <gmock/gmock.h>

namespace trommel::hostpath {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A machine with an H200, on which a GPU pays from 100 M events per second on.
EngineFacts good_facts() {
    EngineFacts facts;
    facts.devices.gpus = {{.name = "NVIDIA H200", .bus = "", .major = 9, .minor = 0}};
    facts.break_even_per_second = 100e6;
    facts.expected_per_second = 250e6;
    return facts;
}

EngineChoice choose(EngineType type, const EngineFacts& facts, bool verify = false) {
    Config config;
    config.engine.type = type;
    config.dedup.verify = verify;
    return choose_engine(config, facts);
}

void expect(const EngineChoice& choice, EngineType type, bool possible, const char* reason) {
    EXPECT_EQ(choice.type, type) << choice.reason;
    EXPECT_EQ(choice.is_possible, possible) << choice.reason;
    EXPECT_THAT(choice.reason, HasSubstr(reason));
}

TEST(EngineChoice, TheCpuIsTakenWhereItIsAskedForWhateverTheMachine) {
    expect(choose(EngineType::cpu, good_facts()), EngineType::cpu, true, "the job says so");
    expect(choose(EngineType::cpu, {}), EngineType::cpu, true, "the job says so");
}

TEST(EngineChoice, AGpuIsTakenWhereItIsAskedForAndThereIsOne) {
    EngineFacts facts = good_facts();
    expect(choose(EngineType::gpu, facts), EngineType::gpu, true, "the job says so");
    facts.break_even_per_second.reset();  // Who asks for it need not have measured.
    expect(choose(EngineType::gpu, facts), EngineType::gpu, true, "the job says so");
}

TEST(EngineChoice, WhatKeepsAJobOffTheGpuIsRefusedOrTakesTheCpu) {
    EngineFacts none = good_facts(), old = good_facts();
    none.devices = {.gpus = {}, .why_none = "there is no NVIDIA driver on this machine"};
    old.devices.gpus = {{.name = "Tesla T4", .bus = "", .major = 7, .minor = 5}};
    const struct {
        EngineFacts facts;
        bool verify;
        const char* reason;
    } cases[] = {{none, false, "no NVIDIA driver"},
                 {old, false, "compute capability 8.0 or more is needed, and there is Tesla T4"},
                 {good_facts(), true, "dedup.verify"}};
    for (const auto& c : cases) {
        const EngineChoice asked = choose(EngineType::gpu, c.facts, c.verify);
        expect(asked, EngineType::gpu, false, c.reason);
        EXPECT_THAT(asked.reason, HasSubstr("use cpu, or auto"));
        expect(choose(EngineType::automatic, c.facts, c.verify), EngineType::cpu, true, c.reason);
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
    EXPECT_THAT(why_not_on_gpu(config), HasSubstr("on_full: forget"));
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
    EngineFacts facts = good_facts();
    facts.devices.gpus.insert(facts.devices.gpus.begin(),
                              {.name = "Tesla T4", .bus = "", .major = 7, .minor = 5});
    expect(choose(EngineType::gpu, facts), EngineType::gpu, true, "the job says so");
}

TEST(EngineChoice, AutoTakesTheGpuFromTheMeasuredRateOn) {
    EngineFacts facts = good_facts();
    expect(choose(EngineType::automatic, facts), EngineType::gpu, true,
           "a GPU pays from 100 M/s, and 250 M/s are expected");
    facts.expected_per_second = 100e6;
    expect(choose(EngineType::automatic, facts), EngineType::gpu, true, "100 M/s are expected");
    facts.expected_per_second = 99e6;
    expect(choose(EngineType::automatic, facts), EngineType::cpu, true, "99 M/s are expected");
    facts.expected_per_second.reset();
    expect(choose(EngineType::automatic, facts), EngineType::cpu, true, "is not known");
    facts.break_even_per_second.reset();
    expect(choose(EngineType::automatic, facts), EngineType::cpu, true, "has not been measured");
}

TEST(EngineChoice, AGpuThatCannotBeHadMakesAConfigInvalid) {
    Config config;
    EXPECT_TRUE(validate(config).empty());
    config.engine.type = EngineType::cpu;
    EXPECT_TRUE(validate(config).empty());
    config.engine.type = EngineType::gpu;
    const std::vector<Problem> problems = validate(config);
    ASSERT_EQ(problems.size(), choose_engine(config, engine_facts()).is_possible ? 0u : 1u);
    if (problems.empty()) return;
    EXPECT_EQ(problems[0].where, "engine.type");
    EXPECT_EQ(problems[0].what, choose_engine(config, engine_facts()).reason);
}

}  // namespace
}  // namespace trommel::hostpath
