#include "trommel/json_text.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace trommel {
namespace {

using std::string_view_literals::operator""sv;

std::string json(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonText, EscapesWhatJsonForbidsAndNothingElse) {
    EXPECT_EQ(json(""), R"("")");
    EXPECT_EQ(json("plain / text"), R"("plain / text")");
    EXPECT_EQ(json("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(json("\b\f\n\r\t"), R"("\b\f\n\r\t")");
    EXPECT_EQ(json("\0\x01\x1f\x20\x7f"sv), "\"\\u0000\\u0001\\u001f \x7f\"");
    EXPECT_EQ(json("é € 😀"), "\"é € 😀\"");
    EXPECT_EQ(json("\xE2\x80\xA8"), "\"\xE2\x80\xA8\"");  // U+2028 is allowed in JSON.
}

TEST(JsonText, AppendsToWhatIsThere) {
    std::string out = "x";
    append_json_string(out, "y");
    EXPECT_EQ(out, "x\"y\"");
}

TEST(JsonText, BytesThatAreNotUtf8BecomeReplacementCharacters) {
    EXPECT_EQ(json("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    EXPECT_EQ(json("\xC3"), "\"\xEF\xBF\xBD\"");
    EXPECT_EQ(json("\xC3\"\n"), "\"\xEF\xBF\xBD\\\"\\n\"");
    EXPECT_EQ(json("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonText, AnyTwoBytesGiveValidUtf8) {
    for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; ++b) {
            const char bytes[] = {static_cast<char>(a), static_cast<char>(b)};
            const std::string out = json({bytes, 2});
            ASSERT_TRUE(is_utf8(out)) << a << ' ' << b;
            for (const char c : out) ASSERT_GE(static_cast<uint8_t>(c), 0x20) << a << ' ' << b;
        }
    }
}

// Decodes by the definition: shortest form, no surrogates, at most U+10FFFF.
bool is_utf8_by_definition(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const auto lead = static_cast<uint8_t>(text[at++]);
        if (lead < 0x80) continue;
        const int more = (lead >> 5) == 6 ? 1 : (lead >> 4) == 14 ? 2 : (lead >> 3) == 30 ? 3 : 0;
        if (more == 0) return false;
        uint32_t number = lead & (0x3Fu >> more);
        for (int i = 0; i < more; ++i) {
            if (at == text.size() || (static_cast<uint8_t>(text[at]) >> 6) != 2) return false;
            number = number << 6 | (static_cast<uint8_t>(text[at++]) & 0x3F);
        }
        const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (number < least[more] || number > 0x10FFFF) return false;
        if (number >= 0xD800 && number <= 0xDFFF) return false;
    }
    return true;
}

TEST(Utf8, EdgesOfTheRanges) {
    struct {
        std::string_view text;
        bool valid;
    } const cases[] = {
        {"", true},
        {"\x00"sv, true},
        {"\x7F", true},
        {"\xC2\x80", true},               // U+0080
        {"\xDF\xBF", true},               // U+07FF
        {"\xE0\xA0\x80", true},           // U+0800
        {"\xED\x9F\xBF", true},           // U+D7FF
        {"\xEE\x80\x80", true},           // U+E000
        {"\xEF\xBF\xBF", true},           // U+FFFF
        {"\xF0\x90\x80\x80", true},       // U+10000
        {"\xF4\x8F\xBF\xBF", true},       // U+10FFFF
        {"\x80", false},                  // A continuation alone.
        {"\xC0\x80", false},              // Overlong U+0000
        {"\xC1\xBF", false},              // Overlong U+007F
        {"\xE0\x9F\xBF", false},          // Overlong U+07FF
        {"\xF0\x8F\xBF\xBF", false},      // Overlong U+FFFF
        {"\xED\xA0\x80", false},          // U+D800
        {"\xED\xBF\xBF", false},          // U+DFFF
        {"\xF4\x90\x80\x80", false},      // U+110000
        {"\xF5\x80\x80\x80", false},      //
        {"\xF8\x88\x80\x80\x80", false},  // Five bytes.
        {"\xFE", false},                  //
        {"\xFF", false},                  //
        {"\xC2", false},                  // Cut.
        {"\xE2\x82", false},              //
        {"\xF0\x9F\x98", false},          //
        {"\xE2\x28\xA1", false},          // The second byte is none.
        {"\xE2\x82\x28", false},          // The third.
        {"\xF0\x9F\x98\x28", false},      // The fourth.
        {"ok\xE2\x82\xAC\xE2", false},    //
    };
    for (const auto& c : cases) {
        EXPECT_EQ(is_utf8(c.text), c.valid) << testing::PrintToString(c.text);
        EXPECT_EQ(is_utf8_by_definition(c.text), c.valid) << testing::PrintToString(c.text);
    }
}

TEST(Utf8, AgreesWithTheDefinitionOnEveryLeadAndEdgeByte) {
    const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90,
                             0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xFF};
    for (int lead = 0; lead < 256; ++lead) {
        for (const uint8_t b : edges) {
            for (const uint8_t c : edges) {
                for (const uint8_t d : edges) {
                    const char text[] = {static_cast<char>(lead), static_cast<char>(b),
                                         static_cast<char>(c), static_cast<char>(d)};
                    for (size_t size = 1; size <= 4; ++size) {
                        const std::string_view view(text, size);
                        ASSERT_EQ(is_utf8(view), is_utf8_by_definition(view))
                            << testing::PrintToString(view);
                    }
                }
            }
        }
    }
}

}  // namespace
}  // namespace trommel
