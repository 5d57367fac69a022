// `trommel bench --engine` as a user meets it.
#include <gmock/gmock.h>

#include "hostpath/engine_choice.h"
#include "kernels/cuda/devices.h"
#include "tests/tools/json_reader.h"
#include "tests/tools/program.h"
#include "tools/exit_code.h"

namespace trommel::tools {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string refused(std::vector<std::string> words) {
    words.insert(words.begin(), "bench");
    Program program(words);
    EXPECT_EQ(program.wait(), kExitUsage);
    EXPECT_THAT(program.out(), IsEmpty());
    return program.err();
}

TEST(BenchEngines, TwoEnginesThatAgreeHaveFigures) {
    Program program({"bench", "--engine", "cpu,cpu:2", "--quick"});
    ASSERT_EQ(program.wait(), kExitDone) << program.err();
    EXPECT_THAT(program.out(),
                AllOf(HasSubstr("No measurement"), HasSubstr("dedup: exact dedup of 64-bit ids"),
                      HasSubstr("dedup-windows: "), HasSubstr("every run: verdicts "),
                      HasSubstr("The smallest batch with which each keeps up"),
                      HasSubstr("ahead of cpu"), HasSubstr("Not measured: rates of events")));
}

TEST(BenchEngines, OneWorkloadAndItsSizesAsJson) {
    Program program(
        {"bench", "--engine", "cpu,cpu:3", "dedup", "--quick", "--batch", "100,1k", "--json"});
    ASSERT_EQ(program.wait(), kExitDone) << program.err();
    Json json;
    ASSERT_TRUE(read_json(program.out(), json));
    EXPECT_EQ(json["format"].text, "trommel engines 1");
    ASSERT_EQ(json["comparisons"].items.size(), 1u);
    const Json& comparison = json["comparisons"].items[0];
    EXPECT_EQ(comparison["name"].text, "dedup");
    ASSERT_EQ(comparison["figures"].items.size(), 4u);
    EXPECT_EQ(comparison["figures"].items[3]["engine"].text, "cpu:3");
    EXPECT_EQ(comparison["figures"].items[3]["batch_records"].number, 1000);
    EXPECT_GT(comparison["figures"].items[3]["rate"].number, 0);
    EXPECT_EQ(json["limits"].kind, Json::Kind::null);
}

TEST(BenchEngines, AJobIsAWorkload) {
    const std::string path = scratch("engines-job.yaml");
    write_file(path,
               "name: made-up\nsource: { type: synthetic, events: 100k, duplicates: 10% }\n"
               "time: { out_of_order: 10s }\naggregates: { n: count, s: sum(v0) }\n"
               "windows: [ { name: w, size: 10s } ]\n"
               "sinks: [ { type: file, path: must-not-be-there.csv } ]\n");
    Program program({"bench", "--engine", "cpu,cpu:2", "--quick", "--job", path});
    EXPECT_EQ(program.wait(), kExitDone) << program.err();
    EXPECT_THAT(program.out(), AllOf(HasSubstr("made-up: the job "), HasSubstr("in=100000 ")));
    std::remove(path.c_str());
}

TEST(BenchEngines, AJobWhoseEventsCannotBeHadTwiceIsRefused) {
    const std::string path = scratch("engines-stdin.yaml");
    write_file(path,
               "source: { type: stdin }\ndecode:\n  fields: { id: id, time: time }\n"
               "sinks: [ { type: stdout, output: unique } ]\n");
    Program program({"bench", "--engine", "cpu,cpu:2", "--job", path});
    EXPECT_EQ(program.wait(), kExitJobFile);
    EXPECT_THAT(program.err(), HasSubstr("the same events for each engine"));
    std::remove(path.c_str());
}

TEST(BenchEngines, MistakesOfTheCommandLineAreSaidBeforeAnyWork) {
    EXPECT_THAT(refused({"--engine", "cpu"}), HasSubstr("two are compared"));
    EXPECT_THAT(refused({"--engine", "cpu,tpu"}), HasSubstr("'tpu' is no engine"));
    EXPECT_THAT(refused({"--engine", "cpu,cpu:2", "dedpu"}), HasSubstr("did you mean 'dedup'"));
    EXPECT_THAT(refused({"--engine", "cpu,cpu:2", "--batch", "4k,1k"}), HasSubstr("sizes go up"));
    EXPECT_THAT(refused({"--engine", "cpu,cpu:2", "--batch", "x"}), HasSubstr("--batch: 'x'"));
    EXPECT_THAT(refused({"--engine", "cpu,cpu:2", "--events", "100k"}), HasSubstr("at least"));
    EXPECT_THAT(refused({"--engine", "cpu,cpu:2", "--save"}), HasSubstr("needs --engine cpu,gpu"));
    EXPECT_THAT(refused({"--engine", "cpu,gpu", "--save", "--quick"}),
                HasSubstr("not with --quick"));
    EXPECT_THAT(refused({"--engine", "cpu,gpu", "--save", "--job", "x.yaml"}), HasSubstr("--save"));
    EXPECT_THAT(refused({"--engine", "cpu,cpu:2", "--list"}), HasSubstr("not with"));
    EXPECT_THAT(refused({"--save"}), HasSubstr("--engine"));
    EXPECT_THAT(refused({"--events", "1M"}), HasSubstr("--engine"));
}

TEST(BenchEngines, WithoutAGpuItSaysSoAndPrintsNoFigure) {
    if (cuda::why_none_able(cuda::visible_devices()).empty()) GTEST_SKIP() << "there is a GPU";
    Program program({"bench", "--engine", "cpu,gpu", "--quick"});
    EXPECT_EQ(program.wait(), kExitUnreachable);
    EXPECT_THAT(program.out(), IsEmpty());
    EXPECT_THAT(program.err(), HasSubstr(cuda::visible_devices().why_none));
}

}  // namespace
}  // namespace trommel::tools
