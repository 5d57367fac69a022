#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "trommel/status.h"

#include "net/endpoint.h"

namespace trommel::net {

// The networks that may send. It says who is listened to, not who somebody is: addresses of
// datagrams can be forged.
class AccessList {
   public:
    static constexpr size_t kNetworksMax = 1024;

    // "10.0.0.0/8", "fe80::/10", or one address, "192.0.2.7". Code::invalid_config says what is
    // wrong with it.
    Status add(const std::string& network);

    // An empty list allows everybody.
    bool allows(const Endpoint& endpoint) const;
    bool empty() const { return networks_.empty(); }
    size_t size() const { return networks_.size(); }

   private:
    struct Network {
        std::array<uint64_t, 2> address, mask;  // In the bytes' order.
        bool v6;                                // "::/0" does not speak of IPv4.
    };
    std::vector<Network> networks_;
};

}  // namespace trommel::net
