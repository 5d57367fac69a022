#include "tools/pages/html_text.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/tools/json_reader.h"

namespace trommel::tools {
namespace {

using namespace std::string_literals;

TEST(HtmlText, NothingInATextIsMarkup) {
    EXPECT_EQ(html("<b>\"it's\" & more</b>"), "&lt;b&gt;&quot;it&#39;s&quot; &amp; more&lt;/b&gt;");
    EXPECT_EQ(html("&lt;"), "&amp;lt;");
}

TEST(HtmlText, CharactersBeyondAsciiStay) {
    EXPECT_EQ(html("1 µs – ≤ 日本 🦀\n\t"), "1 µs – ≤ 日本 🦀\n\t");
}

TEST(HtmlText, WhatIsNoTextBecomesTheReplacementCharacter) {
    EXPECT_EQ(html("a\0b"s), "a\uFFFDb");
    EXPECT_EQ(html("a\x1b[31m\x7f"), "a\uFFFD[31m\uFFFD");
    EXPECT_EQ(html("\xff\xc3"), "\uFFFD\uFFFD");
    EXPECT_EQ(html("\xc3<"), "\uFFFD&lt;");  // The "<" is not taken for the missing byte.
}

TEST(HtmlText, ANumberReadsBackAsItWas) {
    for (const double value : {0.1, 1.0 / 3, 1e300, -0.0, 123456789.123456789, 5e-324}) {
        std::string text;
        append_json_number(text, value);
        Json json;
        ASSERT_TRUE(read_json(text, json)) << text;
        EXPECT_EQ(json.number, value) << text;
    }
}

TEST(HtmlText, JsonHasNoWordForInfinity) {
    for (const double value : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
        std::string text;
        append_json_number(text, value);
        EXPECT_EQ(text, "null");
    }
}

TEST(HtmlText, JsonCannotEndItsScript) {
    const std::string safe = json_for_script(R"(["</script><!--<script>",1])");
    EXPECT_EQ(safe.find('<'), std::string::npos);
    Json json;
    ASSERT_TRUE(read_json(safe, json));
    EXPECT_EQ(json[0].text, "</script><!--<script>");
}

}  // namespace
}  // namespace trommel::tools
