// The program as a user meets it: what it says, where, and what it exits with.
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/tools/program.h"
#include "tools/exit_code.h"

namespace trommel::tools {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const char kEvents[] =
    R"({"id":"a","time":"2026-01-01T00:00:01Z","k":"x","v":1}
{"id":"b","time":"2026-01-01T00:00:02Z","k":"y","v":2}
{"id":"a","time":"2026-01-01T00:00:01Z","k":"x","v":1}
broken
{"id":"c","time":"2026-01-01T00:01:02Z","k":"x","v":-3}
)";
const char kRows[] =
    "window,start,end,k,n,s\n"
    "w,1767225600000000,1767225660000000,x,1,1\n"
    "w,1767225600000000,1767225660000000,y,1,2\n"
    "w,1767225660000000,1767225720000000,x,1,-3\n";
const char kLedger[] = "in=5 unique=3 duplicate=1 late=0 corrupt=1 filtered=0 refused=0";

const char kJob[] = R"(source: { type: stdin }
decode:
  fields: { id: id, time: time, key: k, values: { v: v } }
aggregates: { n: count, s: sum(v) }
windows: [ { name: w, size: 1m } ]
)";

// A job in a file of its own.
class Commands : public testing::Test {
   protected:
    void SetUp() override { write_file(job_, kJob); }
    void TearDown() override {
        std::remove(job_.c_str());
        std::remove(file_.c_str());
    }
    std::string job_ = scratch("job.yaml");
    std::string file_ = scratch("file");
};

// --- The command line ----------------------------------------------------------------------------

TEST_F(Commands, NoCommandShowsTheHelp) {
    Program program({});
    EXPECT_EQ(program.wait(), kExitUsage);
    EXPECT_THAT(program.err(), HasSubstr("trommel run"));
    EXPECT_THAT(program.out(), IsEmpty());
}

TEST_F(Commands, HelpIsData) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"--help"}, {"help"}, {"run", "--help"}, {"check", "-h"}, {"gen", "--help"}}) {
        Program program(words);
        EXPECT_EQ(program.wait(), kExitDone);
        EXPECT_THAT(program.out(), HasSubstr("trommel"));
        EXPECT_THAT(program.err(), IsEmpty());
    }
}

TEST_F(Commands, MistypedWordsGetASuggestion) {
    const auto said = [](const std::vector<std::string>& words) {
        Program program(words);
        EXPECT_EQ(program.wait(), kExitUsage);
        EXPECT_THAT(program.out(), IsEmpty());
        return program.err();
    };
    EXPECT_THAT(said({"rnu"}),
                StartsWith("trommel: error: unknown command 'rnu' (did you mean 'run'?)"));
    EXPECT_THAT(
        said({"job.yaml"}),
        StartsWith(
            "trommel: error: 'job.yaml' is no command (did you mean 'trommel run job.yaml'?)"));
    EXPECT_THAT(said({"top"}), HasSubstr("planned, not built yet"));
    EXPECT_THAT(said({"run", "--jsno"}),
                HasSubstr("unknown flag '--jsno' (did you mean '--json'?)"));
    EXPECT_THAT(said({"gen", "--event=5"}),
                HasSubstr("unknown flag '--event' (did you mean '--events'?)"));
    EXPECT_THAT(said({"run", "-s"}), HasSubstr("error:"));
    EXPECT_THAT(said({"check"}), HasSubstr("check needs a job file"));
    EXPECT_THAT(said({"run", "a.yaml", "b.yaml"}), HasSubstr("error:"));
}

TEST_F(Commands, VersionSaysHowItWasBuilt) {
    Program brief({"version"});
    EXPECT_EQ(brief.wait(), kExitDone);
    EXPECT_THAT(brief.out(), StartsWith("trommel 0."));
    Program verbose({"version", "--verbose"});
    EXPECT_EQ(verbose.wait(), kExitDone);
    for (const char* word : {"build", "compiler", "JSON", "gzip", "Zstandard", "io_uring", "DPDK",
                             "signatures", "jemalloc", "CUDA", "GPU", "engine", "SIMD"}) {
        EXPECT_THAT(verbose.out(), HasSubstr(word));
    }
}

