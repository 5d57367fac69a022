#include "tools/break_even_file.h"

#include <cstdlib>
#include <gmock/gmock.h>

#include "tests/tools/program.h"

namespace trommel::tools {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

StoredBreakEven stored() {
    StoredBreakEven stored;
    stored.processor = "a CPU, 16 CPUs";
    stored.gpu = "NVIDIA H200";
    stored.commit = "abc";
    stored.written = "2026-01-31 12:00 UTC";
    stored.workloads = {{"dedup", 16, 12'345'678}, {"dedup-windows", 8, std::nullopt}};
    return stored;
}

ThisMachine machine() {
    ThisMachine machine{"a CPU, 16 CPUs", {}};
    machine.devices.gpus = {{.name = "Tesla T4", .bus = "", .major = 7, .minor = 5},
                            {.name = "NVIDIA H200", .bus = "", .major = 9, .minor = 0}};
    return machine;
}

Config job(uint32_t threads, bool has_windows = false) {
    Config config;
    config.engine.threads = threads;
    if (has_windows) config.windows.resize(1);
    return config;
}

class BreakEvenFile : public testing::Test {
   protected:
    void SetUp() override { ASSERT_TRUE(save_break_even(path_, stored()).ok()); }
    void TearDown() override { std::remove(path_.c_str()); }
    KnownBreakEven known(const Config& config) {
        return known_break_even(path_, config, machine());
    }
    void expect_unusable(const KnownBreakEven& known, const char* why) {
        EXPECT_FALSE(known.gpu_pays_from);
        EXPECT_TRUE(known.is_unusable);
        EXPECT_THAT(known.says, AllOf(StartsWith(path_ + " "), HasSubstr(why),
                                      HasSubstr("--save measures it anew")));
    }
    const std::string path_ = scratch("break-even.json");
};

TEST_F(BreakEvenFile, AJobGoesByTheWorkloadThatIsLikeIt) {
    EXPECT_EQ(known(job(16)).gpu_pays_from, 12'345'678u);
    EXPECT_EQ(known(job(16)).says, "a GPU is ahead of dedup on 16 threads above 12.3 M events/s");
    EXPECT_EQ(known(job(8, true)).gpu_pays_from, EngineOptions::kNeverPays);
    EXPECT_THAT(known(job(8, true)).says, StartsWith("a GPU is never ahead of dedup-windows on 8"));
}

TEST_F(BreakEvenFile, WhatWasReadIsWhatWasWritten) {
    StoredBreakEven read;
    EXPECT_EQ(read_break_even(read_file(path_), path_, read), "");
    EXPECT_EQ(to_json(read), to_json(stored()));
}

TEST_F(BreakEvenFile, WithMoreThreadsThanWereMeasuredNothingIsKnown) {
    EXPECT_EQ(known(job(1)).gpu_pays_from, 12'345'678u);  // One thread carries less than sixteen.
    expect_unusable(known(job(17)), "with 16 threads, and the job has 17");
    expect_unusable(known(job(9, true)), "with 8 threads, and the job has 9");
}

TEST_F(BreakEvenFile, AnotherMachinesFileIsNotUsed) {
    ThisMachine other = machine();
    other.processor = "another CPU";
    expect_unusable(known_break_even(path_, job(1), other), "another machine (a CPU, 16 CPUs)");
    other = machine();
    other.devices.gpus[1].name = "NVIDIA A100";
    expect_unusable(known_break_even(path_, job(1), other), "another GPU (NVIDIA H200)");
}

TEST_F(BreakEvenFile, WithoutAFileItIsSaidHowToMeasure) {
    const KnownBreakEven none = known_break_even(scratch("none.json"), job(1), machine());
    EXPECT_FALSE(none.gpu_pays_from);
    EXPECT_FALSE(none.is_unusable);
    EXPECT_EQ(none.says,
              "not measured on this machine; trommel bench --engine cpu,gpu --save measures it");
    EXPECT_EQ(known_break_even("", job(1), machine()).says, none.says);
}

TEST_F(BreakEvenFile, BadAndOldFilesAreSaidToBeSo) {
    const std::string good = to_json(stored());
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        write_file(path_, text.replace(at, from.size(), to));
        return known(job(1));
    };
    write_file(path_, "");
    expect_unusable(known(job(1)), "is not what trommel bench --save writes");
    write_file(path_, good.substr(0, good.size() / 2));
    expect_unusable(known(job(1)), "is not what trommel bench --save writes");
    write_file(path_, "{\"format\":\"trommel-calibration-1\"}");
    expect_unusable(known(job(1)), "is not what trommel bench --save writes");
    expect_unusable(with("even-1", "even-0"), "another version of trommel (trommel-break-even-0)");
    expect_unusable(with("\"gpu\"", "\"gpv\""), "'gpu' is missing");
    expect_unusable(with("\"threads\":16", "\"threads\":0"), "'workloads' is missing");
    expect_unusable(with("12345678", "-5"), "'workloads' is missing");
    expect_unusable(with("12345678", "1.5"), "'workloads' is missing");
    expect_unusable(with("12345678", "18446744073709551615"), "'workloads' is missing");
    expect_unusable(with("\"name\":\"dedup\"", "\"name\":\"other\""), "says nothing of dedup");
}

TEST_F(BreakEvenFile, AFolderThatCannotBeMadeIsAnError) {
    EXPECT_EQ(save_break_even(path_ + "/no/folder.json", stored()).code, Code::io);
}

// --- The program ---------------------------------------------------------------------------------

TEST_F(BreakEvenFile, VersionAndCheckSayWhatCannotBeUsed) {
    Program::Options options;
    options.environment = {{"TROMMEL_BREAK_EVEN", path_}};  // Not of this machine.
    Program version({"version", "--verbose"}, options);
    EXPECT_EQ(version.wait(), 0);
    EXPECT_THAT(version.out(), HasSubstr("break-even   " + path_ + " was measured on another"));

    const std::string job_path = scratch("job.yaml");
    write_file(job_path,
               "source: { type: stdin }\ndecode:\n  fields: { id: id, time: time }\n"
               "engine: { threads: 1, expected_rate: 5M }\n"
               "sinks: [ { type: stdout, output: unique } ]\n");
    Program check({"check", job_path}, options);
    EXPECT_EQ(check.wait(), 0) << check.err();
    EXPECT_THAT(check.err(), HasSubstr("engine.type auto takes the CPU: " + path_));
    Program asked_for({"check", job_path, "--engine", "cpu"}, options);
    EXPECT_EQ(asked_for.wait(), 0);
    EXPECT_EQ(asked_for.err(), "");
    Program without_rate({"check", job_path, "-s", "engine.expected_rate=null"}, options);
    without_rate.wait();
    EXPECT_THAT(without_rate.err(), testing::Not(HasSubstr(path_)));
    std::remove(job_path.c_str());
}

}  // namespace
}  // namespace trommel::tools
