#pragma once
#include <cstdint>
#include <vector>

namespace trommel::net {

// Some of the numbers 0 to slots_max - 1, each at most once, in an order. Every step costs the
// same, however many there are: what waits in it costs nothing.
class SlotList {
   public:
    static constexpr uint32_t kNone = UINT32_MAX;

    explicit SlotList(uint32_t slots_max) : links_(slots_max) {}

    bool holds(uint32_t slot) const { return links_[slot].held; }
    uint32_t front() const { return first_; }  // kNone when there is none.
    uint32_t size() const { return size_; }

    // Precondition of both: !holds(slot).
    void push_back(uint32_t slot) { link(last_, slot, kNone); }
    void push_front(uint32_t slot) { link(kNone, slot, first_); }

    // Does nothing when it is not held.
    void remove(uint32_t slot) {
        Link& link = links_[slot];
        if (!link.held) return;
        (link.before == kNone ? first_ : links_[link.before].behind) = link.behind;
        (link.behind == kNone ? last_ : links_[link.behind].before) = link.before;
        link = {};
        --size_;
    }

   private:
    struct Link {
        uint32_t before = kNone, behind = kNone;
        bool held = false;
    };

    void link(uint32_t before, uint32_t slot, uint32_t behind) {
        links_[slot] = {before, behind, true};
        (before == kNone ? first_ : links_[before].behind) = slot;
        (behind == kNone ? last_ : links_[behind].before) = slot;
        ++size_;
    }

    std::vector<Link> links_;
    uint32_t first_ = kNone, last_ = kNone;
    uint32_t size_ = 0;
};

}  // namespace trommel::net
