#include "kernels/cpu/session_store.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "kernels/cpu/prefetch.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/hash.h"
#include "kernels/rules/session.h"
#include "kernels/rules/window.h"

namespace trommel::cpu {
namespace {

constexpr uint64_t kReserveMax = uint64_t{1} << 37;

}  // namespace

// The head of a session's block; its cell follows.
struct SessionStore::Session {
    int64_t first_us, last_us;  // Of its events.
    int64_t due_us;  // In the heap by this; its end then, and not later than its end now.
    uint32_t slot;
    uint32_t spec;
    Ref earlier, later;         // Treap.
    Ref child, next, previous;  // Heap. The first child's `previous` is its parent.
};

SessionStore::SessionStore(const Config& config, uint64_t seed, MemoryBudget& budget)
    : budget_(budget),
      layout_(config),
      lateness_us_(config.time.allowed_lateness_us),
      seed_(rules::hash_seed(seed, rules::Purpose::key).c),
      pool_(budget),
      // Walking the treaps takes far longer than finding the key.
      keys_(config, seed, SimdLevel::scalar, budget, pool_),
      roots_(static_cast<size_t>(std::min(budget.max_bytes(), kReserveMax)), budget),
      session_class_(pool_.add_class(sizeof(Session) + layout_.bytes())) {
    const std::vector<uint32_t> ranks = window_name_ranks(config);
    for (uint32_t w = 0; w < config.windows.size(); ++w) {
        const Window& window = config.windows[w];
        if (rules::is_aligned(window.kind)) continue;
        specs_.push_back({w, ranks[w], window.gap_us});
    }
}

SessionStore::Session& SessionStore::at(Ref ref) const {
    return *reinterpret_cast<Session*>(pool_.at(ref));
}
char* SessionStore::cell(Ref ref) const {
    return pool_.at(ref) + sizeof(Session);
}
SessionStore::Ref& SessionStore::root(uint32_t slot, size_t spec) const {
    return reinterpret_cast<Ref*>(roots_.data())[slot * specs_.size() + spec];
}

uint32_t SessionStore::add(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                           uint32_t* refused) {
    if (specs_.empty()) return 0;
    uint32_t refused_count = 0;
    for (uint32_t begin = 0; begin < count; begin += kPart) {
        uint32_t* const out = refused + refused_count;
        uint32_t left = add_part(batch, rows + begin, std::min(kPart, count - begin), out);
        if (left > 0 && keys_.release_idle()) left = add_part(batch, out, left, out);
        refused_count += left;
    }
    return refused_count;
}

// Events may join sessions that events before them in the same part are in. So all sessions are
// settled first; then each event is added to the one that it has ended up in.
uint32_t SessionStore::add_part(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                                uint32_t* refused) {
    std::array<uint32_t, kPart> slots, placed_slots, placed_rows, refused_slots;
    keys_.find_or_add(batch, rows, count, slots.data());
    prefetch(slots.data(), count);
    uint32_t placed = 0, refused_count = 0;
    for (uint32_t i = 0; i < count; ++i) {
        if (place(slots[i], batch.time_us[rows[i]])) {
            placed_slots[placed] = slots[i];
            placed_rows[placed++] = rows[i];
        } else {
            refused_slots[refused_count] = slots[i];
            refused[refused_count++] = rows[i];
        }
    }
    std::array<char*, kPart> cells;
    for (size_t spec = 0; spec < specs_.size(); ++spec) {
        for (uint32_t i = 0; i < placed; ++i) {
            const int64_t time_us = batch.time_us[placed_rows[i]];
            cells[i] = cell(at_or_before(root(placed_slots[i], spec), time_us));
        }
        layout_.update(cells.data(), batch, placed_rows.data(), placed);
    }
    // A key that was made for a refused event, and that no other event has used, goes again.
    for (uint32_t i = 0; i < refused_count; ++i) {
        if (refused_slots[i] != KeyDictionary::kNoSlot) keys_.release_unheld(refused_slots[i]);
    }
    return refused_count;
}

void SessionStore::prefetch(const uint32_t* slots, uint32_t count) const {
    for (uint32_t i = 0; i < count; ++i) ask_for(&root(slots[i], 0));
    for (uint32_t i = 0; i < count; ++i) {
        if (slots[i] == KeyDictionary::kNoSlot || slots[i] >= slots_with_roots()) continue;
        ask_for(pool_.at(root(slots[i], 0)));
    }
}

// Makes or extends the key's session of each spec; false, and nothing changed, when there is no
// memory or the event is late.
bool SessionStore::place(uint32_t slot, int64_t time_us) {
    if (slot == KeyDictionary::kNoSlot) return false;
    if (rules::is_final(time_us, lateness_us_, watermark_us_)) return false;
    const size_t roots_bytes = (size_t{slot} + 1) * specs_.size() * sizeof(Ref);
    if (!roots_.grow_to(roots_bytes)) return false;
    if (!pool_.ensure(session_class_, static_cast<uint32_t>(specs_.size()))) {
        // Not even one more session for each spec: how many does it take?
        uint32_t new_sessions = 0;
        for (size_t spec = 0; spec < specs_.size(); ++spec) {
            new_sessions += joined_before(slot, spec, time_us) == kNone &&
                            joined_after(slot, spec, time_us) == kNone;
        }
        if (!pool_.ensure(session_class_, new_sessions)) return false;
    }
    for (size_t spec = 0; spec < specs_.size(); ++spec) place_in(slot, spec, time_us);
    return true;
}

// The sessions that an event joins: at most one that begins at or before it, and one that begins
// after.
SessionStore::Ref SessionStore::joined_before(uint32_t slot, size_t spec, int64_t time_us) const {
    const Ref ref = at_or_before(root(slot, spec), time_us);
    return ref != kNone && joins(ref, time_us) ? ref : kNone;
}
SessionStore::Ref SessionStore::joined_after(uint32_t slot, size_t spec, int64_t time_us) const {
    const Ref ref = after(root(slot, spec), time_us);
    return ref != kNone && joins(ref, time_us) ? ref : kNone;
}
bool SessionStore::joins(Ref ref, int64_t time_us) const {
    const Session& session = at(ref);
    return rules::joins_session(time_us, session.first_us, session.last_us,
                                specs_[session.spec].gap_us);
}

void SessionStore::place_in(uint32_t slot, size_t spec, int64_t time_us) {
    const Ref before = joined_before(slot, spec, time_us);
    const Ref later = joined_after(slot, spec, time_us);
    if (before == kNone && later == kNone) return make_session(slot, spec, time_us);
    if (before == kNone) {
        at(later).first_us = time_us;  // It stays where it is among its neighbours.
        return;
    }
    at(before).last_us = std::max(at(before).last_us, time_us);
    if (later == kNone) return;
    at(before).last_us = at(later).last_us;
    layout_.combine(cell(before), cell(later));
    unqueue(later);
    remove(later);
}

void SessionStore::make_session(uint32_t slot, size_t spec, int64_t time_us) {
    const Ref ref = pool_.allocate(session_class_);
    at(ref) = {time_us, time_us, 0,     slot,  static_cast<uint32_t>(spec),
               kNone,   kNone,   kNone, kNone, kNone};
    layout_.clear(cell(ref));
    root(slot, spec) = insert_by_time(root(slot, spec), ref);
    queue(ref);
    keys_.hold(slot);
    ++sessions_;
}

// Precondition: it is not in the heap.
void SessionStore::remove(Ref ref) {
    const uint32_t slot = at(ref).slot;
    Ref& tree = root(slot, at(ref).spec);
    tree = erase_by_time(tree, ref);
    pool_.free(ref);
    keys_.let_go(slot);
    --sessions_;
}

SessionStore::Ref SessionStore::at_or_before(Ref root, int64_t time_us) const {
    Ref found = kNone;
    while (root != kNone) {
        const bool here_or_later = at(root).first_us <= time_us;
        if (here_or_later) found = root;
        root = here_or_later ? at(root).later : at(root).earlier;
    }
    return found;
}

SessionStore::Ref SessionStore::after(Ref root, int64_t time_us) const {
    Ref found = kNone;
    while (root != kNone) {
        const bool here_or_earlier = at(root).first_us > time_us;
        if (here_or_earlier) found = root;
        root = here_or_earlier ? at(root).earlier : at(root).later;
    }
    return found;
}

// Drawn from a secret seed, so that no order of events can make a treap deep.
uint64_t SessionStore::priority(Ref ref) const {
    return rules::mix64(seed_ ^ ref);
}

SessionStore::Ref SessionStore::insert_by_time(Ref root, Ref added) {
    if (root == kNone) return added;
    Session& here = at(root);
    const int64_t time_us = at(added).first_us;
    if (priority(added) > priority(root)) {
        split(root, time_us, at(added).earlier, at(added).later);
        return added;
    }
    Ref& side = time_us < here.first_us ? here.earlier : here.later;
    side = insert_by_time(side, added);
    return root;
}

SessionStore::Ref SessionStore::erase_by_time(Ref root, Ref gone) {
    Session& here = at(root);
    if (root == gone) return concatenate(here.earlier, here.later);
    Ref& side = at(gone).first_us < here.first_us ? here.earlier : here.later;
    side = erase_by_time(side, gone);
    return root;
}

// Of trees of which all of one is before all of the other.
SessionStore::Ref SessionStore::concatenate(Ref earlier, Ref later) {
    if (earlier == kNone) return later;
    if (later == kNone) return earlier;
    if (priority(earlier) > priority(later)) {
        at(earlier).later = concatenate(at(earlier).later, later);
        return earlier;
    }
    at(later).earlier = concatenate(earlier, at(later).earlier);
    return later;
}

void SessionStore::split(Ref root, int64_t time_us, Ref& earlier, Ref& later) {
    if (root == kNone) {
        earlier = later = kNone;
    } else if (at(root).first_us < time_us) {
        earlier = root;
        split(at(root).later, time_us, at(root).later, later);
    } else {
        later = root;
        split(at(root).earlier, time_us, earlier, at(root).earlier);
    }
}

// An event that extends a session leaves it where it is in the heap: it is put back in its new
// place when its old time has come. So an event costs nothing here, and a session as often as it is
// looked at.
void SessionStore::queue(Ref ref) {
    Session& session = at(ref);
    session.due_us = rules::session_end(session.last_us, specs_[session.spec].gap_us);
    session.child = session.next = session.previous = kNone;
    due_ = meld(due_, ref);
}

void SessionStore::unqueue(Ref ref) {
    const Session& gone = at(ref);
    const Ref children = meld_all(gone.child);
    if (ref == due_) {
        due_ = children;
        return;
    }
    Session& previous = at(gone.previous);
    (previous.child == ref ? previous.child : previous.next) = gone.next;
    if (gone.next != kNone) at(gone.next).previous = gone.previous;
    due_ = meld(due_, children);
}

// Of two roots (without `next` and `previous`); the one that is due first becomes the root.
SessionStore::Ref SessionStore::meld(Ref a, Ref b) {
    if (a == kNone) return b;
    if (b == kNone) return a;
    if (at(b).due_us < at(a).due_us) std::swap(a, b);
    Session& parent = at(a);
    at(b).next = parent.child;
    at(b).previous = a;
    if (parent.child != kNone) at(parent.child).previous = b;
    parent.child = b;
    return a;
}

// Melds siblings in pairs from the first to the last, then the pairs from the last to the first
// (Fredman, Sedgewick, Sleator, Tarjan: The pairing heap, 1986).
SessionStore::Ref SessionStore::meld_all(Ref first) {
    Ref pairs = kNone;
    while (first != kNone) {
        const Ref a = first, b = at(a).next;
        first = b == kNone ? kNone : at(b).next;
        at(a).next = at(a).previous = kNone;
        if (b != kNone) at(b).next = at(b).previous = kNone;
        const Ref pair = meld(a, b);
        at(pair).next = pairs;
        pairs = pair;
    }
    Ref root = kNone;
    while (pairs != kNone) {
        const Ref pair = pairs;
        pairs = at(pair).next;
        at(pair).next = kNone;
        root = meld(root, pair);
    }
    return root;
}

void SessionStore::advance(int64_t watermark_us) {
    watermark_us_ = std::max(watermark_us_, watermark_us);
}

bool SessionStore::take_closed(PartialRows& out, uint32_t rows_max) {
    out.clear();
    while (out.count() < rows_max && !out.key_bytes_full()) {
        if (ready_ == kNone && !fill_ready()) break;
        const Ref ref = ready_;
        ready_ = at(ref).next;
        append(out, ref);
        remove(ref);
    }
    return out.count() > 0;
}

bool SessionStore::may_have_rows() const {
    return ready_ != kNone ||
           (due_ != kNone && rules::is_final(at(due_).due_us, lateness_us_, watermark_us_));
}

bool SessionStore::has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const {
    const uint64_t sessions = count * specs_.size();
    const uint64_t of_pool = sessions * (sizeof(Session) + layout_.bytes()) +
                             keys_.text_bytes_to_add(batch, rows, count);
    const uint64_t roots = sessions * sizeof(Ref) + kHugePageBytes;
    return pool_.bytes_to_add(of_pool) + roots + keys_.bytes_to_add(count) <= budget_.left_bytes();
}

void SessionStore::append(PartialRows& out, Ref ref) const {
    const Session& session = at(ref);
    const Spec& spec = specs_[session.spec];
    out.window.push_back(spec.window);
    out.start_us.push_back(session.first_us);
    out.end_us.push_back(rules::session_end(session.last_us, spec.gap_us));
    keys_.append_to(out, session.slot);
    out.cells.insert(out.cells.end(), cell(ref), cell(ref) + layout_.bytes());
}

// Takes the sessions with the least end that is final out of the heap, in order.
bool SessionStore::fill_ready() {
    uint64_t count = 0;
    int64_t end_us = 0;
    while (due_ != kNone && (count == 0 || at(due_).due_us == end_us)) {
        const Ref ref = due_;
        const int64_t due_us = at(ref).due_us;
        if (!rules::is_final(due_us, lateness_us_, watermark_us_)) break;
        unqueue(ref);
        const int64_t now_us = rules::session_end(at(ref).last_us, specs_[at(ref).spec].gap_us);
        if (now_us != due_us) {
            queue(ref);
            continue;
        }
        end_us = due_us;
        at(ref).next = ready_;
        ready_ = ref;
        ++count;
    }
    ready_ = sort_ready(ready_, count);
    return count > 0;
}

bool SessionStore::is_ready_before(Ref a, Ref b) const {
    const Session &x = at(a), &y = at(b);
    const auto order = [this](const Session& session) {
        return std::tuple{session.first_us, specs_[session.spec].name_rank};
    };
    if (order(x) != order(y)) return order(x) < order(y);
    return keys_.compare(x.slot, y.slot) < 0;
}

// Sorts a list of sessions of one end, without memory: a merge sort along `next`.
SessionStore::Ref SessionStore::sort_ready(Ref list, uint64_t count) {
    if (count < 2) return list;
    Ref last = list;
    for (uint64_t i = 1; i < count / 2; ++i) last = at(last).next;
    Ref b = at(last).next;
    at(last).next = kNone;
    Ref a = sort_ready(list, count / 2);
    b = sort_ready(b, count - count / 2);
    Ref head = kNone;
    for (Ref* tail = &head; a != kNone || b != kNone; tail = &at(*tail).next) {
        Ref& from = b == kNone || (a != kNone && !is_ready_before(b, a)) ? a : b;
        *tail = from;
        from = at(from).next;
    }
    return head;
}

}  // namespace trommel::cpu
