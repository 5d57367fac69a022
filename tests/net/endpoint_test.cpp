#include "net/endpoint.h"

#include <cstring>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace trommel::net {
namespace {

Endpoint at(const std::string& address, uint16_t port = 0) {
    Endpoint endpoint;
    EXPECT_TRUE(parse_address(address, endpoint)) << address;
    endpoint.port = port;
    return endpoint;
}

TEST(Endpoint, ItsTextIsWhatPeopleWrite) {
    EXPECT_EQ(to_text(at("192.0.2.7", 4000)), "192.0.2.7:4000");
    EXPECT_EQ(to_text(at("2001:db8::1", 65535)), "[2001:db8::1]:65535");
    EXPECT_EQ(address_text(at("::1")), "::1");
    Endpoint none;
    for (const char* text : {"", "1.2.3", "1.2.3.4.5", "::1:::", "host", "1.2.3.4/8", " 1.2.3.4"}) {
        EXPECT_FALSE(parse_address(text, none)) << text;
    }
}

TEST(Endpoint, AMappedAddressIsTheIpv4AddressItMaps) {
    EXPECT_EQ(at("::ffff:192.0.2.7", 5), at("192.0.2.7", 5));
    EXPECT_FALSE(at("::ffff:192.0.2.7").v6);
    EXPECT_TRUE(at("::192.0.2.7").v6);
}

TEST(Endpoint, AddressesOfSocketsComeBackAsTheyWere) {
    for (const Endpoint& endpoint : {at("192.0.2.7", 4000), at("2001:db8::1", 1)}) {
        sockaddr_storage storage;
        const socklen_t bytes = endpoint.to_socket(storage);
        Endpoint read;
        ASSERT_TRUE(
            Endpoint::from_socket(reinterpret_cast<const sockaddr*>(&storage), bytes, read));
        EXPECT_EQ(read, endpoint);
        // Too few bytes, or another family, is nobody.
        EXPECT_FALSE(
            Endpoint::from_socket(reinterpret_cast<const sockaddr*>(&storage), bytes - 1, read));
        storage.ss_family = AF_UNIX;
        EXPECT_FALSE(
            Endpoint::from_socket(reinterpret_cast<const sockaddr*>(&storage), bytes, read));
    }
}

TEST(Endpoint, LoopbackIsLoopback) {
    EXPECT_TRUE(at("127.0.0.1").is_loopback());
    EXPECT_TRUE(at("127.200.0.1").is_loopback());
    EXPECT_TRUE(at("::1").is_loopback());
    for (const char* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "1::1", "10.127.0.1"}) {
        EXPECT_FALSE(at(text).is_loopback()) << text;
    }
    EXPECT_TRUE(at("0.0.0.0").is_unspecified());
    EXPECT_TRUE(at("::").is_unspecified());
    EXPECT_FALSE(at("0.0.0.1").is_unspecified());
}

TEST(Endpoint, EveryPartOfItCountsInItsHash) {
    const Endpoint one = at("192.0.2.7", 4000);
    EXPECT_EQ(hash_of(one, 1), hash_of(at("192.0.2.7", 4000), 1));
    EXPECT_NE(hash_of(one, 1), hash_of(at("192.0.2.7", 4001), 1));
    EXPECT_NE(hash_of(one, 1), hash_of(at("192.0.2.8", 4000), 1));
    EXPECT_NE(hash_of(one, 1), hash_of(one, 2));
}

TEST(Endpoint, PeersOfAUnixSocketAreToldApartByTheirNumbers) {
    EXPECT_EQ(to_text(Endpoint::unix_peer(70'000)), "unix:70000");
    EXPECT_EQ(Endpoint::unix_peer(3), Endpoint::unix_peer(3));
    EXPECT_FALSE(Endpoint::unix_peer(3) == Endpoint::unix_peer(4));
    Endpoint address = Endpoint::unix_peer(3);
    address.local = false;
    EXPECT_FALSE(Endpoint::unix_peer(3) == address) << "no address is a unix peer";
}

}  // namespace
}  // namespace trommel::net
