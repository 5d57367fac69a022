#include "trommel/json_text.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>

namespace trommel::net {
namespace {

void append_utf8(uint32_t c, std::string& out) {
    const auto byte = [&](uint32_t b) { out += static_cast<char>(b); };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xC0 | c >> 6);
        byte(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        byte(0xE0 | c >> 12);
        byte(0x80 | (c >> 6 & 0x3F));
        byte(0x80 | (c & 0x3F));
    } else {
        byte(0xF0 | c >> 18);
        byte(0x80 | (c >> 12 & 0x3F));
        byte(0x80 | (c >> 6 & 0x3F));
        byte(0x80 | (c & 0x3F));
    }
}

// Decoding and encoding again gives the same bytes, and what was decoded is a scalar value.
bool is_sequence(const std::string& bytes) {
    const auto lead = static_cast<uint8_t>(bytes[0]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (bytes.size() != length) return false;
    uint32_t c = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<uint8_t>(bytes[i]) & 0x3Fu);
    std::string again;
    append_utf8(c, again);
    return again == bytes && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
}

TEST(Utf8, EveryScalarValueIsValid) {
    std::string all;
    for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
        if (c >= 0xD800 && c <= 0xDFFF) continue;
        std::string one;
        append_utf8(c, one);
        ASSERT_TRUE(is_utf8(one)) << c;
        all += one;
    }
    EXPECT_TRUE(is_utf8(all));
    EXPECT_TRUE(is_utf8(""));
}

TEST(Utf8, NothingElseOfUpToThreeBytesIs) {
    for (uint32_t n = 0; n < 1u << 24; ++n) {
        std::string bytes;
        for (const uint32_t shift : {16u, 8u, 0u}) bytes += static_cast<char>(n >> shift);
        // A lead byte decides how many bytes it stands with; only those are of interest.
        const auto lead = static_cast<uint8_t>(bytes[0]);
        if (lead < 0x80) continue;
        if (lead < 0xE0) bytes.resize(2);
        ASSERT_EQ(is_utf8(bytes), is_sequence(bytes)) << n;
    }
}

TEST(Utf8, FourByteFormsEndAt10FFFFAndAreNotOverlong) {
    EXPECT_TRUE(is_utf8("\xF0\x90\x80\x80"));
    EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
    EXPECT_FALSE(is_utf8("\xF0\x8F\xBF\xBF"));
    EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
    EXPECT_FALSE(is_utf8("\xF5\x80\x80\x80"));
    EXPECT_FALSE(is_utf8("\xF0\x90\x80"));
    EXPECT_FALSE(is_utf8("\xF0\x90\x80\x41"));
    EXPECT_FALSE(is_utf8("\xF0\x90\x41\x80"));
}

TEST(Utf8, DamageIsFoundAtAnyPlace) {
    const std::string good = "0123456789abcdef é € 😀 0123456789abcdef";
    for (size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = '\xFF';
        EXPECT_FALSE(is_utf8(bad)) << at;
    }
}

}  // namespace
}  // namespace trommel::net
