#include "tools/plan/stream.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

#include "tests/kit/fake_clock.h"

namespace trommel::tools {
namespace {

using testkit::FakeClock;

Config config_of(IdType type, FieldType key) {
    Config config;
    config.dedup.id_type = type;
    config.key = {{"k", key}};
    config.values = {{"v", 0}};
    return config;
}

PlanStreamOptions options_of(uint64_t events) {
    PlanStreamOptions options;
    options.events = events;
    options.duplicate_share = 0.2;
    options.reach = 50;
    options.keys = 10;
    return options;
}

TEST(PlanStream, CopiesAreOfOriginalsWithinReach) {
    FakeClock clock;
    for (const IdType type : {IdType::u64, IdType::u128, IdType::bytes}) {
        const Config config = config_of(type, FieldType::text);
        PlanStream stream(options_of(20'000), clock);
        RecordBatch batch(config, 1024);
        std::set<std::string> ids, keys;
        uint64_t events = 0, copies = 0;
        int64_t last_us = 0;
        for (;;) {
            batch.clear();
            const Source::State state = stream.poll(batch, INT64_MAX).state;
            EXPECT_EQ(batch.count == 0 ? events : batch.first_record, events);
            for (uint32_t row = 0; row < batch.count; ++row) {
                ids.insert(type == IdType::bytes  ? std::string(batch.id_text[row])
                           : type == IdType::u128 ? std::to_string(batch.id_hi[row]) + "-" +
                                                        std::to_string(batch.id_lo[row])
                                                  : std::to_string(batch.id_lo[row]));
                keys.insert(std::string(batch.key_text[row]));
                EXPECT_GE(batch.time_us[row], last_us);
                EXPECT_EQ(batch.offset[row] / 2, events + row);
                copies += batch.offset[row] % 2;
                last_us = batch.time_us[row];
            }
            events += batch.count;
            if (state == Source::State::ended) break;
        }
        EXPECT_EQ(events, 20'000u);
        EXPECT_EQ(ids.size(), stream.originals());
        EXPECT_EQ(copies, events - ids.size());
        EXPECT_NEAR(static_cast<double>(ids.size()), 16'000, 300);
        EXPECT_EQ(keys.size(), 10u);
        EXPECT_EQ(last_us, 19'999);  // A microsecond each.
    }
}

// The part with a pace: what is due is given, nothing in the outage, and then all of it.
TEST(PlanStream, AnOutageLetsEventsPileUpUntilTheyAreCaughtUpWith) {
    FakeClock clock;
    const Config config = config_of(IdType::u64, FieldType::integer);
    PlanStreamOptions options = options_of(1'000'000);
    options.paced_from = 100;
    options.rate = 10'000;  // Ten in a millisecond.
    options.outage_from_us = 100'000;
    options.outage_us = 500'000;
    options.outages = 2;
    PlanStream stream(options, clock);
    RecordBatch batch(config, 1000);
    const auto take = [&] {
        batch.clear();
        return stream.poll(batch, INT64_MAX).state == Source::State::records ? batch.count : 0;
    };
    EXPECT_EQ(take(), 100u);
    EXPECT_FALSE(stream.is_paced());
    EXPECT_EQ(take(), 0u);  // The pace begins.
    EXPECT_TRUE(stream.is_paced());
    clock.advance(50'000);
    EXPECT_EQ(take(), 500u);
    EXPECT_EQ(stream.waiting_max(), 500u);
    clock.advance(50'000);
    EXPECT_EQ(take(), 0u);                  // Nothing can be fetched, though 500 are there.
    EXPECT_EQ(stream.waiting_max(), 500u);  // That wait is the outage's.
    clock.advance(500'000);
    EXPECT_EQ(take(), 1000u);  // Of 5,500.
    EXPECT_TRUE(stream.catch_ups().empty());
    clock.advance(10'000);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(take(), 1000u);
    EXPECT_TRUE(stream.catch_ups().empty());
    EXPECT_EQ(take(), 600u);
    ASSERT_EQ(stream.catch_ups().size(), 1u);
    EXPECT_DOUBLE_EQ(stream.catch_ups()[0].seconds, 0.01);
    EXPECT_GT(stream.catch_ups()[0].source_ns, 0);
}

TEST(PlanStream, OutagesFollowEachOtherAndTheLastOneEndsTheStream) {
    FakeClock clock;
    const Config config = config_of(IdType::u64, FieldType::integer);
    PlanStreamOptions options = options_of(1'000'000);
    options.paced_from = 0;
    options.rate = 1000;
    options.outage_from_us = 100'000;
    options.outage_us = 200'000;
    options.outages = 2;
    PlanStream stream(options, clock);
    RecordBatch batch(config, 1000);
    std::string course;  // A sign for each 50 ms: fetched, nothing, ended.
    for (int step = 0; step < 14; ++step) {
        batch.clear();
        const Source::State state = stream.poll(batch, INT64_MAX).state;
        course += state == Source::State::ended ? 'e' : batch.count > 0 ? 'f' : '-';
        clock.advance(50'000);
    }
    EXPECT_EQ(course, "-f----ff----fe");
    EXPECT_EQ(stream.catch_ups().size(), 2u);
    EXPECT_EQ(stream.waiting_max(), 50u);
}

TEST(PlanStream, SlicesAreTimedInWholeBatches) {
    FakeClock clock;
    const Config config = config_of(IdType::u64, FieldType::integer);
    PlanStreamOptions options = options_of(100'000);
    options.warm = 10'000;
    options.timed_end = 90'000;
    options.slices = 4;
    PlanStream stream(options, clock);
    RecordBatch batch(config, 4096);
    EXPECT_EQ(stream.timed().events, 0u);
    while (stream.poll(batch, INT64_MAX).state != Source::State::ended) batch.clear();
    // From the first batch that begins at 10,000 or later: 12,288 to 90,112.
    EXPECT_EQ(stream.timed().events, 90'112u - 12'288);
    EXPECT_NEAR(static_cast<double>(stream.timed().originals), 0.8 * 77'824, 500);
    EXPECT_GT(stream.timed().source_ns, 0);
}

}  // namespace
}  // namespace trommel::tools
