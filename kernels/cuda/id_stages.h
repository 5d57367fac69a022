#pragma once
#include <cstdint>

#include "kernels/cpu/id_memory.h"
#include "kernels/cuda/atomics.h"
#include "kernels/cuda/halt.h"
#include "kernels/cuda/id_slots.h"
#include "kernels/rules/dedup.h"

// What runs on a device to find the duplicates of a batch (exact_ids.md). Index arithmetic, the
// rules and atomics.
namespace trommel::cuda {

// What a batch came to; zero at first.
struct IdCounts {
    uint32_t full;          // Events for which there was no room.
    uint32_t outside;       // Those of them whose time lies outside of what can be remembered.
    uint32_t slices_early;  // Of a filter, with OnFull::forget: how many too many went, at worst.
};

// The on-time events of a batch, in the order in which they came. All pointers are to device
// memory.
struct IdBatch {
    uint64_t number = 0;  // From 1 on, one more for each.
    uint32_t count = 0;   // At most IdWord::kEventsMax.
    const uint64_t* lo = nullptr;
    const uint64_t* hi = nullptr;      // 128-bit ids.
    const int64_t* time_us = nullptr;  // With a finite horizon.
    uint64_t* place = nullptr;         // [count] To work with.
    cpu::Outcome* outcome = nullptr;   // [count] Out.
    IdCounts* counts = nullptr;        // Added to.
    uint64_t* halted = nullptr;        // The word of halt.h.

    // Written by DeviceIds, when the batch is made and each time it is submitted.
    int64_t floor = 0;  // The oldest tick that its events can match.
    int64_t base = 0;   // Ticks are kept from here on.
    uint64_t stamp = 0;
    bool is_shortened = false;  // Ids were forgotten early.

    TROMMEL_HD uint64_t at(Stage stage) const { return HaltWord::position(number, stage); }
};

// What is in IdBatch::place: the address of the word of the id's slot, or why there is none.
inline constexpr uint64_t kNoRoom = 0, kForgotten = 1, kOutside = 2, kPlacesMin = 8;

// Times as ticks, and ticks as bits of IdWord.
struct IdTime {
    const int64_t* time_us;
    rules::DedupTicks ticks;
    int64_t floor, base;

    TROMMEL_HD int64_t tick(uint32_t event) const {
        return ticks.tick_us == 0 ? 0 : rules::tick_of(time_us[event], ticks);
    }
    TROMMEL_HD uint64_t bits_of(int64_t tick) const {
        return static_cast<uint64_t>(tick - base) + 1;
    }
    TROMMEL_HD int64_t tick_of_bits(uint64_t bits) const {
        return base + static_cast<int64_t>(bits) - 1;
    }
    TROMMEL_HD bool is_live(IdWord word) const {
        return word.tick_bits() != 0 && tick_of_bits(word.tick_bits()) >= floor;
    }
    // What a word is remembered with from now on. Whoever may change it is one thread of a launch;
    // others set kContested at the same time.
    TROMMEL_HD void remember(uint64_t* at, IdWord word, int64_t tick) const {
        const uint64_t bits = bits_of(tick);
        if (bits != word.tick_bits()) add(at, bits - word.tick_bits());
    }
    // What an id that is remembered with `known` is remembered with after an event; both as bits.
    TROMMEL_HD uint64_t bits_after(uint64_t known, int64_t tick, int64_t reach) const {
        if (known == 0) return bits_of(tick);
        return bits_of(rules::remembered_after(tick_of_bits(known), tick, reach));
    }
};
TROMMEL_HD inline IdTime time_of(const IdBatch& batch, const rules::DedupTicks& ticks) {
    return {batch.time_us, ticks, batch.floor, batch.base};
}

// Item: an event. Finds or takes the slot of its id, and leaves there which event of the batch came
// first of those that are no copies of the one that is remembered. A copy writes nothing.
template <class Kind>
struct ClaimIds {
    IdBatch batch;
    IdTable<Kind> table;
    rules::DedupTicks ticks;

    TROMMEL_HD void operator()(uint32_t event) const {
        if (HaltWord(batch.halted).is_clear_but_for(batch.at(Stage::claim))) {
            batch.place[event] = place_of(event);
        }
    }

