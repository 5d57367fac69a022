#include "tools/load/gen_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/job/synthetic_options.h"

namespace trommel::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

GenCommand command_to(const std::string& to) {
    GenCommand command;
    command.to = to;
    for (const SyntheticSetting& setting : synthetic_settings()) {
        command.settings.emplace_back(setting.name, setting.preset);
    }
    return command;
}

std::vector<std::string> wrong_with(const GenCommand& command) {
    GenPlan plan;
    return read_gen_plan(command, 0, plan);
}

TEST(GenPlan, TheNetworkGetsFramesAndFilesGetJson) {
    GenPlan plan;
    EXPECT_TRUE(read_gen_plan(command_to("udp://[::1]:4000"), 1'700'000'000'500'000, plan).empty());
    ASSERT_TRUE(plan.network.has_value());
    EXPECT_EQ(plan.format, GenFormat::binary);
    EXPECT_EQ(plan.frame_events, 44);
    EXPECT_EQ(plan.linger_us, 1000);
    EXPECT_EQ(plan.epoch, 1'700'000'000U);  // Seconds of the clock.
    EXPECT_TRUE(plan.segments);
    GenPlan file;
    EXPECT_TRUE(read_gen_plan(command_to("-"), 0, file).empty());
    EXPECT_FALSE(file.network.has_value());
    EXPECT_EQ(file.format, GenFormat::json);
}

TEST(GenPlan, ADurationAtARateIsSoManyRecords) {
    GenCommand command = command_to("udp://h:1");
    command.rate = "1M";
    command.duration = "1.5s";
    GenPlan plan;
    EXPECT_TRUE(read_gen_plan(command, 0, plan).empty());
    EXPECT_EQ(plan.stream.events, 1'500'000U);
    command.rate = "unlimited";
    EXPECT_THAT(wrong_with(command), ElementsAre(HasSubstr("--duration: needs a --rate")));
}

TEST(GenPlan, EveryMistakeIsToldAtOnce) {
    GenCommand command = command_to("udp://127.0.0.1");
    command.rate = "x";
    command.stamp = true;
    command.frame_events = "2046";
    command.linger = "1h";
    command.format = "csv";
    command.epoch = "-1";
    EXPECT_THAT(wrong_with(command),
                ElementsAre(HasSubstr("--rate: 'x'"), HasSubstr("--stamp: needs a --rate"),
                            HasSubstr("--to: '127.0.0.1' has no port"),
                            HasSubstr("--frame-events: '2046' must be 1 to 2045"),
                            HasSubstr("--linger: must be at most 10s"), HasSubstr("--epoch: '-1'"),
                            HasSubstr("--format: udp takes binary frames alone")));
}

TEST(GenPlan, WhatTheNetworkCannotSayIsRefused) {
    GenCommand command = command_to("tcp://h:1");
    for (auto& [name, text] : command.settings) {
        if (name == "partitions") text = "4";
        if (name == "corrupt") text = "1%";
    }
    EXPECT_THAT(wrong_with(command),
                ElementsAre(HasSubstr("--partitions: a network stream is one sender"),
                            HasSubstr("--corrupt: frames cannot be read beyond damage")));
}

TEST(GenPlan, StampsAndKeysAreForTheNetwork) {
    GenCommand command = command_to("events.ndjson");
    command.rate = "1k";
    command.stamp = true;
    command.key_file = "keys";
    EXPECT_THAT(wrong_with(command), ElementsAre(HasSubstr("--key-file: only frames"),
                                                 HasSubstr("--stamp: only what goes to")));
}

}  // namespace
}  // namespace trommel::tools
