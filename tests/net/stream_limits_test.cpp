#include <gtest/gtest.h>

#include "net/stream_source.h"
#include "tests/net/stream_station.h"

// How many connections a source has, and for how long.
namespace trommel::net {
namespace {

using StreamLimitsTest = StreamSourceTest;

INSTANTIATE_TEST_SUITE_P(, StreamLimitsTest, testing::ValuesIn(all_ways()), name_of);

TEST_P(StreamLimitsTest, ConnectionsBeyondTheLimitAreClosedAtOnceAndCounted) {
    options.connections_max = 2;
    open();
    StreamPeer a = connect(), b = connect();
    look_until_open(2);
    StreamPeer c = connect();
    look_until([&] { return source->transport()->connections_refused == 1; });
    EXPECT_TRUE(c.sees_end());
    ASSERT_TRUE(a.send(records_of(0, 2)));
    look_until_records(2);
    b.close();
    look_until_open(1);
    StreamPeer d = connect();
    ASSERT_TRUE(d.send(records_of(0, 3)));
    look_until_records(5);
    EXPECT_EQ(source->transport()->connections, 3u);
}

TEST_P(StreamLimitsTest, ASlowConnectionIsEndedByTheHeaderTimeout) {
    options.header_timeout_us = 1'000'000;
    open();
    StreamPeer slow = connect(), good = connect();
    ASSERT_TRUE(good.send(records_of(0, 1)));
    look_until_records(1);
    const std::string record = records_of(0, 1);
    // A byte now and then does not count, only a whole record does.
    for (size_t i = 0; i + 1 < record.size() && source->open_connections() == 2; ++i) {
        ASSERT_TRUE(slow.send(record.substr(i, 1)));
        const uint64_t bytes = source->bytes_read();
        look_until([&] { return source->bytes_read() > bytes || source->open_connections() == 1; });
        clock.advance(300'000);
    }
    clock.advance(300'000);
    look_until_open(1);
    EXPECT_EQ(source->transport()->connections_ended, 1u);
    EXPECT_TRUE(slow.sees_end());
    EXPECT_EQ(corrupt(), 1u) << "what it had sent is a record that was cut short";
    EXPECT_TRUE(good.still_open());
}

TEST_P(StreamLimitsTest, AnIdleConnectionIsEndedAndABusyOneIsNot) {
    options.idle_timeout_us = 1'000'000;
    options.header_timeout_us = 0;
    open();
    StreamPeer idle = connect(), busy = connect();
    ASSERT_TRUE(idle.send(records_of(0, 1)));
    look_until_records(1);
    for (uint64_t n = 0; n < 10; ++n) {
        ASSERT_TRUE(busy.send(records_of(n, 1)));
        look_until_records(2 + n);
        clock.advance(400'000);
    }
    look_until_open(1);
    EXPECT_TRUE(idle.sees_end());
    EXPECT_TRUE(busy.still_open());
    EXPECT_EQ(source->transport()->connections_ended, 1u);
    EXPECT_EQ(corrupt(), 0u);
    EXPECT_EQ(resting.size(), 1u);
}

TEST_P(StreamLimitsTest, NobodyIsIdleWhileWeDoNotRead) {
    options.idle_timeout_us = 1'000'000;
    options.header_timeout_us = 1'000'000;
    open();
    StreamPeer a = connect(), b = connect();
    ASSERT_TRUE(a.send(records_of(0, 1)));
    look_until_records(1);
    look_until_open(2);
    // Both have sent what they had in time; it was us who did not ask.
    ASSERT_TRUE(a.send(records_of(1, 200)));
    ASSERT_TRUE(b.send(records_of(0, 1)));
    clock.advance(60'000'000);
    look_until([&] { return records.size() == 202; }, 5);
    EXPECT_EQ(source->open_connections(), 2u);
    EXPECT_EQ(source->transport()->connections_ended, 0u);
}

}  // namespace
}  // namespace trommel::net