   private:
    TROMMEL_HD uint64_t place_of(uint32_t event) const {
        const IdTime time = time_of(batch, ticks);
        const int64_t tick = time.tick(event);
        switch (rules::place_of_tick(tick, batch.floor, batch.is_shortened)) {
            case rules::TickPlace::forgotten:
                return kForgotten;
            case rules::TickPlace::outside:
                return kOutside;
            case rules::TickPlace::kept:
                break;
        }
        uint32_t group = 0;
        const FoundId found = table.find_or_take(Kind::read(batch.lo, batch.hi, event), group);
        if (found.taken > 0) add(&table.counts[group].used, found.taken);
        if (found.word == nullptr) {
            if (batch.floor > table.groups[group].closed_floor) {
                add(&table.counts[group].lacked, 1u);
                HaltWord(batch.halted).halt(batch.at(Stage::claim));
            }
            return kNoRoom;
        }
        // The claim is above the tick, which nobody changes now: the greater word is that of the
        // greater claim, and with it goes that the id was contested in an earlier batch.
        const IdWord seen{found.seen};
        const uint64_t claim = IdWord::claim(batch.stamp, event);
        const bool is_copy =
            time.is_live(seen) &&
            rules::is_duplicate(time.tick_of_bits(seen.tick_bits()), tick, ticks.reach);
        if (!is_copy && seen.claim() < claim) {
            raise(in_device_memory(found.word), claim << IdWord::kClaimShift | seen.tick_bits());
        }
        return reinterpret_cast<uint64_t>(found.word);
    }
};

// The word of the slot that ClaimIds found.
TROMMEL_HD inline uint64_t* word_at(uint64_t place) {
    return in_device_memory(reinterpret_cast<uint64_t*>(place));
}

// Item: an event. The first of its id that has left a claim is new; those before it are copies of
// what the id was remembered with, those after it are judged against what it is remembered with
// after the first. While some threads see the tick from before and some from after that, they come
// to the same: remembered_after() the same event once more changes nothing. Where one of those
// after it is no duplicate all of them have to be judged in order: the id is contested, and the
// batch halted.
struct JudgeIds {
    IdBatch batch;
    rules::DedupTicks ticks;
    uint16_t* known_before;  // [count] Out, of a `renewed` event: the tick's bits before it.

    TROMMEL_HD void operator()(uint32_t event) const {
        if (!HaltWord(batch.halted).is_clear_but_for(batch.at(Stage::resolve))) return;
        batch.outcome[event] = judge(event);
        if (batch.outcome[event] == cpu::Outcome::full) add_alike(&batch.counts->full, 1u);
    }

   private:
    TROMMEL_HD cpu::Outcome judge(uint32_t event) const {
        const uint64_t place = batch.place[event];
        if (place == kForgotten) return cpu::Outcome::unique;
        if (place == kOutside) add(&batch.counts->outside, 1u);
        if (place < kPlacesMin) return cpu::Outcome::full;

        uint64_t* const at = word_at(place);
        const IdWord word{load(at)};
        if (word.stamp() != batch.stamp || event < word.first_index()) {
            return cpu::Outcome::duplicate;
        }
        const IdTime time = time_of(batch, ticks);
        const bool is_known = time.is_live(word);
        const int64_t known = time.tick_of_bits(word.tick_bits());
        const int64_t first = time.tick(word.first_index());
        const int64_t after = is_known ? rules::remembered_after(known, first, ticks.reach) : first;
        if (word.first_index() == event) {
            time.remember(at, word, after);
            if (!is_known) return cpu::Outcome::unique;
            known_before[event] = static_cast<uint16_t>(word.tick_bits());
            return cpu::Outcome::renewed;
        }
        if (!rules::is_duplicate(after, time.tick(event), ticks.reach)) {
            set_bits(at, IdWord::kContested);
            HaltWord(batch.halted).halt(batch.at(Stage::resolve));
        }
        return cpu::Outcome::duplicate;
    }
};

// Item: an event. Which ones have to be judged in order? Those of ids that are contested in this
// batch, from behind the first on.
struct FlagContested {
    IdBatch batch;
    uint8_t* flag;

    TROMMEL_HD void operator()(uint32_t event) const {
        flag[event] = 0;
        if (batch.place[event] < kPlacesMin) return;
        const IdWord word{load(word_at(batch.place[event]))};
        flag[event] =
            word.is_contested() && word.stamp() == batch.stamp && word.first_index() < event;
    }
};

// Item: one of those. Its key to be sorted by.
struct KeyContested {
    IdBatch batch;
    const uint32_t* event;
    uint64_t* key;

    TROMMEL_HD void operator()(uint32_t k) const { key[k] = batch.place[event[k]]; }
};

// The contested events of a batch, sorted by id and then in the order in which they came.
struct ContestedEvents {
    const uint64_t* key;
    const uint32_t* event;
    uint32_t count;

