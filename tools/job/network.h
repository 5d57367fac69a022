#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

#include "net/access_list.h"
#include "net/listen_address.h"
#include "tools/job/section.h"

// What the sections of network sources have in common.
namespace trommel::tools {

// `allow`: one network or a list of them.
void read_allow(Section& section, net::AccessList& allow);
// `listen`, `allow` and `insecure_listen`: an address that others than this machine can reach needs
// one of the latter two.
void read_listen(Section& section, net::ListenAddress& listen, net::AccessList& allow);
// `stop_after` and `stop_with_senders`.
void read_ending(Section& section, std::optional<int64_t>& stop_after_us, bool& stop_with_senders);

// A number from `least` to `most`.
template <class T>
void read_limit(Section& section, std::string_view name, T least, T most, T& limit) {
    const auto parse = [=](std::string_view text) {
        const Parsed<uint64_t> parsed = parse_count(text);
        if (parsed.ok() && parsed.value >= least && parsed.value <= most) {
            return Parsed<T>{static_cast<T>(parsed.value), {}};
        }
        return Parsed<T>::fail("'" + std::string(text) + "' is not a number from " +
                               std::to_string(least) + " to " + std::to_string(most));
    };
    section.read(name, limit, parse);
}

}  // namespace trommel::tools
