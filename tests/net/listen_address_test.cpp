#include "net/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace trommel::net {
namespace {

std::string read(const std::string& text) {
    ListenAddress address;
    const Status status = parse_listen_address(text, address);
    return status.ok() ? to_text(address.endpoint) : status.message;
}

TEST(ListenAddress, AddressesAreReadAsPeopleWriteThem) {
    EXPECT_EQ(read("127.0.0.1:4000"), "127.0.0.1:4000");
    EXPECT_EQ(read("0.0.0.0:0"), "0.0.0.0:0");
    EXPECT_EQ(read("[::1]:4000"), "[::1]:4000");
    EXPECT_EQ(read("[::]:65535"), "[::]:65535");
    EXPECT_EQ(read("localhost:80"), "127.0.0.1:80");
}

TEST(ListenAddress, WithoutAnAddressItIsLoopback) {
    ListenAddress address;
    ASSERT_TRUE(parse_listen_address(":4000", address).ok());
    EXPECT_TRUE(address.is_loopback());
    EXPECT_EQ(address.endpoint.port, 4000);
    ASSERT_TRUE(parse_listen_address("0.0.0.0:4000", address).ok());
    EXPECT_FALSE(address.is_loopback());
}

TEST(ListenAddress, ALinkLocalAddressNamesItsInterface) {
    ListenAddress address;
    ASSERT_TRUE(parse_listen_address("[fe80::1%lo]:4000", address).ok());
    EXPECT_NE(address.scope, 0u);
    sockaddr_storage storage;
    ASSERT_EQ(address.to_socket(storage), sizeof(sockaddr_in6));
    EXPECT_EQ(reinterpret_cast<sockaddr_in6&>(storage).sin6_scope_id, address.scope);
    EXPECT_THAT(read("[fe80::1%nothing9]:4000"), testing::HasSubstr("no interface"));
}

TEST(ListenAddress, WhatCannotBeListenedOnIsRefusedWithTheReason) {
    for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                             "127.0.0.1:4000x", "example.org:4000", "*:4000", "[]:4000x"}) {
        EXPECT_THAT(read(text), testing::HasSubstr("expected")) << text;
    }
    EXPECT_THAT(read("::1:4000"), testing::HasSubstr("needs brackets: [::1]:4000"));
    EXPECT_THAT(read("[127.0.0.1]:4000"), testing::HasSubstr("needs no brackets"));
}

}  // namespace
}  // namespace trommel::net
