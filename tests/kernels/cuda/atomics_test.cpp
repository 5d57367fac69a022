#include "kernels/cuda/atomics.h"

#include <gtest/gtest.h>
#include <vector>

#include "trommel/int128.h"

#include "tests/kernels/cuda/crew.h"
#include "tests/kit/random.h"

namespace trommel::cuda {
namespace {

TEST(Atomics, SumsOf128BitsAreExactInAnyOrder) {
    std::vector<int64_t> terms(20'000);
    testkit::Random random(3);
    int128 expected = 0;
    for (int64_t& term : terms) {
        term = static_cast<int64_t>(random.next());
        expected += term;
    }
    uint64_t low = 0, high = 0;
    Crew crew(4);
    crew.run([&](uint32_t thread) {
        for (size_t i = thread; i < terms.size(); i += crew.size()) {
            add_wide(&low, &high, static_cast<uint64_t>(terms[i]), terms[i] < 0 ? ~uint64_t{0} : 0);
        }
    });
    EXPECT_EQ(low, static_cast<uint64_t>(expected));
    EXPECT_EQ(high, static_cast<uint64_t>(static_cast<uint128>(expected) >> 64));
}

TEST(Atomics, LeastAndGreatestStayAndBitsGather) {
    uint64_t least = ~uint64_t{0}, greatest = 0, bits = 0, owner = 0;
    uint32_t count = 0, won = 0;
    Crew crew(4);
    crew.run([&](uint32_t thread) {
        for (uint64_t i = 0; i < 1000; ++i) {
            lower(&least, 5000 + thread - i);
            raise(&greatest, thread + i);
            set_bits(&bits, uint64_t{1} << (i % 16 * 4 + thread));
            add(&count, 1);
        }
        if (exchange_if(&owner, 0, thread + 1) == 0) add(&won, 1);
    });
    EXPECT_EQ(least, 4001u);
    EXPECT_EQ(greatest, 1002u);
    EXPECT_EQ(bits, ~uint64_t{0});
    EXPECT_EQ(count, 4000u);
    EXPECT_EQ(won, 1u);
    EXPECT_NE(owner, 0u);
}

}  // namespace
}  // namespace trommel::cuda
