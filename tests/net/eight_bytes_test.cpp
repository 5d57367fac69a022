#include "net/eight_bytes.h"

#include <cctype>
#include <cstdio>
#include <gtest/gtest.h>
#include <string>

#include "tests/kit/random.h"

namespace trommel::net {
namespace {

TEST(EightBytes, TheFirstEqualByteIsFoundAmongAllOthers) {
    for (int other = 0; other < 256; ++other) {
        if (other == '"') continue;
        for (size_t at = 0; at <= 8; ++at) {
            std::string text(8, static_cast<char>(other));
            if (at < 8) text[at] = '"';
            if (at < 7) text[7] = '"';
            ASSERT_EQ(bytes_before(mark_equal(load_eight(text.data()), '"')), at) << other;
        }
    }
}

TEST(EightBytes, DigitsEndAtTheFirstByteThatIsNone) {
    for (int c = 0; c < 256; ++c) {
        for (size_t at = 0; at < 8; ++at) {
            std::string text = "90909090";
            text[at] = static_cast<char>(c);
            const bool digit = c >= '0' && c <= '9';
            const uint64_t values = digit_values(load_eight(text.data()));
            ASSERT_EQ(bytes_before(mark_no_digit(values)), digit ? 8 : at) << c;
        }
    }
}

TEST(EightBytes, EightDigitsAreTheirNumber) {
    testkit::Random random(1);
    for (int i = 0; i < 10'000; ++i) {
        char text[9];
        const auto number = static_cast<unsigned>(random.below(100'000'000));
        std::snprintf(text, sizeof text, "%08u", number);
        ASSERT_EQ(number_of_digits(digit_values(load_eight(text))), number);
    }
    EXPECT_EQ(number_of_digits(9 * kEachByte), 99'999'999u);
}

TEST(EightBytes, SixteenHexadecimalDigitsAreTheirNumber) {
    testkit::Random random(2);
    for (int i = 0; i < 10'000; ++i) {
        char text[17];
        const auto number = static_cast<unsigned long long>(random.next());
        std::snprintf(text, sizeof text, random.one_in(2) ? "%016llx" : "%016llX", number);
        uint64_t read = 0;
        ASSERT_TRUE(number_of_hex(load_sixteen(text), read)) << text;
        ASSERT_EQ(read, number);
    }
}

TEST(EightBytes, AnyOtherByteIsNoHexadecimalDigit) {
    for (int c = 0; c < 256; ++c) {
        for (size_t at = 0; at < 16; ++at) {
            std::string text = "0123456789abcdef";
            text[at] = static_cast<char>(c);
            uint64_t ignored = 0;
            ASSERT_EQ(number_of_hex(load_sixteen(text.data()), ignored), std::isxdigit(c) != 0);
        }
    }
}

}  // namespace
}  // namespace trommel::net
