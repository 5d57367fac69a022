#include "net/frame_keys.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "net/wire.h"
#include "tests/kit/temporary_directory.h"

namespace trommel::net {
namespace {

using testing::HasSubstr;

constexpr const char* kKey = "000102030405060708090a0b0c0d0e0f";

class FrameKeysTest : public testing::Test {
   protected:
    void SetUp() override {
        if (!built_with_signatures()) GTEST_SKIP() << "built without libcrypto";
    }
    static std::string problem(const std::string& text) {
        FrameKeys keys;
        return keys.parse(text, "keys").message;
    }
};

std::string signed_frame(FrameKeys& keys, uint32_t source_id) {
    FrameHeader header;
    header.source_id = source_id;
    header.flags = kFrameSigned;
    std::string frame;
    append_frame(header, {WireEvent{1, 0, 2, 3, 4}}, frame);
    EXPECT_TRUE(keys.sign(source_id, frame.data(), frame.size()));
    return frame;
}

TEST_F(FrameKeysTest, ASignedFrameIsItsSourcesAndNobodyElses) {
    FrameKeys keys;
    const std::string other(64, 'a');
    ASSERT_TRUE(
        keys.parse("# keys\n\n 1 " + std::string(kKey) + " # one\r\n2\t" + other, "keys").ok());
    EXPECT_EQ(keys.size(), 2u);
    const std::string frame = signed_frame(keys, 1);
    EXPECT_TRUE(keys.verify(1, frame));
    EXPECT_FALSE(keys.verify(2, frame));
    EXPECT_FALSE(keys.verify(3, frame));
    EXPECT_FALSE(keys.verify(1, frame.substr(0, 8)));
    EXPECT_FALSE(keys.sign(3, std::string(frame).data(), frame.size()));
}

TEST_F(FrameKeysTest, EveryFlippedBitBreaksTheSignature) {
    FrameKeys keys;
    ASSERT_TRUE(keys.parse("1 " + std::string(kKey), "keys").ok());
    const std::string frame = signed_frame(keys, 1);
    for (size_t bit = 0; bit < frame.size() * 8; ++bit) {
        std::string bad = frame;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        ASSERT_FALSE(keys.verify(1, bad)) << bit;
    }
}

TEST_F(FrameKeysTest, WhatIsNoKeyIsToldByLineAndNeverShown) {
    EXPECT_THAT(problem(""), HasSubstr("holds no key"));
    EXPECT_THAT(problem("\nx " + std::string(kKey)), HasSubstr("keys:2: the first word"));
    EXPECT_THAT(problem("-1 " + std::string(kKey)), HasSubstr("keys:1"));
    EXPECT_THAT(problem("4294967296 " + std::string(kKey)), HasSubstr("keys:1"));
    for (const std::string& key :
         {std::string(), std::string(30, 'a'), std::string(31, 'a'), std::string(130, 'a'),
          std::string(32, 'g'), std::string(kKey) + " 1"}) {
        const std::string message = problem("1 " + key);
        EXPECT_THAT(message, HasSubstr("expected SOURCE_ID HEXKEY")) << key;
        if (!key.empty()) {
            EXPECT_THAT(message, testing::Not(HasSubstr(key)));
        }
    }
    const std::string line = "7 " + std::string(kKey) + "\n";
    EXPECT_THAT(problem(line + line), HasSubstr("keys:2: source 7 has a key already"));
}

TEST_F(FrameKeysTest, AFileThatOthersMayReadIsRefused) {
    const testkit::TemporaryDirectory folder;
    const std::string path = folder.path() + "/keys";
    std::ofstream(path) << "1 " << kKey << "\n";
    FrameKeys keys;
    for (const mode_t mode : {0640u, 0604u, 0620u, 0602u}) {
        ASSERT_EQ(chmod(path.c_str(), mode), 0);
        const Status status = keys.load(path);
        EXPECT_EQ(status.code, Code::invalid_config) << mode;
        EXPECT_THAT(status.message, HasSubstr("chmod 600"));
    }
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
    const Status status = keys.load(path);
    EXPECT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(keys.size(), 1u);
    EXPECT_EQ(FrameKeys().load(path + "x").code, Code::no_input);
    EXPECT_EQ(FrameKeys().load(folder.path()).code, Code::invalid_config);
}

TEST(FrameKeys, WithoutLibcryptoKeysAreRefusedByName) {
    if (built_with_signatures()) GTEST_SKIP() << "built with libcrypto";
    FrameKeys keys;
    EXPECT_THAT(keys.parse("1 " + std::string(kKey), "keys").message, HasSubstr("OpenSSL"));
}

}  // namespace
}  // namespace trommel::net
