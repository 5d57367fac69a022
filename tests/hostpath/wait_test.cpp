#include "hostpath/wait.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace trommel::hostpath {
namespace {

// How often this thread has gone to sleep.
long sleeps() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

TEST(Wait, SpinsAtFirstAndSleepsWhenThereIsStillNothingToDo) {
    Wait wait;
    const long before = sleeps();
    for (int i = 0; i < 64; ++i) wait.idle();
    EXPECT_EQ(sleeps(), before);
    for (int i = 0; i < 64 + 10; ++i) wait.idle();
    EXPECT_GE(sleeps(), before + 10);
}

TEST(Wait, WhoDoesNotYieldSleepsRightAfterSpinning) {
    Wait wait(Wait::Yields::no);
    const long before = sleeps();
    for (int i = 0; i < 64; ++i) wait.idle();
    EXPECT_EQ(sleeps(), before);
    for (int i = 0; i < 10; ++i) wait.idle();
    EXPECT_GE(sleeps(), before + 10);
}

TEST(Wait, WorkMakesItWakefulAgain) {
    Wait wait;
    for (int i = 0; i < 140; ++i) wait.idle();
    wait.worked();
    const long before = sleeps();
    for (int i = 0; i < 64; ++i) wait.idle();
    EXPECT_EQ(sleeps(), before);
}

}  // namespace
}  // namespace trommel::hostpath
