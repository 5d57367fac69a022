#include "bench/kit/line_updates.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <vector>

#include "bench/kit/measure.h"

namespace trommel::bench {
namespace {

constexpr uint64_t kUpdates = 10'000;

// A table that is measured is still the table.
TEST(LineUpdates, LeavesTheMemoryOfOthersAsItWas) {
    std::vector<uint64_t> before(1 << 12);
    std::iota(before.begin(), before.end(), 1);
    std::vector<uint64_t> memory = before;
    LineUpdates updates(cpu::Stretch{reinterpret_cast<char*>(memory.data()), memory.size() * 8});
    EXPECT_GT(updates.run(kUpdates), 0);
    EXPECT_EQ(memory, before);
}

TEST(LineUpdates, MeasuresInMemoryOfItsOwn) {
    EXPECT_GT(LineUpdates(1).run(kUpdates), 0);
    EXPECT_GT(LineUpdates(1 << 20).run(kUpdates), 0);
}

TEST(LineUpdates, TablesAndFiltersAreMeasuredInTheirOwnLines) {
    for (const CaseInfo& info : dedup_cases()) {
        if (info.name.starts_with("growth")) continue;
        const std::unique_ptr<Case> subject = info.make(Scale::quick);
        ASSERT_TRUE(subject->prepare().ok()) << info.name;
        const cpu::Stretch lines = subject->lines();
        ASSERT_GT(lines.bytes, 0u) << info.name;
        const std::vector<char> before(lines.data, lines.data + lines.bytes);
        EXPECT_NE(std::count(before.begin(), before.end(), 0), std::ssize(before)) << info.name;
        LineUpdates(lines).run(kUpdates);
        EXPECT_TRUE(std::equal(before.begin(), before.end(), lines.data)) << info.name;
        subject->round();
        EXPECT_EQ(subject->wrong(), "") << info.name;
    }
}

}  // namespace
}  // namespace trommel::bench
