#include "net/endpoint.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <xxhash.h>

namespace trommel::net {
namespace {

constexpr size_t kMappedBytes = 12;
constexpr uint8_t kMapped[kMappedBytes] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Endpoint Endpoint::from_v4(const void* four_bytes, uint16_t port) {
    Endpoint endpoint;
    std::copy_n(kMapped, kMappedBytes, endpoint.address.begin());
    std::memcpy(endpoint.address.data() + kMappedBytes, four_bytes, 4);
    endpoint.port = port;
    return endpoint;
}

Endpoint Endpoint::from_v6(const void* sixteen_bytes, uint16_t port) {
    Endpoint endpoint;
    std::memcpy(endpoint.address.data(), sixteen_bytes, 16);
    endpoint.port = port;
    endpoint.v6 = !std::equal(kMapped, kMapped + kMappedBytes, endpoint.address.begin());
    return endpoint;
}

Endpoint Endpoint::unix_peer(uint64_t number) {
    Endpoint endpoint;
    std::memcpy(endpoint.address.data(), &number, sizeof number);
    endpoint.local = true;
    return endpoint;
}

bool Endpoint::from_socket(const sockaddr* address, size_t bytes, Endpoint& endpoint) {
    if (bytes >= sizeof(sockaddr_in) && address->sa_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, address, sizeof v4);
        endpoint = from_v4(&v4.sin_addr, ntohs(v4.sin_port));
        return true;
    }
    if (bytes >= sizeof(sockaddr_in6) && address->sa_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, address, sizeof v6);
        endpoint = from_v6(&v6.sin6_addr, ntohs(v6.sin6_port));
        return true;
    }
    return false;
}

socklen_t Endpoint::to_socket(sockaddr_storage& storage) const {
    storage = {};
    if (v6) {
        sockaddr_in6 in = {};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(port);
        std::memcpy(&in.sin6_addr, address.data(), 16);
        std::memcpy(&storage, &in, sizeof in);
        return sizeof in;
    }
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.data() + kMappedBytes, 4);
    std::memcpy(&storage, &in, sizeof in);
    return sizeof in;
}

bool Endpoint::is_loopback() const {
    if (!v6) return address[kMappedBytes] == 127;
    return address.back() == 1 &&
           std::all_of(address.begin(), address.end() - 1, [](uint8_t byte) { return byte == 0; });
}

bool Endpoint::is_unspecified() const {
    return std::all_of(address.begin() + (v6 ? 0 : kMappedBytes), address.end(),
                       [](uint8_t byte) { return byte == 0; });
}

std::string address_text(const Endpoint& endpoint) {
    char text[INET6_ADDRSTRLEN] = "";
    if (endpoint.v6) {
        inet_ntop(AF_INET6, endpoint.address.data(), text, sizeof text);
    } else {
        inet_ntop(AF_INET, endpoint.address.data() + kMappedBytes, text, sizeof text);
    }
    return text;
}

std::string to_text(const Endpoint& endpoint) {
    if (endpoint.local) {
        uint64_t number = 0;
        std::memcpy(&number, endpoint.address.data(), sizeof number);
        return "unix:" + std::to_string(number);
    }
    const std::string address = address_text(endpoint);
    return (endpoint.v6 ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port);
}

uint64_t hash_of(const Endpoint& endpoint, uint64_t seed) {
    return XXH3_64bits_withSeed(endpoint.address.data(), endpoint.address.size(),
                                seed + endpoint.port);
}

bool parse_address(const std::string& text, Endpoint& endpoint) {
    uint8_t bytes[16];
    if (inet_pton(AF_INET, text.c_str(), bytes) == 1) {
        endpoint = Endpoint::from_v4(bytes, 0);
        return true;
    }
    if (inet_pton(AF_INET6, text.c_str(), bytes) != 1) return false;
    endpoint = Endpoint::from_v6(bytes, 0);
    return true;
}

}  // namespace trommel::net
