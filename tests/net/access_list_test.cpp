#include "net/access_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trommel::net {
namespace {

bool allows(const std::vector<std::string>& networks, const std::string& address) {
    AccessList list;
    for (const std::string& network : networks) {
        const Status status = list.add(network);
        EXPECT_TRUE(status.ok()) << status.message;
    }
    Endpoint endpoint;
    EXPECT_TRUE(parse_address(address, endpoint)) << address;
    endpoint.port = 4000;
    return list.allows(endpoint);
}

TEST(AccessList, AnEmptyOneAllowsEverybody) {
    EXPECT_TRUE(allows({}, "203.0.113.9"));
    EXPECT_TRUE(allows({}, "2001:db8::1"));
}

TEST(AccessList, ANetworkHoldsWhatItsPrefixSays) {
    EXPECT_TRUE(allows({"10.0.0.0/8"}, "10.255.255.255"));
    EXPECT_FALSE(allows({"10.0.0.0/8"}, "11.0.0.0"));
    EXPECT_TRUE(allows({"192.0.2.128/25"}, "192.0.2.128"));
    EXPECT_FALSE(allows({"192.0.2.128/25"}, "192.0.2.127"));
    EXPECT_TRUE(allows({"192.0.2.7"}, "192.0.2.7"));
    EXPECT_FALSE(allows({"192.0.2.7"}, "192.0.2.6"));
    EXPECT_TRUE(allows({"0.0.0.0/0"}, "203.0.113.9"));
    EXPECT_TRUE(allows({"fe80::/10"}, "febf::1"));
    EXPECT_FALSE(allows({"fe80::/10"}, "fec0::1"));
    EXPECT_TRUE(allows({"2001:db8::1/128"}, "2001:db8::1"));
    EXPECT_FALSE(allows({"2001:db8::1/128"}, "2001:db8::2"));
    EXPECT_TRUE(allows({"2001:db8:0:1::/64"}, "2001:db8:0:1:ffff::"));
    EXPECT_FALSE(allows({"2001:db8:0:1::/64"}, "2001:db8:0:2::"));
    EXPECT_TRUE(allows({"10.0.0.0/8", "192.0.2.7"}, "192.0.2.7"));
}

TEST(AccessList, OneFamilySaysNothingOfTheOther) {
    EXPECT_FALSE(allows({"::/0"}, "192.0.2.7"));
    EXPECT_FALSE(allows({"0.0.0.0/0"}, "::1"));
    EXPECT_TRUE(allows({"10.0.0.0/8"}, "::ffff:10.1.2.3"));  // A mapped address is IPv4.
}

std::string refusal(const std::string& network) {
    AccessList list;
    const Status status = list.add(network);
    EXPECT_EQ(status.code, Code::invalid_config) << network;
    EXPECT_TRUE(list.empty());
    return status.message;
}

TEST(AccessList, WhatIsNoNetworkIsRefusedWithTheReason) {
    for (const char* text : {"", "10.0.0", "example.org", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                             "10.0.0.0/8x", "::/129", "10.0.0.0/ 8", "/8"}) {
        EXPECT_NE(refusal(text), "");
    }
    EXPECT_THAT(refusal("10.0.0.1/8"), testing::HasSubstr("did you mean 10.0.0.0/8"));
    EXPECT_THAT(refusal("10.0.0.0/33"), testing::HasSubstr("from 0 to 32"));
}

TEST(AccessList, ThereIsAMostOfNetworks) {
    AccessList list;
    for (size_t i = 0; i < AccessList::kNetworksMax; ++i) ASSERT_TRUE(list.add("192.0.2.7").ok());
    EXPECT_FALSE(list.add("192.0.2.7").ok());
    EXPECT_EQ(list.size(), AccessList::kNetworksMax);
}

}  // namespace
}  // namespace trommel::net