// --- check ---------------------------------------------------------------------------------------

TEST_F(Commands, CheckPrintsWhatTheJobDoes) {
    Program program({"check", job_, "-s", "time={ out_of_order: 5s }", "-s", "dedup.horizon=1h",
                     "-s", "engine.threads=3", "-s", "engine.pin=true", "-s",
                     "engine.prefault=true"});
    EXPECT_EQ(program.wait(), kExitDone);
    for (const char* part :
         {"remembered for 1h to 1h 1m 52s 500ms", "tick 56s 250ms, reach 64", "pane 1m",
          "10d 16h apart", "3 shards, each pinned to a core, a helper for page faults",
          "memory      4 GiB, at least", "bytes each", "up to 3 times"}) {
        EXPECT_THAT(program.out(), HasSubstr(part));
    }
    EXPECT_THAT(program.err(), IsEmpty());
}

TEST_F(Commands, CheckOfTheApproximateModeSaysWhatIsLost) {
    Program program(
        {"check", job_, "-s", "dedup={ mode: approximate, error_rate: 1e-6, capacity: 1M }"});
    EXPECT_EQ(program.wait(), kExitDone);
    EXPECT_THAT(program.out(), HasSubstr("up to 86,400 of them are lost per day"));
    EXPECT_THAT(program.out(), HasSubstr("bits per id"));
}

TEST_F(Commands, CheckReportsEveryMistake) {
    write_file(job_, std::string(kJob) + "nmae: x\nengine: { threads: none }\n");
    Program program({"check", job_});
    EXPECT_EQ(program.wait(), kExitJobFile);
    EXPECT_EQ(program.err(),
              job_ + ":6:1: error: unknown field 'nmae' (did you mean 'name'?)\n" + job_ +
                  ":7:20: error: engine.threads: 'none' is neither auto nor a number from "
                  "1 to 64\n2 errors\n");
    EXPECT_THAT(program.out(), IsEmpty());
}

TEST_F(Commands, AMissingSourceIsOnlyAWarningOfCheck) {
    Program program({"check", job_, "-s", "source={ type: file, path: nowhere.ndjson }"});
    EXPECT_EQ(program.wait(), kExitDone);
    EXPECT_THAT(program.err(),
                HasSubstr("warning: source.path: 'nowhere.ndjson' cannot be read now"));
}

TEST_F(Commands, AMissingJobFileIsNoInput) {
    for (const char* verb : {"run", "check"}) {
        Program program({verb, "nowhere.yaml"});
        EXPECT_EQ(program.wait(), kExitNoInput);
        EXPECT_THAT(program.err(),
                    HasSubstr("cannot read the job file 'nowhere.yaml': No such file"));
    }
    Program folder({"run", testing::TempDir()});
    EXPECT_EQ(folder.wait(), kExitNoInput);
}

TEST_F(Commands, TheFieldsAndTheDemoAreJobs) {
    Program demo({"run", "--print-demo"});
    EXPECT_EQ(demo.wait(), kExitDone);
    write_file(job_, demo.out());
    EXPECT_EQ(Program({"check", job_}).wait(), kExitDone);
    Program fields({"check", "--fields"});
    EXPECT_EQ(fields.wait(), kExitDone);
    write_file(job_, fields.out());
    EXPECT_EQ(Program({"check", job_}).wait(), kExitDone);
}

// --- run -----------------------------------------------------------------------------------------

TEST_F(Commands, RunPutsRowsOnStdoutAndTheLedgerLast) {
    for (const char* threads : {"1", "2"}) {
        Program program({"run", job_, "-s", std::string("engine.threads=") + threads},
                        {.input = kEvents});
        EXPECT_EQ(program.wait(), kExitDone) << program.err();
        EXPECT_EQ(program.out(), kRows);
        EXPECT_EQ(program.err(), std::string(kLedger) + "\n");
    }
}

