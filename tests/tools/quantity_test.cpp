#include "tools/quantity.h"

#include <gtest/gtest.h>

#include "trommel/config.h"

namespace trommel::tools {
namespace {

int64_t us(std::string_view text) {
    const Parsed<int64_t> parsed = parse_duration_us(text);
    EXPECT_TRUE(parsed.ok()) << parsed.error;
    return parsed.value;
}

TEST(Duration, EveryUnitIsKnown) {
    EXPECT_EQ(us("10us"), 10);
    EXPECT_EQ(us("500ms"), 500'000);
    EXPECT_EQ(us("10s"), 10'000'000);
    EXPECT_EQ(us("5m"), 300'000'000);
    EXPECT_EQ(us("1h"), 3'600'000'000);
    EXPECT_EQ(us("2d"), 172'800'000'000);
    EXPECT_EQ(us("1w"), us("7d"));
}

TEST(Duration, OnlyZeroNeedsNoUnit) {
    EXPECT_EQ(us("0"), 0);
    EXPECT_EQ(us("0.0"), 0);
    EXPECT_EQ(parse_duration_us("10").error,
              "'10' has no unit; expected a duration such as 500ms, 10s, 5m, 1h or 2d");
}

TEST(Duration, FractionsAreExact) {
    EXPECT_EQ(us("1.5s"), 1'500'000);
    EXPECT_EQ(us("0.25d"), us("6h"));
    EXPECT_EQ(us("0.000001s"), 1);
    EXPECT_EQ(parse_duration_us("0.0000001s").error,
              "'0.0000001s' is finer than the smallest unit, 1us");
}

TEST(Duration, TheLimitIsExclusive) {
    const std::string limit = std::to_string(kTimeLimitUs);
    EXPECT_EQ(us(std::to_string(kTimeLimitUs - 1) + "us"), kTimeLimitUs - 1);
    EXPECT_EQ(parse_duration_us(limit + "us").error,
              "'" + limit + "us' is too large; durations are below 2^60 us, about 36,500 years");
    EXPECT_FALSE(parse_duration_us("1906501w").ok());
    EXPECT_FALSE(parse_duration_us("18446744073709551616us").ok());
    EXPECT_FALSE(parse_duration_us("99999999999999999999999999999999999999999999s").ok());
}

TEST(Duration, WhatIsNoDurationIsRefused) {
    for (const char* text :
         {"", "s", "-1s", "+1s", " 1s", "1 s", "1s ", "1.s", ".5s", "1.2.3s", "1e3s", "0x10s", "1S",
          "1min", "10ss", "1s2", "forever", "\xFF", "1\0s"}) {
        EXPECT_FALSE(parse_duration_us(text).ok()) << text;
    }
    EXPECT_EQ(parse_duration_us("-5s").error,
              "'-5s' is negative; expected a duration such as 500ms, 10s, 5m, 1h or 2d");
    EXPECT_EQ(parse_duration_us("5min").error,
              "'5min' has an unknown unit 'min'; the units are us, ms, s, m, h, d and w");
}

TEST(Duration, IsPrintedInItsLargestExactUnit) {
    EXPECT_EQ(duration_text(0), "0");
    EXPECT_EQ(duration_text(us("60d")), "60d");
    EXPECT_EQ(duration_text(us("90s")), "90s");
    EXPECT_EQ(duration_text(us("120s")), "2m");
    EXPECT_EQ(duration_text(1), "1us");
    EXPECT_EQ(duration_text(-us("3h")), "-3h");
}

TEST(Duration, WhatIsPrintedIsReadBack) {
    for (const int64_t value : {int64_t{1}, us("1.001s"), us("36h"), kTimeLimitUs - 1}) {
        EXPECT_EQ(us(duration_text(value)), value);
    }
}

TEST(Duration, APhraseHasAllItsUnits) {
    EXPECT_EQ(duration_phrase(0), "0");
    EXPECT_EQ(duration_phrase(us("1350m")), "22h 30m");
    EXPECT_EQ(duration_phrase(us("1d") + us("1s") + 7), "1d 1s 7us");
    EXPECT_EQ(duration_phrase(us("14d")), "14d");
}

TEST(Bytes, BinaryAndDecimalUnitsDiffer) {
    EXPECT_EQ(parse_bytes("4GiB").value, uint64_t{4} << 30);
    EXPECT_EQ(parse_bytes("512MB").value, 512'000'000U);
    EXPECT_EQ(parse_bytes("1024").value, 1024U);
    EXPECT_EQ(parse_bytes("0.5KiB").value, 512U);
    EXPECT_EQ(parse_bytes("1TiB").value, uint64_t{1} << 40);
    EXPECT_EQ(parse_bytes("0.3").error, "'0.3' is finer than the smallest unit, 1");
    EXPECT_EQ(
        parse_bytes("4G").error,
        "'4G' has an unknown unit 'G'; the units are B, kB, MB, GB, TB, KiB, MiB, GiB and TiB");
    EXPECT_FALSE(parse_bytes("9223372036854775808").ok());
    EXPECT_TRUE(parse_bytes("9223372036854775807").ok());
}

TEST(Count, TakesThousandsAndMillions) {
    EXPECT_EQ(parse_count("1M").value, 1'000'000U);
    EXPECT_EQ(parse_count("250k").value, 250'000U);
    EXPECT_EQ(parse_count("2.5M").value, 2'500'000U);
    EXPECT_EQ(parse_count("7").value, 7U);
    EXPECT_FALSE(parse_count("1m").ok());
    EXPECT_FALSE(parse_count("-1").ok());
}

TEST(Share, IsAPercentageOrAFraction) {
    EXPECT_DOUBLE_EQ(parse_share("5%").value, 0.05);
    EXPECT_DOUBLE_EQ(parse_share("0.05").value, 0.05);
    EXPECT_DOUBLE_EQ(parse_share("1e-6").value, 1e-6);
    EXPECT_DOUBLE_EQ(parse_share("100%").value, 1);
    EXPECT_DOUBLE_EQ(parse_share("0").value, 0);
    EXPECT_EQ(parse_share("5").error, "'5' is more than the whole; expected 0 to 1, or 0% to 100%");
    for (const char* text : {"", "%", "-1%", "nan", "inf", "1e999", "5 %", "0,05"}) {
        EXPECT_FALSE(parse_share(text).ok()) << text;
    }
}

TEST(Integer, CoversItsWholeRange) {
    EXPECT_EQ(parse_integer("-9223372036854775808").value, INT64_MIN);
    EXPECT_EQ(parse_integer("9223372036854775807").value, INT64_MAX);
    EXPECT_EQ(parse_integer("9223372036854775808").error,
              "'9223372036854775808' does not fit in 64 bits");
    EXPECT_FALSE(parse_integer("").ok());
    EXPECT_FALSE(parse_integer("1.0").ok());
}

TEST(Timestamp, IsADateOrATime) {
    EXPECT_EQ(parse_timestamp_us("1970-01-01").value, 0);
    EXPECT_EQ(parse_timestamp_us("2030-01-01").value, 1'893'456'000'000'000);
    EXPECT_EQ(parse_timestamp_us("2030-01-01T00:00:01+01:00").value, 1'893'452'401'000'000);
    for (const char* text : {"", "2030", "2030-13-01", "2030-02-30", "01/01/2030", "tomorrow"}) {
        EXPECT_FALSE(parse_timestamp_us(text).ok()) << text;
    }
}

TEST(Text, NumbersAreRoundedForPeople) {
    EXPECT_EQ(bytes_text(1023), "1023 B");
    EXPECT_EQ(bytes_text(uint64_t{4} << 30), "4 GiB");
    EXPECT_EQ(bytes_text(1536), "1.50 KiB");
    EXPECT_EQ(bytes_text(UINT64_MAX), "16 EiB");
    EXPECT_EQ(count_text(0), "0");
    EXPECT_EQ(count_text(999), "999");
    EXPECT_EQ(count_text(1000), "1,000");
    EXPECT_EQ(count_text(5'000'000), "5,000,000");
    EXPECT_EQ(rate_text(2'310'000), "2.31 M");
    EXPECT_EQ(rate_text(45'600), "45.6 k");
    EXPECT_EQ(rate_text(0), "0.00");
}

}  // namespace
}  // namespace trommel::tools
