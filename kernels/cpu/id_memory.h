#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "trommel/record_batch.h"

#include "kernels/cpu/memory.h"
#include "kernels/rules/host_device.h"

namespace trommel::cpu {

// What an IdMemory makes of an event.
enum class Outcome : uint8_t {
    duplicate,
    unique,   // And remembered from now on.
    full,     // It would have to be remembered, but the declared memory is used up (contract D6).
    renewed,  // Unique, though its id was remembered already: too far away in time.
};

TROMMEL_HD constexpr Verdict verdict_of(Outcome outcome) {
    if (outcome == Outcome::duplicate) return Verdict::duplicate;
    return outcome == Outcome::full ? Verdict::refused : Verdict::unique;
}
static_assert(verdict_of(Outcome::renewed) == Verdict::unique);

// The columns of a batch that decide duplicates; entry i belongs to row i of the batch.
struct IdColumns {
    const uint64_t* hash = nullptr;  // Placement hash, see kernels/rules/partition.h.
    const uint64_t* lo = nullptr;
    const uint64_t* hi = nullptr;            // 128-bit ids.
    const std::string_view* text = nullptr;  // verify.
    const int64_t* time_us = nullptr;
};

// One shard's memory of ids: exact table or approximate filter. One owner, one thread; one virtual
// call per batch. Allocates nothing after creation but pages of its region.
class IdMemory {
   public:
    virtual ~IdMemory() = default;

    // Moves on in time: `watermark_us` is the job's watermark before the coming events
    // (lateness.h's kUnknownUs while unknown), `time_us` the time of one of them, to have a place
    // to start from.
    virtual void advance(int64_t watermark_us, int64_t time_us) = 0;

    // Judges the on-time events `rows[0..count)` in this order; outcomes[k] belongs to rows[k].
    virtual void judge(const IdColumns& ids, const uint32_t* rows, uint32_t count,
                       Outcome* outcomes) = 0;

    // OnFull::forget: forgets the oldest ids early, to make room for `events` more. False when
    // there is nothing older than the newest, or judge() has done so by itself.
    // horizon_shortened_us() says how much too early, at worst.
    virtual bool forget_oldest(uint32_t events) = 0;
    virtual int64_t horizon_shortened_us() const = 0;

    // Some of the events that were just judged unique or renewed were refused for another reason,
    // as verdicts[rows[k]] says, and are to leave no trace: from now on each id is remembered with
    // what it was before the batch and what those of its events that were counted made of that.
    // `rows` and `outcomes`: in the order of the batch; those of duplicates may be left out. Which
    // events of the batch were copies of refused ones, or far from them, stays as it was judged.
    virtual void take_back(const IdColumns& ids, const uint32_t* rows, uint32_t count,
                           const Outcome* outcomes, const Verdict* verdicts) = 0;

    // Was an event of the last judge() `full` because its time lies further from the others' than
    // this memory spans (partitions that show nothing hold the watermark back), and not for want of
    // bytes?
    virtual bool span_exceeded() const { return false; }

    // Memory that it will grow into before long, a piece a call until there is none: for whoever
    // takes page faults off its owner's hands.
    virtual Stretch take_ahead() { return {}; }

    virtual uint64_t live_ids() const = 0;
    virtual uint64_t committed_bytes() const = 0;
    // The lines of 64 bytes that ids are looked up in, as many as are in use; for measuring them.
    virtual Stretch lines() const = 0;
    uint64_t huge_bytes() const { return huge_page_bytes(lines().data, lines().bytes); }
};

}  // namespace trommel::cpu
