#include <gmock/gmock.h>
#include <string>

#include "tests/tools/program.h"
#include "tools/exit_code.h"

// `trommel bench ingest` and `trommel bench sustain`, as a user runs them.
namespace trommel::tools {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LoadCommands, EveryWrongFlagOfIngestIsSaidAtOnce) {
    Program program({"bench", "ingest", "--keys", "many", "--horizon", "long", "--window", "x"});
    EXPECT_EQ(program.wait(), kExitUsage);
    EXPECT_THAT(program.out(), IsEmpty());
    EXPECT_THAT(program.err(), AllOf(HasSubstr("--keys: 'many'"), HasSubstr("--horizon: 'long'"),
                                     HasSubstr("--window: 'x'")));
    Program few({"bench", "ingest", "--events", "10"});
    EXPECT_EQ(few.wait(), kExitUsage);
    EXPECT_THAT(few.err(), HasSubstr("--events: must be 300k to 100M"));
    Program contradiction({"bench", "ingest", "--horizon", "1ms"});
    EXPECT_EQ(contradiction.wait(), kExitUsage);
    EXPECT_THAT(contradiction.err(), HasSubstr("dedup.horizon 1ms is less than"));
}

TEST(LoadCommands, IngestSaysItsJobAndTheCommandThatRepeatsIt) {
    Program program({"bench", "ingest", "--quick", "--keys", "1k", "--duplicate-distance", "1k",
                     "--horizon", "100ms", "--window", "30ms", "--json"});
    EXPECT_EQ(program.wait(), kExitDone) << program.err();
    EXPECT_THAT(program.out(),
                AllOf(HasSubstr("--duplicate-distance 1k --horizon 100ms --window 30ms"),
                      HasSubstr("a horizon of 0.1 s"), HasSubstr("a window of 0.03 s")));
}

TEST(LoadCommands, WrongFlagsOfSustainAreSaid) {
    Program program({"bench", "sustain", "--rate", "fast", "--overload", "much"});
    EXPECT_EQ(program.wait(), kExitUsage);
    EXPECT_THAT(program.err(), AllOf(HasSubstr("--rate: 'fast'"), HasSubstr("--overload: 'much'")));
    Program less({"bench", "sustain", "--rate", "1k", "--overload", "1"});
    EXPECT_EQ(less.wait(), kExitUsage);
    EXPECT_THAT(less.err(), HasSubstr("--overload: must be more than 1"));
}

}  // namespace
}  // namespace trommel::tools
