#include "net/hmac.h"

#include <gtest/gtest.h>
#include <string>

#include "net/frame_keys.h"
#include "net/wire.h"

namespace trommel::net {
namespace {

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        text += "0123456789abcdef"[static_cast<uint8_t>(byte) >> 4];
        text += "0123456789abcdef"[static_cast<uint8_t>(byte) & 15];
    }
    return text;
}

// The vectors are those of RFC 4231, cases 1, 3 and 4, cut to the bytes that a frame carries.
TEST(Hmac, IsTheOneOfTheStandard) {
    if (!built_with_signatures()) GTEST_SKIP() << "built without libcrypto";
    struct Case {
        const char* key;
        std::string text;
        const char* signature;
    };
    const Case cases[] = {{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
                           "b0344c61d8db38535ca8afceaf0bf12b"},
                          {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", std::string(50, '\xdd'),
                           "773ea91e36800e46854db8ebd09181a7"},
                          {"0102030405060708090a0b0c0d0e0f10111213141516171819",
                           std::string(50, '\xcd'), "82558a389a443c0ea4cc819899f2083a"}};
    for (const Case& c : cases) {
        FrameKeys keys;
        ASSERT_TRUE(keys.parse("1 " + std::string(c.key), "keys").ok());
        for (int again = 0; again < 2; ++again) {  // It begins anew each time.
            std::string bytes = c.text + std::string(kSignatureBytes, '\0');
            ASSERT_TRUE(keys.sign(1, bytes.data(), bytes.size()));
            EXPECT_EQ(hex(bytes.substr(c.text.size())), c.signature);
        }
    }
}

}  // namespace
}  // namespace trommel::net
