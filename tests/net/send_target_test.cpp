#include "net/send_target.h"

#include <gtest/gtest.h>
#include <string>

namespace trommel::net {
namespace {

TEST(SendTarget, EachKindReadsBackAsWritten) {
    for (const char* text : {"udp://127.0.0.1:4000", "tcp://localhost:1", "udp://[::1]:65535",
                             "tcp://collector.example.org:4000", "unix:///run/trommel.sock"}) {
        SendTarget target;
        EXPECT_EQ(parse_send_target(text, target), "") << text;
        EXPECT_EQ(to_text(target), text);
    }
    SendTarget target;
    EXPECT_EQ(parse_send_target("udp://[fe80::1%eth0]:80", target), "");
    EXPECT_EQ(target.host, "fe80::1%eth0");
    EXPECT_EQ(target.port, 80);
}

TEST(SendTarget, WhatIsWrongSaysWhatWouldBeRight) {
    const auto error = [](const std::string& text) {
        SendTarget target;
        return parse_send_target(text, target);
    };
    EXPECT_EQ(error("udp://127.0.0.1"), "'127.0.0.1' has no port: write HOST:PORT or [IPv6]:PORT");
    EXPECT_EQ(error("udp://[::1]"), "'[::1]' has no port: write HOST:PORT or [IPv6]:PORT");
    EXPECT_EQ(error("udp://[::1:80"), "'[::1:80' has no port: write HOST:PORT or [IPv6]:PORT");
    EXPECT_EQ(error("tcp://::1:80"), "'::1:80': write an IPv6 address in brackets: [::1]:80");
    EXPECT_EQ(error("tcp://:80"), "':80' has no host: write HOST:PORT, such as 127.0.0.1:4000");
    for (const char* port : {"0", "65536", "-1", "80x", ""}) {
        EXPECT_EQ(error("tcp://h:" + std::string(port)),
                  "'" + std::string(port) + "' is no port: write 1 to 65535");
    }
    EXPECT_EQ(error("unix://relative"), "'relative' is no absolute path: write unix:///PATH");
    EXPECT_EQ(error("unix:///" + std::string(200, 'x')),
              "the path of a unix socket has at most 107 bytes");
    EXPECT_EQ(error("http://h:80"),
              "'http://h:80': write udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH");
}

TEST(SendTarget, AFileIsNone) {
    for (const char* text : {"-", "events.ndjson", "./udp", "a/b:c", "C:x", "udp"}) {
        EXPECT_FALSE(is_send_target(text)) << text;
    }
    for (const char* text : {"udp://h:1", "udp:h:1", "tcp:", "unix:x", "http://h"}) {
        EXPECT_TRUE(is_send_target(text)) << text;
    }
}

}  // namespace
}  // namespace trommel::net
