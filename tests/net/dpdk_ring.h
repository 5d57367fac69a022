#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace trommel::net {

// Puts a packet into a queue of the virtual device net_ring0, as if a wire had brought it. For a
// packet that must not fit into one buffer give `segment_bytes`: it comes as a chain of such
// pieces.
bool put_in_ring(unsigned queue, const std::string& packet, size_t segment_bytes = SIZE_MAX);

}  // namespace trommel::net
