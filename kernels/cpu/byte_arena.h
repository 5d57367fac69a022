#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/cpu/exact_line.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/prefetch.h"

namespace trommel::cpu {

// The bytes of verified ids, in segments that are dropped whole once nothing in them can matter.
class ByteArena {
   public:
    static constexpr size_t kSegmentBytes = size_t{256}
                                            << 10;  // Also the longest id, less its length.
    static constexpr uint64_t kNowhere = UINT64_MAX;

    explicit ByteArena(MemoryBudget& budget);

    // Keeps a copy that lives at least until the floor passes `tick`. kNowhere: no memory.
    uint64_t append(std::string_view bytes, uint16_t tick, uint16_t floor);
    std::string_view at(uint64_t place) const;
    void prefetch(uint64_t place) const {
        ask_for(region_.data() + place);
        ask_for(region_.data() + place + 63);  // Short ids end in the next line at most.
    }
    // What stands at `place` is needed until the floor passes `tick` (an id was seen again).
    void keep_until(uint64_t place, uint16_t tick, uint16_t floor);
    // Frees the segments that hold nothing live. `floor` has moved on by at most kLiveTicks.
    void drop_before(uint16_t floor);
    void clear();

   private:
    struct Segment {
        uint32_t used = 0;
        uint16_t newest = 0;  // Tick.
        bool free = true;
    };

    bool open_segment();

    Region region_;
    std::vector<Segment> segments_;  // Reserved once; index = place / kSegmentBytes.
    size_t current_ = SIZE_MAX;
};

}  // namespace trommel::cpu
