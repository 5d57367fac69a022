#include "net/pending_bytes.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace trommel::net {
namespace {

TEST(PendingBytes, DoesWhatAStringDoesWithinItsRoom) {
    constexpr size_t kMax = 5000;
    std::mt19937 random(3);
    PendingBytes pending(kMax);
    std::string plain;
    for (int step = 0; step < 5'000; ++step) {
        if (random() % 2 == 0) {
            const std::string more(random() % (pending.room() + 1), static_cast<char>(random()));
            pending.append(more);
            plain += more;
        } else {
            const size_t size = random() % (plain.size() + 1);
            pending.drop(size);
            plain.erase(0, size);
        }
        ASSERT_EQ(pending.view(), plain);
        ASSERT_EQ(pending.room(), kMax - plain.size());
        ASSERT_LE(pending.allocated_bytes(), kMax);
    }
}

TEST(PendingBytes, AnEmptyOneKeepsLittle) {
    PendingBytes pending(1 << 20);
    EXPECT_EQ(pending.allocated_bytes(), 0u);
    pending.append(std::string(1 << 20, 'x'));
    EXPECT_EQ(pending.room(), 0u);
    pending.drop(1 << 20);
    EXPECT_LE(pending.allocated_bytes(), size_t{16} << 10);
    pending.append("y");
    EXPECT_EQ(pending.view(), "y");
}

}  // namespace
}  // namespace trommel::net