TEST_F(Commands, QuietSaysNothing) {
    Program program({"run", job_, "--quiet"}, {.input = kEvents});
    EXPECT_EQ(program.wait(), kExitDone);
    EXPECT_EQ(program.out(), kRows);
    EXPECT_THAT(program.err(), IsEmpty());
}

TEST_F(Commands, WithJsonTheLastLineIsTheFullReport) {
    Program program({"run", job_, "--json"}, {.input = kEvents});
    EXPECT_EQ(program.wait(), kExitDone);
    EXPECT_THAT(program.last_line(),
                StartsWith("{\"event\":\"report\",\"ledger\":{\"in\":5,\"unique\":3,"));
    for (const char* member :
         {"\"partitions\":[{", "\"shards\":[{", "\"records_per_second\":",
          "\"resident_bytes_max\":", "\"complete\":true", "\"engine\":\"cpu\"", "\"simd\":\""}) {
        EXPECT_THAT(program.last_line(), HasSubstr(member));
    }
    EXPECT_THAT(program.last_line(), EndsWith("}"));
}

TEST_F(Commands, WithJsonMistakesAreObjects) {
    Program program({"run", job_, "--json", "-s", "zzz=1"});
    EXPECT_EQ(program.wait(), kExitJobFile);
    EXPECT_EQ(program.err(),
              "{\"event\":\"error\",\"file\":\"-s zzz=1\",\"line\":0,\"column\":0,"
              "\"message\":\"unknown field 'zzz'\"}\n");
}

TEST_F(Commands, TheEnvironmentIsOverriddenByFlags) {
    Program::Options options;
    options.input = kEvents;
    options.environment = {{"TROMMEL_SET", "sinks[0]={type: stdout};engine.threads=none"},
                           {"TROMMEL_QUIET", "1"}};
    Program program({"run", job_, "-s", "engine.threads=1"}, options);
    EXPECT_EQ(program.wait(), kExitDone) << program.err();
    EXPECT_THAT(program.err(), IsEmpty());

    options.environment = {{"TROMMEL_SET", "engine.threads=none"}};
    Program wrong({"run", job_}, options);
    EXPECT_EQ(wrong.wait(), kExitJobFile);
    EXPECT_THAT(wrong.err(),
                StartsWith("TROMMEL_SET: engine.threads=none: error: engine.threads: "));

    options.environment = {{"TROMMEL_SET", "engine.threads=1;;engine.memory=none"}};
    Program second({"run", job_}, options);
    EXPECT_EQ(second.wait(), kExitJobFile);
    EXPECT_THAT(second.err(),
                StartsWith("TROMMEL_SET: engine.memory=none: error: engine.memory: "));

    options.environment = {{"TROMMEL_ENGINE", "gpu"}};
    Program gpu({"run", job_, "-s", "dedup.verify=true"}, options);
    EXPECT_EQ(gpu.wait(), kExitJobFile);
    EXPECT_THAT(gpu.err(), HasSubstr("engine.type: "));
}

TEST_F(Commands, TheEngineOfTheCommandLineIsTheLastWord) {
    Program::Options options;
    options.environment = {{"TROMMEL_ENGINE", "auto"}};
    Program refused({"check", job_, "-s", "dedup.verify=true", "--engine", "gpu"}, options);
    EXPECT_EQ(refused.wait(), kExitJobFile);
    EXPECT_THAT(refused.err(), StartsWith("--engine gpu: error: engine.type: "));
    Program cpu({"check", job_, "-s", "engine.type=gpu", "--engine", "cpu"}, options);
    EXPECT_EQ(cpu.wait(), kExitDone) << cpu.err();
    EXPECT_THAT(cpu.out(), HasSubstr("engine      cpu, because the job says so\n"));
    Program picked({"check", job_}, options);
    EXPECT_EQ(picked.wait(), kExitDone) << picked.err();
    EXPECT_THAT(picked.out(), HasSubstr("engine      cpu, because "));
}

