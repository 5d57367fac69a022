#include "kernels/cpu/exact_page_map.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "kernels/rules/hash.h"

namespace trommel::cpu {
namespace {

constexpr uint32_t kGroupBegin = 16, kGroupCount = 3;
constexpr uint32_t kPagesMax = kGroupCount * 70;

std::vector<uint64_t> hashes_of_the_groups(uint32_t count) {
    std::vector<uint64_t> hashes;
    for (uint64_t n = 0; hashes.size() < count; ++n) {
        const uint64_t hash = rules::mix64(n);
        const uint32_t group = rules::group_of(hash);
        if (group >= kGroupBegin && group < kGroupBegin + kGroupCount) hashes.push_back(hash);
    }
    return hashes;
}

// What a table relies on when it grows: whoever moves was in the family that is expanded.
TEST(PageMap, OnePageMoreMovesIdsOfOneFamilyOnly) {
    const std::vector<uint64_t> hashes = hashes_of_the_groups(20'000);
    PageMap map{kGroupCount, kGroupBegin};
    for (uint32_t pages = kGroupCount; pages < kPagesMax; ++pages) {
        ASSERT_EQ(map.pages(), pages);
        std::vector<uint32_t> page_before;
        for (const uint64_t hash : hashes) page_before.push_back(map.page_of(hash));
        map.add_page();
        const uint32_t family = map.expanded - 1;
        ASSERT_EQ(map.pages_of(family), map.before + 1);
        ASSERT_EQ(map.before * map.families() + family, pages) << "the new page is the last";
        for (size_t h = 0; h < hashes.size(); ++h) {
            const uint32_t page = map.page_of(hashes[h]);
            ASSERT_LE(page, pages);
            ASSERT_EQ(page % kGroupCount, rules::group_of(hashes[h]) - kGroupBegin);
            if (page == page_before[h]) continue;
            ASSERT_EQ(map.family_of(hashes[h]), family);
            ASSERT_EQ(page_before[h] % map.families(), family);
            ASSERT_EQ(page, page_before[h] + map.families()) << "to the next page of the family";
        }
    }
}

TEST(PageMap, NoPageGetsMoreThanOneAndAHalfTimesWhatAnotherGets) {
    constexpr uint32_t kIds = 1 << 20;
    const std::vector<uint64_t> hashes = hashes_of_the_groups(kIds);
    PageMap map{kGroupCount, kGroupBegin};
    while (map.pages() < kPagesMax) {
        map.add_page();
        if (map.before == 1 || map.pages() % 7 != 0) continue;
        std::vector<uint32_t> ids(map.pages());
        for (const uint64_t hash : hashes) ++ids[map.page_of(hash)];
        const auto [least, most] = std::minmax_element(ids.begin(), ids.end());
        // Binomial, about 5,000 each: six standard deviations on either side are 17 %.
        EXPECT_LT(*most, 1.5 * 1.2 * *least) << map.pages() << " pages";
    }
}

}  // namespace
}  // namespace trommel::cpu
