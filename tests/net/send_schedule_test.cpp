#include "net/send_schedule.h"

#include <gtest/gtest.h>

namespace trommel::net {
namespace {

TEST(SendSchedule, EventsAreDueAtEvenDistances) {
    const SendSchedule schedule(1'000, 250'000);
    EXPECT_EQ(schedule.intended_us(0), 1'000);
    EXPECT_EQ(schedule.intended_us(1), 1'004);
    EXPECT_EQ(schedule.intended_us(250'000), 1'001'000);
}

TEST(SendSchedule, RatesThatDivideUnevenlyDoNotDrift) {
    const SendSchedule schedule(0, 3'000'000);
    EXPECT_EQ(schedule.intended_us(1), 0);
    EXPECT_EQ(schedule.intended_us(3), 1);
    EXPECT_EQ(schedule.intended_us(3'000'000ull * 86'400), 86'400'000'000);
    EXPECT_EQ(SendSchedule(0, 7).intended_us(7ull * 1'000'000'000'000), 1'000'000'000'000'000'000);
}

TEST(SendSchedule, DueAreExactlyTheEventsWhoseTimeHasCome) {
    for (const uint64_t rate :
         {1ull, 7ull, 999'999ull, 1'000'000ull, 1'000'001ull, 37'000'000ull}) {
        const SendSchedule schedule(500, rate);
        for (const int64_t passed : {0, 1, 2, 3, 999'999, 1'000'000, 1'234'567'891}) {
            const uint64_t due = schedule.due(500 + passed);
            EXPECT_LE(schedule.intended_us(due - 1), 500 + passed) << rate << " " << passed;
            EXPECT_GT(schedule.intended_us(due), 500 + passed) << rate << " " << passed;
        }
    }
}

TEST(SendSchedule, NothingIsDueBeforeTheStart) {
    const SendSchedule schedule(500, 1'000'000);
    EXPECT_EQ(schedule.due(INT64_MIN), 0U);
    EXPECT_EQ(schedule.due(499), 0U);
    EXPECT_EQ(schedule.due(500), 1U);
}

}  // namespace
}  // namespace trommel::net
