#include "net/json_unescape.h"

#include <gtest/gtest.h>
#include <string>

namespace trommel::net {
namespace {

std::string unescaped(std::string_view text) {
    std::string out(text.size(), '?');
    size_t size = 0;
    size_t checked = 1;
    EXPECT_EQ(unescape_json(text, out.data(), size), Unescaped::ok) << text;
    EXPECT_EQ(unescape_json(text, nullptr, checked), Unescaped::ok) << text;
    EXPECT_EQ(checked, size);
    return out.substr(0, size);
}

Unescaped outcome(std::string_view text) {
    std::string out(text.size(), '?');
    size_t size = 0;
    return unescape_json(text, out.data(), size);
}

TEST(JsonUnescape, ResolvesEveryEscape) {
    EXPECT_EQ(unescaped(""), "");
    EXPECT_EQ(unescaped("plain é"), "plain é");
    EXPECT_EQ(unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(unescaped(R"(a\u0000b)"), std::string("a\0b", 3));
    EXPECT_EQ(unescaped(R"(\u0041\u00e9\u00E9\u20ac\ufFfF)"), "Aéé€\xEF\xBF\xBF");
    EXPECT_EQ(unescaped(R"(\u007f\u0080\u07ff\u0800)"), "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80");
    EXPECT_EQ(unescaped(R"(\ud83d\ude00)"), "😀");
    EXPECT_EQ(unescaped(R"(\uD800\uDC00\uDBFF\uDFFF)"), "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
    EXPECT_EQ(unescaped(R"(\\u0041)"), R"(\u0041)");
}

TEST(JsonUnescape, TellsALoneSurrogateFromDamage) {
    for (const char* text :
         {R"(\ud800)", R"(\udc00)", R"(\ud800x)", R"(\ud800\n)", R"(\ud800\ud800)",
          R"(\udc00\ud800)", R"(\ud800\u0041)", R"(\ud83d\ude00\ud83d)"}) {
        EXPECT_EQ(outcome(text), Unescaped::lone_surrogate) << text;
    }
    for (const char* text : {R"(\)", R"(\x)", R"(\u)", R"(\u12)", R"(\u123g)", R"(\U0041)", R"(\a)",
                             R"(\')", R"(\ud800\u12)", R"(\ud800\)", R"(\ud800 \q)", R"(\u 041)"}) {
        EXPECT_EQ(outcome(text), Unescaped::malformed) << text;
    }
}

}  // namespace
}  // namespace trommel::net
