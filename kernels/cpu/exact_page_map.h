#pragma once
#include <cstdint>

#include "kernels/rules/partition.h"

namespace trommel::cpu {

// Where ids live: linear hashing over 4 KiB pages (Litwin, VLDB 1980) in partial expansions
// (Larson, VLDB 1980). The pages of a hash group form families. Family after family is given a
// third page, then a fourth; then every family of four is taken for two families of two, and it
// starts again. So a page holds at most one and a half times what another one does, where plain
// doubling leaves twice as much in the pages whose turn is still to come.
//
//   two pages      |      0      |      1      |     An id's share of its family, a fraction of
//   three          |    0    |    1   |    2   |     one, says which page it is in: when there is
//   four           |   0  |  1   |   2  |  3   |     one page more it stays, or goes to the next.
//   two families   |  0,0 | 1,0  | 0,1  | 1,1  |     page, family
//
// Pages of a group lie `groups` apart, and page p of family f at p * families() + f.
struct PageMap {
    static constexpr uint32_t kFamilyMin = 2, kFamilyMax = 2 * kFamilyMin;

    uint32_t groups = 1, group_begin = 0;
    uint32_t level = 0;     // Families of a group, as a power of two.
    uint32_t before = 1;    // Pages of a family whose turn in this expansion is still to come,
    uint32_t expanded = 0;  // and how many families have had it: they have one more.

    uint32_t families() const { return groups << level; }
    uint32_t pages() const { return families() * before + expanded; }
    uint32_t pages_of(uint32_t family) const { return before + uint32_t{family < expanded}; }

    // One page more, at the end of all. It belongs to family expanded - 1 then, which had `before`.
    void add_page() {
        if (expanded == families()) {
            expanded = 0;
            if (++before == kFamilyMax) {
                before = kFamilyMin;
                ++level;
            }
        }
        ++expanded;
    }

    uint32_t family_of(uint64_t hash) const {
        const uint32_t families_mask = (1u << level) - 1;
        return (rules::page_bits_of(hash) & families_mask) * groups + rules::group_of(hash) -
               group_begin;
    }
    // Of `family_pages` pages of its family, the one that an id of this hash is in. The first bit
    // of the share never changes; the second is the one that will tell two families apart.
    uint32_t page_in_family(uint64_t hash, uint32_t family_pages) const {
        constexpr uint32_t kRestBits = rules::kShareBits - 1;
        const uint32_t fixed = rules::share_bits_of(hash);
        const uint32_t first = fixed >> kRestBits, rest = fixed & ((1u << kRestBits) - 1);
        const uint32_t second = rules::page_bits_of(hash) >> level & 1;
        const uint32_t share = (first << 1 | second) << kRestBits | rest;
        return share * family_pages >> (rules::kShareBits + 1);
    }
    // No branch on `family < expanded`: half-way through an expansion nobody could predict it.
    uint32_t page_of(uint64_t hash) const {
        const uint32_t family = family_of(hash);
        return page_in_family(hash, pages_of(family)) * families() + family;
    }
    uint32_t home_line(uint64_t hash) const {
        return page_of(hash) * rules::kLinesPerPage + rules::line_of(hash);
    }
};

}  // namespace trommel::cpu
