#include <cstdio>
#include <gmock/gmock.h>
#include <string>

#include "tests/tools/program.h"
#include "tools/exit_code.h"

// The command, as a user runs it.
namespace trommel::tools {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class PlanCommands : public testing::Test {
   protected:
    ~PlanCommands() override {
        for (const std::string& path : {file_, job_}) std::remove(path.c_str());
    }
    const std::string file_ = scratch("plan.out"), job_ = scratch("plan.yaml");
};

TEST_F(PlanCommands, APlanGoesToStdoutWithItsFormulas) {
    Program program({"plan", "--events", "1G/day", "--peak", "5", "--event-bytes", "1kB"});
    EXPECT_EQ(program.wait(), kExitDone) << program.err();
    EXPECT_THAT(program.out(), HasSubstr("events, peak"));
    EXPECT_THAT(program.out(), HasSubstr("57.9 k/s"));
    EXPECT_THAT(program.out(), HasSubstr("1.00 TB"));
    EXPECT_THAT(program.out(), HasSubstr("unknown: not measured on this machine"));
    Program json({"plan", "--events", "1G/day", "--json"});
    EXPECT_EQ(json.wait(), kExitDone);
    EXPECT_THAT(json.out(), StartsWith("{\"lines\":["));
}

TEST_F(PlanCommands, EveryWrongFlagIsSaidAtOnce) {
    Program program({"plan", "--events", "many", "--peak-for", "5", "--mode", "sloppy"});
    EXPECT_EQ(program.wait(), kExitUsage);
    for (const char* part :
         {"--events: 'many'", "--peak-for: '5'", "--mode: 'sloppy' is none of"}) {
        EXPECT_THAT(program.err(), HasSubstr(part));
    }
    EXPECT_THAT(program.out(), IsEmpty());
    Program apart({"plan", "--events", "1", "--require", "-s", "a=1", "--out", "x"});
    EXPECT_EQ(apart.wait(), kExitUsage);
    for (const char* part : {"--require: belongs", "--set: changes a job", "--out: belongs"}) {
        EXPECT_THAT(apart.err(), HasSubstr(part));
    }
    Program none({"plan"});
    EXPECT_EQ(none.wait(), kExitUsage);
    EXPECT_THAT(none.err(), HasSubstr("--events: say how many"));
}

TEST_F(PlanCommands, AJobSaysWhatItDoes) {
    write_file(job_,
               "source: { type: stdin }\ndecode: { format: binary }\n"
               "dedup: { horizon: 2h }\ntime: { out_of_order: 1m }\n"
               "aggregates: { n: count }\nwindows: [ { name: w, size: 1m } ]\n"
               "engine: { threads: 3, memory: 16MiB }\n");
    Program program({"plan", "--job", job_, "--events", "100k", "--write-job", file_});
    EXPECT_EQ(program.wait(), kExitDone) << program.err();
    EXPECT_THAT(program.out(), HasSubstr("in 3 shards"));
    EXPECT_THAT(program.out(), HasSubstr("out_of_order 60 s"));
    Program check({"check", file_});
    EXPECT_EQ(check.wait(), kExitDone) << check.err();
    EXPECT_THAT(check.out(), HasSubstr("dedup       exact"));
    EXPECT_THAT(check.out(), Not(HasSubstr("memory 16 MiB")));
    Program both({"plan", "--job", job_, "--events", "1", "--horizon", "1h"});
    EXPECT_EQ(both.wait(), kExitUsage);
    EXPECT_THAT(both.err(), HasSubstr("--horizon: the job says it"));
    write_file(job_, "source: { type: stdin }\n");
    EXPECT_EQ(Program({"plan", "--job", job_, "--events", "1"}).wait(), kExitJobFile);
    EXPECT_EQ(Program({"plan", "--job", "no/such.yaml"}).wait(), kExitNoInput);
}

TEST_F(PlanCommands, ACalibrationMakesCoresKnown) {
    Program calibrate({"plan", "--calibrate", "--quick", "--out", file_});
    ASSERT_EQ(calibrate.wait(), kExitDone) << calibrate.err();
    EXPECT_THAT(calibrate.out(), IsEmpty());
    EXPECT_THAT(calibrate.err(), HasSubstr("measuring ids u64"));
    Program plan({"plan", "--events", "1M", "--calibration", file_});
    EXPECT_EQ(plan.wait(), kExitDone) << plan.err();
    EXPECT_THAT(plan.out(), HasSubstr("calibration of this machine"));
    write_file(file_, "{}");
    Program broken({"plan", "--events", "1M", "--calibration", file_});
    EXPECT_EQ(broken.wait(), kExitNoInput);
    EXPECT_THAT(broken.err(), HasSubstr("is not what trommel plan --calibrate writes"));
}

TEST_F(PlanCommands, ACheckWritesItsPredictionFirst) {
    Program check({"plan", "--check", "--quick", "--events", "2k", "--horizon", "2m", "--windows",
                   "10s", "--keys", "1k", "--out", file_});
    ASSERT_TRUE(check.says("The prediction is in ")) << check.err();
    EXPECT_THAT(read_file(file_), StartsWith("{\"kind\":\"prediction\""));
    EXPECT_EQ(check.wait(), kExitDone) << check.err();
    EXPECT_THAT(check.out(), HasSubstr("ids live at once"));
    EXPECT_THAT(check.err(), HasSubstr("by the same work, this machine was"));
    const std::string written = read_file(file_);
    EXPECT_THAT(written, HasSubstr("\n{\"kind\":\"measured\""));
    EXPECT_EQ(Program({"plan", "--check", "--quick", "--events", "2k", "--out", "no/such/folder/x"})
                  .wait(),
              kExitIo);
}

}  // namespace
}  // namespace trommel::tools
