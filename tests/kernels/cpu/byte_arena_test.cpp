#include "kernels/cpu/byte_arena.h"

#include <gtest/gtest.h>
#include <map>
#include <string>

#include "tests/kit/random.h"

namespace trommel::cpu {
namespace {

TEST(ByteArena, KeepsBytesUntilTheFloorPassesTheirTick) {
    MemoryBudget budget(uint64_t{8} << 20);
    ByteArena arena(budget);
    testkit::Random random(1);
    uint16_t floor = 65'000;  // Soon to wrap.
    std::map<uint64_t, std::pair<uint16_t, std::string>> kept;
    for (int n = 0; n < 20'000; ++n) {
        const auto tick = static_cast<uint16_t>(floor + random.below(50));
        const std::string text(random.below(300), static_cast<char>('a' + n % 26));
        const uint64_t place = arena.append(text, tick, floor);
        ASSERT_NE(place, ByteArena::kNowhere);
        kept[place] = {tick, text};
        if (!random.one_in(10)) continue;
        ++floor;
        arena.drop_before(floor);
        std::erase_if(kept, [&](const auto& entry) { return !is_live(entry.second.first, floor); });
        for (const auto& [at, entry] : kept) ASSERT_EQ(arena.at(at), entry.second);
    }
    EXPECT_LE(budget.used_bytes(), budget.max_bytes());
}

TEST(ByteArena, KeepsLongerWhatIsSeenAgain) {
    MemoryBudget budget(ByteArena::kSegmentBytes);
    ByteArena arena(budget);
    const uint64_t place = arena.append("seen twice", 10, 0);
    arena.keep_until(place, 100, 0);
    arena.drop_before(50);
    EXPECT_EQ(arena.at(place), "seen twice");
    EXPECT_EQ(arena.append(std::string(ByteArena::kSegmentBytes - 4, 'x'), 60, 50),
              ByteArena::kNowhere);
    arena.drop_before(101);
    EXPECT_NE(arena.append(std::string(ByteArena::kSegmentBytes - 4, 'x'), 101, 101),
              ByteArena::kNowhere);
}

TEST(ByteArena, HasNoPlaceForAnIdLongerThanASegment) {
    MemoryBudget budget(uint64_t{8} << 20);
    ByteArena arena(budget);
    EXPECT_EQ(arena.append(std::string(ByteArena::kSegmentBytes, 'x'), 0, 0), ByteArena::kNowhere);
    const uint64_t empty = arena.append("", 0, 0);
    EXPECT_EQ(arena.at(empty), "");
}

}  // namespace
}  // namespace trommel::cpu
