#pragma once
#include <cstdint>

#include "kernels/rules/host_device.h"

// Which bits of an id's 64-bit hash decide what. Disjoint, so that no choice biases another:
//
//   63..56 group     the unit of state; a shard is a stretch of groups
//   55..50 line      within a 4 KiB page of the exact table
//   49..44 overflow  which bit of a line's overflow summary stands for this id
//   43..32 share     which of the two to four pages of its family
//   31..0  family    of pages of the group; low bits first, one more each time the table doubles
//
// The filter takes its bits from the same groups and from a second multiply:
// kernels/rules/filter.h.
namespace trommel::rules {

inline constexpr uint32_t kGroups = 256;
inline constexpr uint32_t kLinesPerPage = 64;

TROMMEL_HD constexpr uint32_t group_of(uint64_t hash) {
    return static_cast<uint32_t>(hash >> 56);
}
TROMMEL_HD constexpr uint32_t line_of(uint64_t hash) {
    return static_cast<uint32_t>(hash >> 50) & (kLinesPerPage - 1);
}
TROMMEL_HD constexpr uint32_t overflow_bits_of(uint64_t hash) {
    return static_cast<uint32_t>(hash >> 44) & 63;
}
inline constexpr uint32_t kShareBits = 12;
TROMMEL_HD constexpr uint32_t share_bits_of(uint64_t hash) {
    return static_cast<uint32_t>(hash >> 32) & ((1u << kShareBits) - 1);
}
TROMMEL_HD constexpr uint32_t page_bits_of(uint64_t hash) {
    return static_cast<uint32_t>(hash);
}

// Shard s of n owns the groups [group_begin(s, n), group_begin(s + 1, n)).
TROMMEL_HD constexpr uint32_t group_begin(uint32_t shard, uint32_t shards) {
    return (shard * kGroups + shards - 1) / shards;
}
TROMMEL_HD constexpr uint32_t shard_of(uint64_t hash, uint32_t shards) {
    return group_of(hash) * shards / kGroups;
}

static_assert(group_begin(0, 3) == 0 && group_begin(3, 3) == kGroups);
static_assert(shard_of(uint64_t{85} << 56, 3) == 0 && group_begin(1, 3) == 86);
static_assert(shard_of(uint64_t{86} << 56, 3) == 1);
static_assert(shard_of(~uint64_t{0}, 7) == 6);

}  // namespace trommel::rules
