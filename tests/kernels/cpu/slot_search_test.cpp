#include "kernels/cpu/slot_search.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace trommel::cpu {
namespace {

// Lines of no to five entries, with tags of which many occur twice, also in one line, and also
// behind the last entry.
std::vector<SlotLine> random_lines(std::mt19937_64& random, uint64_t count) {
    std::vector<SlotLine> lines(count);
    for (SlotLine& line : lines) {
        for (uint64_t& tag : line.tag) tag = random() % 12 << random() % 2 * 32;
        const uint64_t entries = random() % (SlotLine::kEntries + 1);
        for (uint64_t i = 0; i < SlotLine::kEntries + 1; ++i) {
            line.state[i] =
                i < entries ? 1 + static_cast<uint32_t>(random() % 1000) : SlotLine::kEmpty;
        }
    }
    return lines;
}

uint32_t slot_in(const SlotLine& line, uint64_t tag) {
    for (uint32_t i = 0; i < SlotLine::kEntries; ++i) {
        if (line.tag[i] == tag) return line.state[i] - 1;  // The first one decides.
    }
    return UINT32_MAX;
}

TEST(SlotSearch, FindsAtEveryLevelWhatOneLooksAtEntryByEntry) {
    std::mt19937_64 random(3);
    for (const uint64_t line_count : {5u, 7u, 64u}) {
        const std::vector<SlotLine> lines = random_lines(random, line_count);
        std::vector<uint64_t> tags(5000);
        std::vector<uint32_t> missing;
        std::vector<uint32_t> places(tags.size()), expected(tags.size());
        for (size_t i = 0; i < tags.size(); ++i) {
            tags[i] = random() % 12 << random() % 2 * 32;
            places[i] = static_cast<uint32_t>(random());
            expected[i] = slot_in(lines[places[i] * line_count >> 32], tags[i]);
            if (expected[i] == UINT32_MAX) missing.push_back(static_cast<uint32_t>(i));
        }
        EXPECT_GT(missing.size(), 0u);
        EXPECT_LT(missing.size(), tags.size());
        for (uint32_t level = 0; level <= static_cast<uint32_t>(detect_simd()); ++level) {
            SCOPED_TRACE(to_text(static_cast<SimdLevel>(level)));
            std::vector<uint32_t> slots(tags.size()), which(tags.size());
            const auto count = static_cast<uint32_t>(tags.size());
            const FindSlots find = find_slots(static_cast<SimdLevel>(level));
            EXPECT_EQ(find({lines.data(), line_count, tags.data(), places.data(), count,
                            slots.data(), which.data()}),
                      missing.size());
            EXPECT_EQ(slots, expected);
            which.resize(missing.size());
            EXPECT_EQ(which, missing);
        }
    }
}

}  // namespace
}  // namespace trommel::cpu