TEST_F(Commands, AMissingSourceIsNoInput) {
    for (const char* path : {"nowhere.ndjson", "nowhere-*.ndjson"}) {
        Program program(
            {"run", job_, "-s", std::string("source={ type: file, path: '") + path + "' }"});
        EXPECT_EQ(program.wait(), kExitNoInput);
        EXPECT_THAT(program.err(), HasSubstr("nowhere"));
        EXPECT_THAT(program.out(), Not(HasSubstr("w,")));
    }
}

TEST_F(Commands, CorruptInputEndsARunThatWantsIt) {
    Program program({"run", job_, "-s", "decode.on_error=fail"}, {.input = kEvents});
    EXPECT_EQ(program.wait(), kExitCorruptInput);
    EXPECT_THAT(program.err(), HasSubstr("trommel: error: "));
}

TEST_F(Commands, UsedUpMemoryEndsARunThatWantsIt) {
    write_file(job_, R"(source: { type: synthetic, events: 3M, keys: 1 }
windows: [ { name: w, size: 1h } ]
engine: { memory: 16MiB, threads: 1 }
)");
    Program program({"run", job_});
    EXPECT_EQ(program.wait(), kExitMemoryFull);
    EXPECT_THAT(program.err(), HasSubstr("trommel: error: "));
    EXPECT_THAT(program.last_line(), StartsWith("in="));
}

TEST_F(Commands, AReaderThatGoesAwayEndsTheRunQuietly) {
    Program::Options options;
    options.input = kEvents;
    options.closed_output = true;
    Program program({"run", job_, "--quiet"}, options);
    EXPECT_EQ(program.wait(), kExitDone);
    EXPECT_THAT(program.err(), IsEmpty());
    Program gen({"gen", "--events", "100k", "--quiet"}, options);
    EXPECT_EQ(gen.wait(), kExitDone);
    EXPECT_THAT(gen.err(), IsEmpty());
}

TEST_F(Commands, AFullDiskIsAnIoError) {
    Program::Options options;
    options.input = kEvents;
    options.output_path = "/dev/full";
    EXPECT_EQ(Program({"run", job_}, options).wait(), kExitIo);
    EXPECT_EQ(Program({"gen", "--events", "100k"}, options).wait(), kExitIo);
}

TEST_F(Commands, AFileThatCannotBeWrittenIsAnIoError) {
    Program program({"run", job_, "-s", "sinks[0]={ type: file, path: no/such/folder/out.csv }"},
                    {.input = kEvents});
    EXPECT_EQ(program.wait(), kExitIo);
    EXPECT_THAT(program.err(), HasSubstr("no/such/folder/out.csv"));
}

TEST_F(Commands, ASinkHasItsNameOnlyWhenComplete) {
    const std::string sink = "sinks[0]={ type: file, path: '" + file_ + "' }";
    EXPECT_EQ(
        Program({"run", job_, "-s", sink, "-s", "decode.on_error=fail"}, {.input = kEvents}).wait(),
        kExitCorruptInput);
    EXPECT_THAT(read_file(file_), IsEmpty());
    EXPECT_EQ(Program({"run", job_, "-s", sink}, {.input = kEvents}).wait(), kExitDone);
    EXPECT_EQ(read_file(file_), kRows);
    std::remove((file_ + ".partial").c_str());
}

TEST_F(Commands, DeadLettersKeepTheirBytes) {
    Program program({"run", job_, "-s", "dlq={ type: file, path: '" + file_ + "' }"},
                    {.input = kEvents});
    EXPECT_EQ(program.wait(), kExitDone);
    EXPECT_THAT(read_file(file_), HasSubstr("\"raw\":\"broken\""));
}

TEST_F(Commands, UniqueRecordsComeOutAsTheyCame) {
    Program program({"run", job_, "-s", "sinks[0]={ type: stdout, output: unique }"},
                    {.input = kEvents});
    EXPECT_EQ(program.wait(), kExitDone);
    const std::string events = kEvents;
    const size_t line = events.find('\n') + 1;
    EXPECT_EQ(program.out(), events.substr(0, 2 * line) + events.substr(events.rfind('{')));
}

// --- Signals -------------------------------------------------------------------------------------

