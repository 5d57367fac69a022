#include "net/number.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <string>

#include "net/decoder.h"
#include "tests/kit/random.h"

namespace trommel::net {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();

Fault fault_of(std::string_view text, int digits = 0) {
    int64_t value = 42;
    const Fault fault = parse_decimal(text, digits, value);
    if (fault != Fault::none) {
        EXPECT_EQ(value, 42) << "a fault leaves the value alone";
    }
    return fault;
}

int64_t value_of(std::string_view text, int digits = 0) {
    int64_t value = 0;
    EXPECT_EQ(parse_decimal(text, digits, value), Fault::none) << text;
    return value;
}

TEST(Number, DecimalIsScaledByItsDeclaredDigits) {
    EXPECT_EQ(value_of("0"), 0);
    EXPECT_EQ(value_of("-0"), 0);
    EXPECT_EQ(value_of("7", 2), 700);
    EXPECT_EQ(value_of("7.5", 2), 750);
    EXPECT_EQ(value_of("-7.25", 2), -725);
    EXPECT_EQ(value_of("-0.25", 2), -25);
    EXPECT_EQ(value_of("0.000000000000000001", 18), 1);
}

TEST(Number, DecimalHoldsAllOfInt64AndNothingMore) {
    EXPECT_EQ(value_of("9223372036854775807"), kGreatest);
    EXPECT_EQ(value_of("-9223372036854775808"), kLeast);
    EXPECT_EQ(value_of("92233720368547758.07", 2), kGreatest);
    EXPECT_EQ(value_of("-9.223372036854775808", 18), kLeast);
    EXPECT_EQ(fault_of("9223372036854775808"), Fault::out_of_range);
    EXPECT_EQ(fault_of("-9223372036854775809"), Fault::out_of_range);
    EXPECT_EQ(fault_of("92233720368547758.08", 2), Fault::out_of_range);
    EXPECT_EQ(fault_of("18446744073709551615"), Fault::out_of_range);
    EXPECT_EQ(fault_of("18446744073709551616"), Fault::out_of_range);
    EXPECT_EQ(fault_of("18446744073709551617"), Fault::out_of_range);
    EXPECT_EQ(fault_of("1" + std::string(400, '0')), Fault::out_of_range);
    EXPECT_EQ(fault_of("10", 18), Fault::out_of_range);
    EXPECT_EQ(fault_of("-10", 18), Fault::out_of_range);
}

TEST(Number, MoreFractionDigitsThanDeclaredAreAFaultEvenZeros) {
    EXPECT_EQ(fault_of("1.5"), Fault::too_many_digits);
    EXPECT_EQ(fault_of("1.0"), Fault::too_many_digits);
    EXPECT_EQ(fault_of("1.50", 1), Fault::too_many_digits);
    EXPECT_EQ(fault_of("1.50", 2), Fault::none);
}

TEST(Number, OnlyThePlainFormIsADecimal) {
    for (const char* text :
         {"",      "-",    "+1", "007", "00",    "-01", "1.",  ".5",  "1e2",      "1E2",
          "1.0e1", "0x10", " 1", "1 ",  "1_000", "1,5", "--1", "NaN", "Infinity", "1.2.3"}) {
        EXPECT_EQ(fault_of(text, 4), Fault::not_plain) << text;
    }
    EXPECT_EQ(fault_of(std::string_view("1\0", 2)), Fault::not_plain);
}

TEST(Number, DecimalsReadBackAsWritten) {
    testkit::Random random(1);
    for (int i = 0; i < 20'000; ++i) {
        const auto value = static_cast<int64_t>(random.next() >> random.below(64));
        const int digits = static_cast<int>(random.below(19));
        const int64_t sign = random.one_in(2) ? -1 : 1;
        const int64_t expected = value < 0 ? value : sign * value;
        ASSERT_EQ(value_of(trommel::to_text(int128{expected}, digits), digits), expected);
    }
}

// Digits of all lengths, and what may follow them.
TEST(Number, APlainNumberIsReadLikeADecimal) {
    testkit::Random random(2);
    const auto digits = [&](uint64_t most) {
        std::string text;
        for (uint64_t n = random.below(most); n > 0; --n) {
            text += static_cast<char>('0' + random.below(10));
        }
        return text;
    };
    uint64_t read = 0;
    for (int i = 0; i < 100'000; ++i) {
        std::string text = random.one_in(3) ? "-" : "";
        text += digits(random.one_in(4) ? 22 : 9);
        if (random.one_in(2)) text += "." + digits(random.one_in(4) ? 22 : 9);
        const std::string padded = text + random.pick(std::string(",} e.-x")) +
                                   std::string(kPaddingBytes, static_cast<char>('/'));
        const PlainNumber number = read_plain_number(padded.data());
        const size_t size = number.size;
        // What it reads ends where the number ends, which may be before the text's end.
        if (size == 0) continue;
        ++read;
        ASSERT_LE(size, text.size()) << text;
        const std::string taken = text.substr(0, size);
        for (const int wanted : {0, 2, 18}) {
            int64_t value = 0, expected = 0;
            const Fault fault = parse_decimal(taken, wanted, expected);
            ASSERT_EQ(scale_number(number, wanted, value), fault) << taken;
            ASSERT_EQ(value, expected) << taken;
        }
    }
    EXPECT_GT(read, 50'000u);
}

TEST(Number, APlainNumberHasUpTo20DigitsThatFit) {
    const auto size_of = [](const std::string& text) {
        return read_plain_number((text + std::string(kPaddingBytes, ',')).data()).size;
    };
    for (const char* text : {"0", "-0", "7", "1234567", "12345678", "123456789", "1234567890123456",
                             "12345678901234567", "18446744073709551615", "0.1", "0.0000001",
                             "-0.12345678", "1844674407370955.1615"}) {
        EXPECT_EQ(size_of(text), std::string(text).size()) << text;
    }
    for (const char* text : {"", "-", ".5", "1.", "00", "01", "-01", "18446744073709551616", "+1",
                             "1844674407370955.1616", "100000000000000000000", "1.-5"}) {
        EXPECT_EQ(size_of(text), 0u) << text;
    }
}

TEST(Number, U64HoldsItsWholeRange) {
    uint64_t value = 0;
    EXPECT_EQ(parse_u64("18446744073709551615", value), Fault::none);
    EXPECT_EQ(value, UINT64_MAX);
    EXPECT_EQ(parse_u64("0", value), Fault::none);
    EXPECT_EQ(value, 0u);
    EXPECT_EQ(parse_u64("18446744073709551616", value), Fault::out_of_range);
    for (const char* text : {"", "-1", "-0", "+1", "01", "1.0", "1e3", " 1", "a"}) {
        EXPECT_EQ(parse_u64(text, value), Fault::not_an_unsigned_integer) << text;
    }
}

TEST(Number, U128HoldsItsWholeRange) {
    uint128 value = 0;
    EXPECT_EQ(parse_u128("340282366920938463463374607431768211455", value), Fault::none);
    EXPECT_TRUE(value == ~uint128{0});
    EXPECT_EQ(parse_u128("18446744073709551616", value), Fault::none);
    EXPECT_TRUE(value == uint128{1} << 64);
    EXPECT_EQ(parse_u128("340282366920938463463374607431768211456", value), Fault::out_of_range);
    EXPECT_EQ(parse_u128("3402823669209384634633746074317682114550", value), Fault::out_of_range);
}

TEST(Number, UuidIsReadWithAndWithoutDashesInEitherCase) {
    const uint128 expected = uint128{0x0123456789ABCDEFu} << 64 | 0xFEDCBA9876543210u;
    for (const char* text :
         {"01234567-89ab-cdef-fedc-ba9876543210", "0123456789ABCDEFfedcba9876543210",
          "01234567-89AB-CDEF-FEDC-BA9876543210"}) {
        uint128 value = 0;
        EXPECT_EQ(parse_uuid(text, value), Fault::none) << text;
        EXPECT_TRUE(value == expected) << text;
    }
    for (const char* text :
         {"", "0123456789abcdeffedcba987654321", "0123456789abcdeffedcba98765432100",
          "0123456789abcdeffedcba987654321g", "01234567-89ab-cdef-fedcba98-76543210",
          "01234567089ab-cdef-fedc-ba9876543210", "{1234567-89ab-cdef-fedc-ba987654321}"}) {
        uint128 value = 0;
        EXPECT_EQ(parse_uuid(text, value), Fault::not_a_uuid) << text;
    }
}

TEST(Number, HexIsANumberOfUpTo128Bits) {
    uint128 value = 0;
    EXPECT_EQ(parse_hex("ff", value), Fault::none);
    EXPECT_TRUE(value == 255);
    EXPECT_EQ(parse_hex("0aF", value), Fault::none);
    EXPECT_TRUE(value == 0xAF);
    EXPECT_EQ(parse_hex(std::string(32, 'f'), value), Fault::none);
    EXPECT_TRUE(value == ~uint128{0});
    for (const std::string& text : {std::string(), std::string(33, '0'), std::string("0x1"),
                                    std::string("g"), std::string("-1"), std::string("1 ")}) {
        EXPECT_EQ(parse_hex(text, value), Fault::not_hex) << text;
    }
}

TEST(Number, JsonNumbersFollowTheGrammar) {
    for (const char* text : {"0", "-0", "10", "1.5", "-1.25e+10", "1E5", "0e0", "0.0", "1e-999",
                             "123456789012345678901234567890"}) {
        EXPECT_TRUE(is_json_number(text)) << text;
    }
    for (const char* text : {"", "-", "+1", "01", "-01", "1.", ".1", "1e", "1e+", "e5", "1.e5",
                             "0x0", "1a", "NaN", "1 ", "1\"2\""}) {
        EXPECT_FALSE(is_json_number(text)) << text;
    }
}

}  // namespace
}  // namespace trommel::net
