#pragma once
#include <cstdint>

#include "kernels/cuda/atomics.h"
#include "kernels/rules/hash.h"
#include "kernels/rules/host_device.h"
#include "kernels/rules/partition.h"

// Tables of ids in device memory (essay: exact_ids.md). A slot is taken by the first thread that
// writes its id there, and keeps that id until its group is written anew. All zeros is free.
namespace trommel::cuda {

// The last word of a slot: which event of the newest batch that had this id came first, and which
// tick the id is remembered with. One word, so that both are read at once.
//
//   63..37 stamp of the batch    36..17 how far its event is from the batch's last possible one
//   16 contested: events of the batch have to be judged one after the other
//   15..0 tick above the base of ticks, plus one; 0: not remembered
struct IdWord {
    static constexpr uint32_t kIndexBits = 20, kTickBits = 16, kClaimShift = kTickBits + 1;
    static constexpr uint64_t kContested = uint64_t{1} << kTickBits;
    static constexpr uint32_t kEventsMax = 1u << kIndexBits;  // Of a batch.
    static constexpr uint64_t kStampsMax = uint64_t{1} << (64 - kClaimShift - kIndexBits);

    uint64_t word;

    // Greater for later batches, and for earlier events of a batch.
    TROMMEL_HD static constexpr uint64_t claim(uint64_t stamp, uint32_t index) {
        return stamp << kIndexBits | (kEventsMax - 1 - index);
    }
    TROMMEL_HD constexpr uint64_t claim() const { return word >> kClaimShift; }
    TROMMEL_HD constexpr uint64_t stamp() const { return claim() >> kIndexBits; }
    TROMMEL_HD constexpr uint32_t first_index() const {
        return kEventsMax - 1 - (static_cast<uint32_t>(claim()) & (kEventsMax - 1));
    }
    TROMMEL_HD constexpr bool is_contested() const { return (word & kContested) != 0; }
    TROMMEL_HD constexpr uint64_t tick_bits() const { return word & (kContested - 1); }
    TROMMEL_HD constexpr uint64_t with_tick_bits(uint64_t bits) const {
        return (word & ~(kContested - 1)) | bits;
    }
};
static_assert(IdWord{IdWord::claim(5, 7) << IdWord::kClaimShift}.first_index() == 7);
static_assert(IdWord::claim(5, 7) > IdWord::claim(5, 8) &&
              IdWord::claim(6, 8) > IdWord::claim(5, 7));

// What a slot is to an id, after an attempt to take it.
struct Look {
    bool is_its_own;  // It holds the id.
    bool was_taken;   // By this attempt, though perhaps for another id.
};

// Puts `wanted` where nothing was seen. Returns what was there; most often something is, and then
// it stays for the whole launch and need not be looked at again.
TROMMEL_HD inline uint64_t exchange_if_zero(uint64_t* at, uint64_t seen, uint64_t wanted) {
    return seen != 0 ? seen : exchange_if(at, 0, wanted);
}

// 64-bit ids. Id 0 looks like a free slot; it has one of its own, behind the others.
struct Ids64 {
    struct alignas(16) Slot {
        uint64_t id;
        uint64_t word;
    };
    using Id = uint64_t;

    TROMMEL_HD static Id read(const uint64_t* lo, const uint64_t*, uint32_t i) { return lo[i]; }
    TROMMEL_HD static Id of(const Slot& slot) { return slot.id; }
    TROMMEL_HD static uint64_t hash(Id id, const rules::HashSeed& seed) {
        return rules::hash_u64(id, seed);
    }
    TROMMEL_HD static bool has_own_slot(Id id) { return id == 0; }
    TROMMEL_HD static Slot look(const Slot& slot) {
        const WordPair words = load_pair(&slot.id);
        return {words.first, words.second};
    }
    TROMMEL_HD static bool is_free(const Slot& seen) { return seen.id == 0; }
    TROMMEL_HD static Look take(Slot& slot, const Slot& seen, Id id) {
        const uint64_t there = exchange_if_zero(&slot.id, seen.id, id);
        return {there == 0 || there == id, there == 0};
    }
};

// 128-bit ids, in three parts of which each says that it is there: no id looks like a free slot,
// and none needs a compare-and-swap of 16 bytes. Whoever wrote a part, or found his own, goes on to
// the next; so a slot whose first part is written holds one whole id when the launch has ended,
// that of the thread that got furthest.
struct Ids128 {
    struct alignas(32) Slot {
        uint64_t part[3];
        uint64_t word;  // Two and two are read at once.
    };
    struct Id {
        uint64_t lo, hi;
    };
    static constexpr uint32_t kPartBits = 43;  // Three hold 129 bits.