TEST_F(Commands, ASignalDrainsAndIsNoFailure) {
    for (const int signal : {SIGINT, SIGTERM}) {
        Program::Options options;
        options.open_input = true;
        Program program({"run", job_, "--json"}, options);
        ASSERT_TRUE(program.says("\"event\":\"progress\"")) << program.err();
        program.send(signal);
        EXPECT_EQ(program.wait(), kExitDone);
        EXPECT_THAT(program.last_line(), StartsWith("{\"event\":\"report\""));
        EXPECT_EQ(program.out(), "window,start,end,k,n,s\n");
    }
}

TEST_F(Commands, ASecondSignalEndsItAtOnce) {
    Program::Options options;
    options.open_input = true;
    Program program({"run", job_, "--json"}, options);
    ASSERT_TRUE(program.says("\"event\":\"progress\"")) << program.err();
    // Both are pending when it goes on, so that it cannot end between them.
    program.send(SIGSTOP);
    program.send(SIGINT);
    program.send(SIGTERM);
    program.send(SIGCONT);
    EXPECT_EQ(program.wait(), kExitInterrupted);
}

// --- gen -----------------------------------------------------------------------------------------

TEST_F(Commands, WhatGenPromisesRunFinds) {
    for (const char* format : {"json", "csv"}) {
        Program gen({"gen", "--events",       "20k",  "--duplicates", "10%", "--late",
                     "2%",  "--late-by",      "10s",  "--corrupt",    "1%",  "--step",
                     "1ms", "--out-of-order", "2s",   "--pane",       "1s",  "--keys",
                     "7",   "--format",       format, "--to",         file_});
        ASSERT_EQ(gen.wait(), kExitDone) << gen.err();
        EXPECT_THAT(gen.out(), IsEmpty());
        write_file(job_, "source: { type: file, path: '" + file_ +
                             "' }\ndecode:\n  format: " + format +
                             R"(
  fields:
    id: { field: id, type: u64 }
    time: { field: time, format: us }
    key: { field: key, type: int }
    values: { v0: v0 }
time: { out_of_order: 2s }
aggregates: { n: count }
windows: [ { name: w, size: 1s } ]
)");
        Program run({"run", job_});
        EXPECT_EQ(run.wait(), kExitDone);
        EXPECT_EQ(run.last_line(), gen.last_line() + " filtered=0 refused=0");
    }
}

TEST_F(Commands, GenWritesFramesThatRunReads) {
    Program gen(
        {"gen", "--events", "10k", "--duplicates", "10%", "--format", "binary", "--to", file_});
    ASSERT_EQ(gen.wait(), kExitDone) << gen.err();
    write_file(job_, "source: { type: file, path: '" + file_ + "' }\ndecode: { format: binary }\n" +
                         "aggregates: { s: sum(value) }\nwindows: [ { name: w, size: 1h } ]\n");
    Program run({"run", job_});
    EXPECT_EQ(run.wait(), kExitDone) << run.err();
    EXPECT_EQ(run.last_line(), gen.last_line() + " filtered=0 refused=0");
    EXPECT_EQ(Program({"gen", "--format", "binary", "--corrupt", "1%"}).wait(), kExitUsage);
}

