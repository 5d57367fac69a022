#include "net/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace trommel::net {
namespace {

struct FreeMac {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

class LibcryptoHmac final : public Hmac {
   public:
    bool create(std::string_view key) {
        const std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
        if (mac == nullptr) return false;
        context_.reset(EVP_MAC_CTX_new(mac.get()));
        char name[] = "SHA256";
        const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
            OSSL_PARAM_construct_end()};
        return context_ != nullptr &&
               EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()),
                            key.size(), parameters) == 1;
    }

    bool digest(std::string_view bytes, HmacDigest& digest) override {
        size_t size = 0;
        // Without a key the context begins anew with the one it has.
        return EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
               EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size()) == 1 &&
               EVP_MAC_final(context_.get(), digest.data(), &size, digest.size()) == 1 &&
               size == digest.size();
    }

   private:
    std::unique_ptr<EVP_MAC_CTX, FreeMac> context_;
};

}  // namespace

Status make_hmac(std::string_view key, std::unique_ptr<Hmac>& hmac) {
    auto made = std::make_unique<LibcryptoHmac>();
    if (!made->create(key)) {
        return Status::error(Code::internal, "OpenSSL refuses to make an HMAC-SHA256");
    }
    hmac = std::move(made);
    return {};
}

}  // namespace trommel::net
