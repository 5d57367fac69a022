#include "net/access_list.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace trommel::net {
namespace {

constexpr int kMappedBits = 96;

std::array<uint64_t, 2> words_of(const std::array<uint8_t, 16>& bytes) {
    std::array<uint64_t, 2> words;
    std::memcpy(words.data(), bytes.data(), sizeof words);
    return words;
}

std::array<uint8_t, 16> mask_of(int bits) {
    std::array<uint8_t, 16> mask = {};
    for (size_t i = 0; i < mask.size(); ++i) {
        const int ones = std::clamp(bits - static_cast<int>(i) * 8, 0, 8);
        mask[i] = static_cast<uint8_t>(0xff00 >> ones);
    }
    return mask;
}

// A whole number from 0 to `most`, and nothing else.
bool parse_bits(const std::string& text, int most, int& bits) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, bits);
    return error == std::errc() && stop == end && bits >= 0 && bits <= most && text[0] != '-';
}

}  // namespace

Status AccessList::add(const std::string& network) {
    const auto refuse = [&](const std::string& why) {
        return Status::error(Code::invalid_config, "'" + network + "' " + why);
    };
    if (networks_.size() == kNetworksMax) {
        return refuse("is one network more than the " + std::to_string(kNetworksMax) +
                      " that there may be");
    }
    const size_t slash = network.find('/');
    Endpoint base;
    if (!parse_address(network.substr(0, slash), base)) {
        return refuse("is not a network; expected one such as 10.0.0.0/8, fe80::/10 or 192.0.2.7");
    }
    const int most = base.v6 ? 128 : 32;
    int bits = most;
    if (slash != std::string::npos && !parse_bits(network.substr(slash + 1), most, bits)) {
        return refuse("has no prefix length from 0 to " + std::to_string(most) + " after the '/'");
    }
    const std::array<uint8_t, 16> mask = mask_of(bits + (base.v6 ? 0 : kMappedBits));
    Endpoint first = base;
    for (size_t i = 0; i < mask.size(); ++i) first.address[i] &= mask[i];
    if (first != base) {
        return refuse("has bits behind its prefix; did you mean " + address_text(first) + "/" +
                      std::to_string(bits) + ", or " + address_text(base) + " alone?");
    }
    networks_.push_back({words_of(base.address), words_of(mask), base.v6});
    return {};
}

bool AccessList::allows(const Endpoint& endpoint) const {
    if (networks_.empty()) return true;
    const std::array<uint64_t, 2> words = words_of(endpoint.address);
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return network.v6 == endpoint.v6 && (words[0] & network.mask[0]) == network.address[0] &&
               (words[1] & network.mask[1]) == network.address[1];
    });
}

}  // namespace trommel::net