    TROMMEL_HD bool is_first_of_id(uint32_t k) const { return k == 0 || key[k - 1] != key[k]; }
    TROMMEL_HD uint64_t* word_of(uint32_t k) const { return word_at(key[k]); }
    TROMMEL_HD bool is_of(uint64_t* word, uint32_t k) const {
        return k < count && word_of(k) == word;
    }
};

// Item: one of those. The first of an id judges all of that id. Until an event of a later batch
// leaves its claim the word says that it was contested.
struct ResolveContested {
    IdBatch batch;
    rules::DedupTicks ticks;
    ContestedEvents contested;

    TROMMEL_HD void operator()(uint32_t k) const {
        if (!contested.is_first_of_id(k)) return;
        uint64_t* const at = contested.word_of(k);
        const IdWord word{load(at)};
        const IdTime time = time_of(batch, ticks);
        int64_t known = time.tick_of_bits(word.tick_bits());
        for (uint32_t next = k; contested.is_of(at, next); ++next) {
            const uint32_t event = contested.event[next];
            const int64_t tick = time.tick(event);
            batch.outcome[event] = rules::is_duplicate(known, tick, ticks.reach)
                                       ? cpu::Outcome::duplicate
                                       : cpu::Outcome::renewed;
            known = rules::remembered_after(known, tick, ticks.reach);
        }
        store(at, word.with_tick_bits(time.bits_of(known)));
    }
};

// Item: an event. Its verdict as far as its id goes.
struct JudgeByIds {
    IdBatch batch;
    Verdict* verdict;  // [count]

    TROMMEL_HD void operator()(uint32_t event) const {
        if (!HaltWord(batch.halted).is_clear()) return;
        verdict[event] = cpu::verdict_of(batch.outcome[event]);
    }
};

// Item: an event. Those that are refused for another reason after all are to leave no trace: see
// cpu::IdMemory::take_back(). Of an id that is not contested only the first event can be new, so
// nobody else is here.
struct TakeBackIds {
    IdBatch batch;
    const Verdict* verdict;        // [count]
    const uint16_t* known_before;  // See JudgeIds.

    TROMMEL_HD void operator()(uint32_t event) const {
        if (!HaltWord(batch.halted).is_clear()) return;
        if (verdict[event] != Verdict::refused || batch.place[event] < kPlacesMin) return;
        const cpu::Outcome outcome = batch.outcome[event];
        if (outcome != cpu::Outcome::unique && outcome != cpu::Outcome::renewed) return;
        uint64_t* const at = word_at(batch.place[event]);
        const IdWord word{load(at)};
        if (word.is_contested()) return;
        store(at, word.with_tick_bits(outcome == cpu::Outcome::unique ? 0 : known_before[event]));
    }
};

// Item: a contested event. The same for contested ids: the first event of each goes through all
// that were counted.
struct TakeBackContested {
    IdBatch batch;
    rules::DedupTicks ticks;
    const Verdict* verdict;
    const uint16_t* known_before;
    ContestedEvents contested;

    TROMMEL_HD void operator()(uint32_t k) const {
        if (!HaltWord(batch.halted).is_clear() || !contested.is_first_of_id(k)) return;
        uint64_t* const at = contested.word_of(k);
        const IdWord word{load(at)};
        const uint32_t first = word.first_index();
        const bool was_known = batch.outcome[first] != cpu::Outcome::unique;
        uint64_t known = after(was_known ? known_before[first] : 0, first);
        for (uint32_t next = k; contested.is_of(at, next); ++next) {
            known = after(known, contested.event[next]);
        }
        store(at, word.with_tick_bits(known));
    }

   private:
    TROMMEL_HD uint64_t after(uint64_t known, uint32_t event) const {
        const bool is_counted =
            batch.outcome[event] != cpu::Outcome::duplicate && verdict[event] != Verdict::refused;
        const IdTime time = time_of(batch, ticks);
        return is_counted ? time.bits_after(known, time.tick(event), ticks.reach) : known;
    }
};

// The slots of the groups from `first` on, counted so that each has `stride`, which is as many as
// the largest has.
template <class Kind>
struct SlotRange {
    const IdGroup<Kind>* groups;
    uint32_t first, stride;

