#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "trommel/status.h"

namespace trommel::net {

using HmacDigest = std::array<uint8_t, 32>;

// HMAC-SHA256 under one key, by OpenSSL's libcrypto. One thread at a time.
class Hmac {
   public:
    virtual ~Hmac() = default;
    // False when the library fails, which it has no reason to.
    virtual bool digest(std::string_view bytes, HmacDigest& digest) = 0;
};

// Only in builds with libcrypto (TROMMEL_NET_SIGNATURES).
Status make_hmac(std::string_view key, std::unique_ptr<Hmac>& hmac);

}  // namespace trommel::net