TEST_F(Commands, GenStopsAtASignalWithAWholeFile) {
    Program gen({"gen", "--events", "1M", "--rate", "1", "--to", file_});
    for (int i = 0; i < 10'000 && access((file_ + ".partial").c_str(), F_OK) != 0; ++i)
        usleep(5000);
    EXPECT_NE(access(file_.c_str(), F_OK), 0);
    gen.send(SIGTERM);
    EXPECT_EQ(gen.wait(), kExitDone);
    EXPECT_EQ(access(file_.c_str(), F_OK), 0);
    EXPECT_NE(access((file_ + ".partial").c_str(), F_OK), 0);
    EXPECT_THAT(gen.last_line(), StartsWith("in="));
}

TEST_F(Commands, GenReportsEveryWrongFlag) {
    Program program({"gen", "--events", "many", "--zipf", "-1", "--format", "xml", "--rate", "5s"});
    EXPECT_EQ(program.wait(), kExitUsage);
    for (const char* part : {"--events: 'many'", "--zipf: '-1'",
                             "--format: 'xml' is none of json, csv, binary", "--rate: '5s'"}) {
        EXPECT_THAT(program.err(), HasSubstr(part));
    }
    EXPECT_THAT(program.out(), IsEmpty());
}

TEST_F(Commands, GenRepeatsItselfForASeed) {
    const auto made = [](const char* seed) {
        Program program({"gen", "--events", "1000", "--seed", seed});
        EXPECT_EQ(program.wait(), kExitDone);
        return program.out();
    };
    EXPECT_EQ(made("5"), made("5"));
    EXPECT_NE(made("5"), made("6"));
}

// --- The demo and the real stream ----------------------------------------------------------------

TEST_F(Commands, TheDemoMeetsItsTruth) {
    Program program({"run", "-s", "source.events=200k"});
    EXPECT_EQ(program.wait(), kExitDone);
    EXPECT_THAT(program.err(), HasSubstr("The ledger says the same:"));
    EXPECT_THAT(program.out(), HasSubstr("ten_seconds,2026-01-01T00:00:00Z,2026-01-01T00:00:10Z,"));
}

TEST_F(Commands, TheRealStreamGivesTheExpectedRows) {
    const std::string data = TROMMEL_TEST_DATA;
    const struct {
        const char* name;
        const char* ledger;
    } kJobs[] = {
        {"weekly-all",
         "in=117798 unique=105596 duplicate=12131 late=0 corrupt=71 filtered=0 refused=0"},
        {"weekly-60d",
         "in=117798 unique=101031 duplicate=11396 late=5300 corrupt=71 filtered=0 refused=0"},
    };
    for (const auto& job : kJobs) {
        for (const char* threads : {"1", "3"}) {
            Program program({"run", data + "/jobs/" + job.name + ".yaml", "-s",
                             "source.path='" + data + "/commits.ndjson.gz'", "-s",
                             std::string("engine.threads=") + threads});
            EXPECT_EQ(program.wait(), kExitDone) << program.err();
            EXPECT_EQ(program.last_line(), job.ledger);
            EXPECT_TRUE(program.out() == read_file(data + "/expected/" + job.name + ".csv"))
                << job.name;
        }
    }
}

// The rows of these two are too many to keep: the oracle's are known by their sum.
std::string sha256_of(const std::string& path) {
    std::FILE* const pipe = popen(("sha256sum '" + path + "'").c_str(), "r");
    char sum[65] = {};
    if (pipe == nullptr || std::fread(sum, 1, 64, pipe) != 64) return "no sha256sum";
    pclose(pipe);
    return sum;
}

TEST_F(Commands, TheRealStreamGivesTheExpectedSums) {
    const std::string data = TROMMEL_TEST_DATA;
    const struct {
        const char *name, *ledger, *sha256;
    } kJobs[] = {
        {"commits-per-week",
         "in=117798 unique=101031 duplicate=11396 late=5300 corrupt=71 filtered=0 refused=0",
         "10391d25750b93c76cf3116be0c711f352ccb72f932e1ac53e4086323ea4c0d1"},
        {"bursts",
         "in=117798 unique=98362 duplicate=11028 late=8337 corrupt=71 filtered=0 refused=0",
         "cd9f4d40894efa3ec7ced35d0c5efdbdb512fffa881cc12a0beb986ededc0865"},
    };
    for (const auto& job : kJobs) {
        for (const char* threads : {"1", "2", "8"}) {
            Program program({"run", data + "/jobs/" + job.name + ".yaml", "-s",
                             "source.path='" + data + "/commits.ndjson.gz'", "-s",
                             "sinks[0]={ type: file, path: '" + file_ + "' }", "-s",
                             "dlq={ type: null }", "-s", std::string("engine.threads=") + threads});
            EXPECT_EQ(program.wait(), kExitDone) << program.err();
            EXPECT_EQ(program.last_line(), job.ledger);
            EXPECT_EQ(sha256_of(file_), job.sha256) << job.name << " with threads: " << threads;
        }
    }
}

}  // namespace
}  // namespace trommel::tools
