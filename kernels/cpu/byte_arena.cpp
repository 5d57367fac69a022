#include "kernels/cpu/byte_arena.h"

#include <cstring>

namespace trommel::cpu {

ByteArena::ByteArena(MemoryBudget& budget) : region_(budget.max_bytes(), budget) {
    segments_.reserve(region_.reserved_bytes() / kSegmentBytes);
}

bool ByteArena::open_segment() {
    for (size_t s = 0; s < segments_.size(); ++s) {
        if (!segments_[s].free) continue;
        current_ = s;
        segments_[s] = {0, 0, false};
        return true;
    }
    if (!region_.grow_to((segments_.size() + 1) * kSegmentBytes)) return false;
    current_ = segments_.size();
    segments_.push_back({0, 0, false});
    return true;
}

uint64_t ByteArena::append(std::string_view bytes, uint16_t tick, uint16_t floor) {
    const size_t size = bytes.size() + sizeof(uint32_t);
    if (size > kSegmentBytes) return kNowhere;
    if (current_ == SIZE_MAX || segments_[current_].used + size > kSegmentBytes) {
        if (!open_segment()) return kNowhere;
    }
    Segment& segment = segments_[current_];
    const uint64_t place = current_ * kSegmentBytes + segment.used;
    const auto length = static_cast<uint32_t>(bytes.size());
    std::memcpy(region_.data() + place, &length, sizeof length);
    std::memcpy(region_.data() + place + sizeof length, bytes.data(), bytes.size());
    if (segment.used == 0) segment.newest = tick;
    segment.used += static_cast<uint32_t>(size);
    keep_until(place, tick, floor);
    return place;
}

std::string_view ByteArena::at(uint64_t place) const {
    uint32_t length = 0;
    std::memcpy(&length, region_.data() + place, sizeof length);
    return {region_.data() + place + sizeof length, length};
}

void ByteArena::keep_until(uint64_t place, uint16_t tick, uint16_t floor) {
    Segment& segment = segments_[place / kSegmentBytes];
    const auto above = [floor](uint16_t t) { return static_cast<uint16_t>(t - floor); };
    // An id of the segment may have died since: then its tick lies below the floor and counts for
    // nothing.
    if (!is_live(segment.newest, floor) || above(tick) > above(segment.newest))
        segment.newest = tick;
}

void ByteArena::drop_before(uint16_t floor) {
    for (size_t s = 0; s < segments_.size(); ++s) {
        if (segments_[s].free || is_live(segments_[s].newest, floor)) continue;
        segments_[s].free = true;
        if (current_ == s) current_ = SIZE_MAX;
    }
}

void ByteArena::clear() {
    for (Segment& segment : segments_) segment.free = true;
    current_ = SIZE_MAX;
}

}  // namespace trommel::cpu