    TROMMEL_HD static constexpr uint64_t part_of(Id id, uint32_t part) {
        constexpr uint64_t kMask = (uint64_t{1} << kPartBits) - 1;
        const uint64_t bits = part == 0   ? id.lo & kMask
                              : part == 1 ? (id.lo >> kPartBits | id.hi << 21) & kMask
                                          : id.hi >> 22;
        return bits << 1 | 1;
    }
    TROMMEL_HD static Id read(const uint64_t* lo, const uint64_t* hi, uint32_t i) {
        return {lo[i], hi[i]};
    }
    TROMMEL_HD static constexpr Id of(const Slot& slot) {
        const uint64_t low = slot.part[0] >> 1, middle = slot.part[1] >> 1;
        return {low | middle << kPartBits, middle >> 21 | (slot.part[2] >> 1) << 22};
    }
    TROMMEL_HD static uint64_t hash(Id id, const rules::HashSeed& seed) {
        return rules::hash_u128(id.lo, id.hi, seed);
    }
    TROMMEL_HD static bool has_own_slot(Id) { return false; }
    TROMMEL_HD static Slot look(const Slot& slot) {
        const WordPair low = load_pair(&slot.part[0]), high = load_pair(&slot.part[2]);
        return {{low.first, low.second, high.first}, high.second};
    }
    TROMMEL_HD static bool is_free(const Slot& seen) { return seen.part[0] == 0; }
    TROMMEL_HD static Look take(Slot& slot, const Slot& seen, Id id) {
        bool was_taken = false;
        for (uint32_t p = 0; p < 3; ++p) {
            const uint64_t part = part_of(id, p);
            const uint64_t there = exchange_if_zero(&slot.part[p], seen.part[p], part);
            was_taken |= p == 0 && there == 0;
            if (there != 0 && there != part) return {false, was_taken};
        }
        return {true, was_taken};
    }
};

static_assert([] {
    const Ids128::Id id{0xfedcba9876543210u, 0x0123456789abcdefu};
    const Ids128::Slot slot{
        {Ids128::part_of(id, 0), Ids128::part_of(id, 1), Ids128::part_of(id, 2)}, 0};
    return Ids128::of(slot).lo == id.lo && Ids128::of(slot).hi == id.hi;
}());

// The table of the ids of one hash group (kernels/rules/partition.h).
template <class Kind>
struct IdGroup {
    typename Kind::Slot* slots;  // capacity, and one more for the id that has its own.
    uint32_t capacity;
    uint32_t limit;  // No more are taken than this, or a few that come at the same time.
    // Up to this floor events that find no room are refused: the host had none to make. Above it
    // some ids may have died, and it is asked again.
    int64_t closed_floor;
};
inline constexpr int64_t kNotClosed = INT64_MIN;

struct IdGroupCounts {
    uint32_t used;    // Slots taken.
    uint32_t lacked;  // Events that found no room since the host looked.
    uint32_t needed;  // What CountNeeded found.
};

// An id's slot.
struct FoundId {
    uint64_t* word = nullptr;  // Null: there is none, and no room.
    uint64_t seen = 0;         // What was there. A launch that takes slots changes no ticks.
    uint32_t taken = 0;        // Slots that were; to be counted as used.
};

template <class Kind>
struct IdTable {
    const IdGroup<Kind>* groups;  // kGroups
    IdGroupCounts* counts;        // kGroups
    rules::HashSeed seed;

    // The slot of the id, which is taken if there is none yet; says which group is the id's.
    TROMMEL_HD FoundId find_or_take(typename Kind::Id id, uint32_t& group) const {
        const uint64_t hash = Kind::hash(id, seed);
        group = rules::group_of(hash);
        return find_or_take(groups[group], &counts[group].used, id, hash);
    }
    // `used`: how many slots of the group are.
    TROMMEL_HD static FoundId find_or_take(const IdGroup<Kind>& in, const uint32_t* used,
                                           typename Kind::Id id, uint64_t hash) {
        typename Kind::Slot* const slots = in_device_memory(in.slots);
        if (Kind::has_own_slot(id)) {
            uint64_t* const word = &slots[in.capacity].word;
            return {word, load(word), 0};
        }
        auto at = static_cast<uint32_t>(uint64_t{rules::page_bits_of(hash)} * in.capacity >> 32);
        uint32_t taken = 0;
        for (uint32_t step = 0; step < in.capacity; ++step) {
            const typename Kind::Slot seen = Kind::look(slots[at]);
            if (Kind::is_free(seen) && load(used) >= in.limit) break;
            const Look look = Kind::take(slots[at], seen, id);
            taken += look.was_taken;
            if (look.is_its_own) return {&slots[at].word, seen.word, taken};
            if (++at == in.capacity) at = 0;
        }
        return {nullptr, 0, taken};
    }
};

}  // namespace trommel::cuda
