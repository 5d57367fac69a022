#include "net/rfc3339.h"

#include <cstdio>
#include <gtest/gtest.h>
#include <string>
#include <time.h>
#include <vector>

#include "trommel/config.h"

#include "tests/kit/random.h"

namespace trommel::net {
namespace {

int64_t time_of(std::string_view text) {
    int64_t time_us = -1;
    EXPECT_TRUE(parse_rfc3339(text, time_us)) << text;
    return time_us;
}

bool is_time(std::string_view text) {
    int64_t ignored = 0;
    return parse_rfc3339(text, ignored);
}

TEST(Rfc3339, CountsMicrosecondsFrom1970) {
    EXPECT_EQ(time_of("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(time_of("1970-01-01T00:00:00.000001Z"), 1);
    EXPECT_EQ(time_of("1969-12-31T23:59:59.999999Z"), -1);
    EXPECT_EQ(time_of("2013-10-04T19:12:26Z"), 1'380'913'946'000'000);
    EXPECT_EQ(time_of("0001-01-01T00:00:00Z"), -62'135'596'800'000'000);
    EXPECT_EQ(time_of("9999-12-31T23:59:59.999999Z"), 253'402'300'799'999'999);
    static_assert(253'402'300'799'999'999 < kTimeLimitUs);
}

TEST(Rfc3339, FractionsHaveOneToSixDigits) {
    EXPECT_EQ(time_of("1970-01-01T00:00:00.5Z"), 500'000);
    EXPECT_EQ(time_of("1970-01-01T00:00:00.05Z"), 50'000);
    EXPECT_EQ(time_of("1970-01-01T00:00:00.123456Z"), 123'456);
    EXPECT_FALSE(is_time("1970-01-01T00:00:00.1234567Z"));
    EXPECT_FALSE(is_time("1970-01-01T00:00:00.0000000Z"));
    EXPECT_FALSE(is_time("1970-01-01T00:00:00.Z"));
    EXPECT_FALSE(is_time("1970-01-01T00:00:00,5Z"));
    EXPECT_FALSE(is_time("1970-01-01T00:00:00.5"));
}

TEST(Rfc3339, OffsetsAreTakenOff) {
    EXPECT_EQ(time_of("1970-01-01T02:00:00+02:00"), 0);
    EXPECT_EQ(time_of("1969-12-31T18:30:00-05:30"), 0);
    EXPECT_EQ(time_of("1970-01-01T00:00:00-00:00"), 0);
    EXPECT_EQ(time_of("1970-01-01T00:00:00.25+00:01"), -59'750'000);
    EXPECT_EQ(time_of("1970-01-05T04:39:00+99:99"), 0);  // The contract's oracle takes any digits.
    for (const char* zone : {"", "+02", "+0200", "+2:00", "+02:0", "02:00", "+02-00", "Z0", "ZZ",
                             "+02:00Z", " Z", "UTC", "+a2:00", "+02:0a"}) {
        EXPECT_FALSE(is_time(std::string("1970-01-01T00:00:00") + zone)) << zone;
    }
}

TEST(Rfc3339, LettersMayBeSmallAndTheTASpace) {
    EXPECT_EQ(time_of("1970-01-01t00:00:01z"), 1'000'000);
    EXPECT_EQ(time_of("1970-01-01 00:00:01Z"), 1'000'000);
    EXPECT_FALSE(is_time("1970-01-01_00:00:01Z"));
}

TEST(Rfc3339, DatesThatDoNotExistAreRefused) {
    for (const char* date :
         {"0000-01-01", "1970-00-01", "1970-13-01", "1970-01-00", "1970-01-32", "1970-04-31",
          "1970-02-29", "1900-02-29", "2000-02-30", "2024-02-30"}) {
        EXPECT_FALSE(is_time(std::string(date) + "T00:00:00Z")) << date;
    }
    for (const char* date : {"2000-02-29", "2024-02-29", "1970-12-31", "1970-01-31"}) {
        EXPECT_TRUE(is_time(std::string(date) + "T00:00:00Z")) << date;
    }
}

TEST(Rfc3339, TimesOfDayEndAt235959) {
    EXPECT_TRUE(is_time("1970-01-01T23:59:59Z"));
    EXPECT_FALSE(is_time("1970-01-01T24:00:00Z"));
    EXPECT_FALSE(is_time("1970-01-01T00:60:00Z"));
    EXPECT_FALSE(is_time("2016-12-31T23:59:60Z"));  // A leap second.
}

TEST(Rfc3339, EveryByteMatters) {
    const std::string good = "2013-10-04T19:12:26.5+02:00";
    ASSERT_TRUE(is_time(good));
    for (size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = '!';
        EXPECT_FALSE(is_time(bad)) << bad;
        EXPECT_FALSE(is_time(good.substr(0, at))) << good.substr(0, at);
    }
    EXPECT_FALSE(is_time(good + " "));
    EXPECT_FALSE(is_time(" " + good));
    EXPECT_FALSE(is_time(""));
}

TEST(Rfc3339, AgreesWithTheSystemsCalendarOnEveryDay) {
    for (int64_t day = -719'162; day <= 2'932'896; ++day) {
        const time_t seconds = day * 86'400 + 43'199;
        tm parts{};
        ASSERT_NE(gmtime_r(&seconds, &parts), nullptr);
        char text[64];
        std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                      parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        int64_t time_us = 0;
        ASSERT_TRUE(parse_rfc3339(text, time_us)) << text;
        ASSERT_EQ(time_us, int64_t{seconds} * 1'000'000) << text;
    }
}

TEST(Rfc3339, TheDateBeforeChangesNothing) {
    const std::vector<std::string> texts = {
        "2013-10-04T19:12:26Z",    "2013-10-05T19:12:26Z",       "2013-11-04T19:12:26Z",
        "2013-10-04 00:00:00.25z", "2014-10-04T19:12:26+02:00",  "2013-10-4TT19:12:26Z",
        "2013-10-44T19:12:26Z",    "2013-02-29T19:12:26Z",       "0000-00-00T00:00:00Z",
        "2013-10-04T25:12:26Z",    "2012-02-29T19:12:26.999999Z"};
    for (const std::string& before : texts) {
        for (const std::string& text : texts) {
            Rfc3339Date last;
            int64_t ignored = 0, expected = -1, time_us = -1;
            parse_rfc3339(before, ignored, last);
            ASSERT_EQ(parse_rfc3339(text, time_us, last), parse_rfc3339(text, expected));
            ASSERT_EQ(time_us, expected) << before << " then " << text;
        }
    }
}

}  // namespace
}  // namespace trommel::net
