#include "hostpath/dead_letter.h"

#include <gtest/gtest.h>

namespace trommel::hostpath {
namespace {

std::string base64(std::string_view bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
}

std::string text_of(const DeadLetter& letter) {
    std::string out;
    append_dead_letter(out, letter);
    return out;
}

TEST(DeadLetter, HasTheContractsFieldsInOrder) {
    EXPECT_EQ(text_of({"late", "", "in.ndjson", "p0", 7, 1234, "{\"id\": 1}"}),
              R"({"reason":"late","source":"in.ndjson","partition":"p0","record":7,"offset":1234,)"
              R"("raw":"{\"id\": 1}"})");
}

TEST(DeadLetter, CorruptOnesSayWhatIsWrongAtTheEnd) {
    EXPECT_EQ(text_of({"corrupt", "no \"id\"", "stdin", "(source)", 0, 0, "x"}),
              R"-({"reason":"corrupt","source":"stdin","partition":"(source)","record":0,)-"
              R"("offset":0,)"
              R"("raw":"x","detail":"no \"id\""})");
}

TEST(DeadLetter, BytesThatAreNotUtf8StandInBase64) {
    EXPECT_EQ(text_of({"corrupt", "not UTF-8", "s", "p", 1, 2, "a\xFF"}),
              R"({"reason":"corrupt","source":"s","partition":"p","record":1,"offset":2,)"
              R"("raw_base64":"Yf8=","detail":"not UTF-8"})");
    EXPECT_NE(text_of({"late", "", "s", "p", 1, 2, "\xED\xA0\x80"}).find("raw_base64"),
              std::string::npos);
    EXPECT_NE(text_of({"late", "", "s", "p", 1, 2, "\xC3\xA9"}).find("\"raw\":\"\xC3\xA9\""),
              std::string::npos);
}

TEST(DeadLetter, ControlBytesStayReadableText) {
    const std::string_view raw("\0\n", 2);
    EXPECT_NE(text_of({"corrupt", "", "s", "p", 0, 0, raw}).find(R"("raw":"\u0000\n"})"),
              std::string::npos);
}

TEST(DeadLetter, TheLargestNumbersFit) {
    EXPECT_NE(text_of({"late", "", "s", "p", UINT64_MAX, UINT64_MAX, ""})
                  .find(R"("record":18446744073709551615,"offset":18446744073709551615,"raw":"")"),
              std::string::npos);
}

TEST(DeadLetter, AppendsAndAddsNoLineEnd) {
    std::string out = "before";
    append_dead_letter(out, {"late", "", "s", "p", 0, 0, ""});
    EXPECT_EQ(out.substr(0, 7), "before{");
    EXPECT_EQ(out.back(), '}');
}

TEST(Base64, EqualsTheExamplesOfRfc4648) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("foob"), "Zm9vYg==");
    EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
    EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64("\xFB\xFF\xBF"), "+/+/");
    EXPECT_EQ(base64({"\0\0\0\xFF", 4}), "AAAA/w==");
}

}  // namespace
}  // namespace trommel::hostpath