    TROMMEL_HD uint32_t group(uint32_t item) const { return first + item / stride; }
    // Null: the group has none, or fewer.
    TROMMEL_HD typename Kind::Slot* slot(uint32_t item) const {
        const IdGroup<Kind>& in = groups[group(item)];
        const uint32_t at = item % stride;
        return in.slots != nullptr && at <= in.capacity ? in_device_memory(in.slots) + at : nullptr;
    }
};

// Item: a group.
struct ClearNeeded {
    IdGroupCounts* counts;
    TROMMEL_HD void operator()(uint32_t group) const { counts[group].needed = 0; }
};
struct ClearLacked {
    IdGroupCounts* counts;
    TROMMEL_HD void operator()(uint32_t group) const { counts[group].lacked = 0; }
};

// Item: a slot. Counts those that are live, or were taken for the batch of this stamp, which is not
// judged yet.
template <class Kind>
struct CountNeeded {
    SlotRange<Kind> range;
    IdTime time;
    uint64_t stamp;         // 0: of none.
    IdGroupCounts* counts;  // Their `needed` is zero at first.

    TROMMEL_HD void operator()(uint32_t item) const {
        const typename Kind::Slot* const slot = range.slot(item);
        if (slot == nullptr) return;
        const IdWord word{slot->word};
        if (time.is_live(word) || (stamp != 0 && word.stamp() == stamp)) {
            add_alike(&counts[range.group(item)].needed, 1u);
        }
    }
};

// Item: a slot. Counts, by tick, what CountNeeded counts.
template <class Kind>
struct CountTicks {
    SlotRange<Kind> range;
    IdTime time;
    uint64_t stamp;
    uint32_t* count;  // [2^kTickBits], by IdWord::tick_bits(); zero at first.

    TROMMEL_HD void operator()(uint32_t item) const {
        const typename Kind::Slot* const slot = range.slot(item);
        if (slot == nullptr) return;
        const IdWord word{slot->word};
        if (time.is_live(word)) {
            add(&count[word.tick_bits()], 1u);
        } else if (word.stamp() == stamp) {
            const int64_t tick = time.tick(word.first_index());
            if (tick >= time.floor) add(&count[time.bits_of(tick)], 1u);
        }
    }
};

// Item: a slot of groups that are written anew. Makes it a free one, and what was counted of its
// group void.
template <class Kind>
struct ClearSlots {
    SlotRange<Kind> range;
    IdGroupCounts* counts;

    TROMMEL_HD void operator()(uint32_t item) const {
        typename Kind::Slot* const slot = range.slot(item);
        if (slot == nullptr) return;
        *slot = {};
        if (item % range.stride == 0) counts[range.group(item)] = {};
    }
};

// Item: a slot. Moves the live ones to their groups' next tables, which have room; groups without
// one stay as they are.
template <class Kind>
struct MoveIds {
    SlotRange<Kind> range;
    const IdGroup<Kind>* next;
    IdGroupCounts* counts;
    IdTime time;
    rules::HashSeed seed;

    TROMMEL_HD void operator()(uint32_t item) const {
        const uint32_t group = range.group(item);
        const typename Kind::Slot* const slot = range.slot(item);
        if (slot == nullptr || next[group].slots == nullptr) return;
        const IdWord word{slot->word};
        if (!time.is_live(word)) return;
        const auto id = Kind::of(*slot);
        // As many slots are taken as there are ids, whichever of them takes which. Those of a warp
        // are of one group.
        if (!Kind::has_own_slot(id)) add_alike(&counts[group].used, 1u);
        const FoundId found =
            IdTable<Kind>::find_or_take(next[group], &counts[group].used, id, Kind::hash(id, seed));
        if (found.word != nullptr) store(in_device_memory(found.word), word.tick_bits());
    }
};

// Item: a slot. Counts ticks from a base `way` later, so that those to come fit into the bits; ids
// from before it are forgotten.
template <class Kind>
struct RebaseTicks {
    SlotRange<Kind> range;
    uint64_t way;
    uint64_t* halted;

    TROMMEL_HD void operator()(uint32_t item) const {
        typename Kind::Slot* const slot = range.slot(item);
        if (slot == nullptr || !HaltWord(halted).is_clear()) return;
        const uint64_t bits = IdWord{slot->word}.tick_bits();
        slot->word = bits > way ? bits - way : 0;
    }
};

// Item: a slot. Forgets which event of which batch came first, so that stamps may begin anew.
template <class Kind>
struct ForgetClaims {
    SlotRange<Kind> range;
    uint64_t* halted;

    TROMMEL_HD void operator()(uint32_t item) const {
        typename Kind::Slot* const slot = range.slot(item);
        if (slot == nullptr || !HaltWord(halted).is_clear()) return;
        slot->word = IdWord{slot->word}.tick_bits();
    }
};

}  // namespace trommel::cuda
