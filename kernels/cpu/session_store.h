#pragma once
#include <cstdint>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/key_dictionary.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/slab_pool.h"
#include "kernels/rules/window.h"

namespace trommel::cpu {

// All session windows of a job (contract W2). Sessions join across shards, so a job has one of
// these, whatever its number of shards. The interface is WindowStore's. One owner, one thread.
// Everything that grows is charged to the budget, which must outlive it.
class SessionStore {
   public:
    SessionStore(const Config& config, uint64_t seed, MemoryBudget& budget);

    // Adds the events `rows[0..count)` of the batch (unique, on time) to their sessions. An event
    // for which there is no memory leaves no trace; its row is written to `refused` (room for
    // `count`), in order. Returns how many. Events that are late by T3 are refused too.
    uint32_t add(const RecordBatch& batch, const uint32_t* rows, uint32_t count, uint32_t* refused);

    // Moves the watermark; it never goes back. INT64_MAX: the input has ended. Cheap.
    void advance(int64_t watermark_us);

    // Replaces `out` by the next final rows in W4 order, at most `rows_max` (> 0); false when there
    // is none now. Events may be added between two takes.
    bool take_closed(PartialRows& out, uint32_t rows_max);

    // May there be final rows? Says so too of sessions that were extended since they were due.
    bool may_have_rows() const;
    // Is there certainly memory for so many events of a batch, even before final rows are taken?
    bool has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const;
    // What was final at the watermark: ends up to here.
    int64_t final_end_us() const { return rules::final_end(lateness_us_, watermark_us_); }

    const CellLayout& layout() const { return layout_; }
    uint32_t keys() const { return keys_.held(); }
    uint64_t sessions() const { return sessions_; }
    uint64_t committed_bytes() const {
        return pool_.committed_bytes() + keys_.committed_bytes() + roots_.usable_bytes();
    }

   private:
    using Ref = SlabPool::Ref;  // A session's block in the pool.
    static constexpr Ref kNone = SlabPool::kNone;
    static constexpr uint32_t kPart = KeyDictionary::kPart;
    struct Session;
    struct Spec {
        uint32_t window;  // Index into Config::windows.
        uint32_t name_rank;
        int64_t gap_us;
    };

    uint32_t add_part(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                      uint32_t* refused);
    void prefetch(const uint32_t* slots, uint32_t count) const;
    bool place(uint32_t slot, int64_t time_us);
    void place_in(uint32_t slot, size_t spec, int64_t time_us);
    Ref joined_before(uint32_t slot, size_t spec, int64_t time_us) const;
    Ref joined_after(uint32_t slot, size_t spec, int64_t time_us) const;
    bool joins(Ref ref, int64_t time_us) const;
    void make_session(uint32_t slot, size_t spec, int64_t time_us);
    void remove(Ref ref);
    void append(PartialRows& out, Ref ref) const;

    Session& at(Ref ref) const;
    char* cell(Ref ref) const;
    Ref& root(uint32_t slot, size_t spec) const;
    size_t slots_with_roots() const {
        return roots_.usable_bytes() / (specs_.size() * sizeof(Ref));
    }

    // The sessions of one key and window: a treap by time (they never overlap).
    Ref at_or_before(Ref root, int64_t time_us) const;
    Ref after(Ref root, int64_t time_us) const;
    uint64_t priority(Ref ref) const;
    Ref insert_by_time(Ref root, Ref added);
    Ref erase_by_time(Ref root, Ref gone);
    Ref concatenate(Ref earlier, Ref later);
    void split(Ref root, int64_t time_us, Ref& earlier, Ref& later);

    // All open sessions: a pairing heap by the time at which they may be final.
    void queue(Ref ref);
    void unqueue(Ref ref);
    Ref meld(Ref a, Ref b);
    Ref meld_all(Ref first);

    bool fill_ready();
    Ref sort_ready(Ref list, uint64_t count);
    bool is_ready_before(Ref a, Ref b) const;

    const MemoryBudget& budget_;
    const CellLayout layout_;
    const int64_t lateness_us_;
    const uint64_t seed_;  // Of priorities.
    std::vector<Spec> specs_;
    int64_t watermark_us_ = INT64_MIN;

    SlabPool pool_;
    KeyDictionary keys_;
    Region roots_;  // [slot][spec] Ref of a treap.
    SlabPool::Class session_class_;
    Ref due_ = kNone;    // Root of the heap.
    Ref ready_ = kNone;  // Final sessions of one end, in order, linked by `next`.
    uint64_t sessions_ = 0;
};

}  // namespace trommel::cpu
