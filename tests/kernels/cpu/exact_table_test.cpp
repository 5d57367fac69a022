#include "kernels/cpu/exact_table.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/rules/dedup.h"
#include "kernels/rules/lateness.h"
#include "tests/kit/random.h"

namespace trommel::cpu {
namespace {

using testkit::Random;

constexpr rules::HashSeed kSeed = rules::hash_seed(42, rules::Purpose::id);

// A stream of events for a table, and the answers of the obvious program.
class Stream {
   public:
    Stream(IdKind kind, int64_t horizon_us) : kind_(kind), ticks_(rules::dedup_ticks(horizon_us)) {}

    void clear() {
        hash_.clear(), lo_.clear(), hi_.clear(), text_.clear(), time_us_.clear(), rows_.clear();
    }
    void add(uint64_t id, int64_t time_us, uint64_t hash_mask = ~uint64_t{0}) {
        const uint64_t high = id * 7;
        lo_.push_back(id);
        hi_.push_back(high);
        text_.push_back("id-" + std::to_string(id));
        time_us_.push_back(time_us);
        const uint64_t hash =
            kind_ == IdKind::u64 ? rules::hash_u64(id, kSeed) : rules::hash_u128(id, high, kSeed);
        hash_.push_back(hash & hash_mask);
        rows_.push_back(static_cast<uint32_t>(rows_.size()));
    }
    std::vector<Outcome> judge(IdMemory& table) {
        views_.assign(text_.begin(), text_.end());
        const IdColumns ids{hash_.data(), lo_.data(), hi_.data(), views_.data(), time_us_.data()};
        std::vector<Outcome> outcomes(rows_.size());
        table.judge(ids, rows_.data(), static_cast<uint32_t>(rows_.size()), outcomes.data());
        return outcomes;
    }
    void take_back(IdMemory& table, const std::vector<Outcome>& outcomes,
                   const std::vector<Verdict>& verdicts) {
        const IdColumns ids{hash_.data(), lo_.data(), hi_.data(), views_.data(), time_us_.data()};
        table.take_back(ids, rows_.data(), static_cast<uint32_t>(rows_.size()), outcomes.data(),
                        verdicts.data());
    }
    Outcome expect(size_t row) {
        const auto [at, is_new] = remembered_.try_emplace(lo_[row], time_us_[row]);
        if (is_new) return Outcome::unique;
        const int64_t then = rules::tick_of(at->second, ticks_),
                      now = rules::tick_of(time_us_[row], ticks_);
        if (rules::is_duplicate(then, now, ticks_.reach)) return Outcome::duplicate;
        at->second = std::max(at->second, time_us_[row]);
        return Outcome::renewed;
    }
    void forget(uint64_t id) { remembered_.erase(id); }
    size_t size() const { return rows_.size(); }
    uint64_t id(size_t row) const { return lo_[row]; }
    int64_t tick(size_t row) const { return rules::tick_of(time_us_[row], ticks_); }

   private:
    const IdKind kind_;
    const rules::DedupTicks ticks_;
    std::vector<uint64_t> hash_, lo_, hi_;
    std::vector<std::string> text_;
    std::vector<std::string_view> views_;
    std::vector<int64_t> time_us_;
    std::vector<uint32_t> rows_;
    std::map<uint64_t, int64_t> remembered_;
};

bool is_unique(Outcome outcome) {
    return outcome == Outcome::unique || outcome == Outcome::renewed;
}

ExactTableOptions options_of(IdKind kind, SimdLevel simd, int64_t horizon_us) {
    ExactTableOptions options;
    options.kind = kind;
    options.horizon_us = horizon_us;
    options.seed = kSeed;
    options.simd = simd;
    return options;
}

using Variant = std::tuple<IdKind, SimdLevel>;
class ExactTableTest : public testing::TestWithParam<Variant> {
   protected:
    void SetUp() override {
        if (simd() > detect_simd()) GTEST_SKIP() << "this processor has no " << to_text(simd());
    }
    IdKind kind() const { return std::get<0>(GetParam()); }
    SimdLevel simd() const { return std::get<1>(GetParam()); }
};

TEST_P(ExactTableTest, TakesBackNoLaterEventOfTheId) {
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), 64'000), budget);
    Stream stream(kind(), 64'000);
    stream.add(7, 0);
    stream.add(7, 200'000);
    table->advance(rules::kUnknownUs, 0);
    const std::vector<Outcome> outcomes = stream.judge(*table);
    ASSERT_EQ(outcomes, (std::vector{Outcome::unique, Outcome::renewed}));
    stream.take_back(*table, outcomes, {Verdict::refused, Verdict::unique});
    EXPECT_EQ(table->live_ids(), 1u);
    stream.clear();
    stream.add(7, 210'000);
    EXPECT_EQ(stream.judge(*table), std::vector{Outcome::duplicate});
    table->advance(1'000'000, 1'000'000);
    EXPECT_EQ(table->live_ids(), 0u);
}

TEST_P(ExactTableTest, RemembersForeverAndGrowsFromOnePagePerGroup) {
    MemoryBudget budget(uint64_t{256} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), kForeverUs), budget);
    ASSERT_NE(table, nullptr);
    Stream stream(kind(), kForeverUs);
    Random random(7);
    uint64_t unique = 0;
    for (int batch = 0; batch < 120; ++batch) {
        stream.clear();
        for (int e = 0; e < 2048; ++e)
            stream.add(random.below(150'000), random.between(-1000, 1000));
        table->advance(rules::kUnknownUs, 0);
        const std::vector<Outcome> outcomes = stream.judge(*table);
        for (size_t e = 0; e < stream.size(); ++e) {
            ASSERT_EQ(is_unique(outcomes[e]), is_unique(stream.expect(e)));
            unique += is_unique(outcomes[e]);
        }
    }
    EXPECT_EQ(table->live_ids(), unique);
    EXPECT_GT(unique, 100'000u);
    if (kind() == IdKind::u64) {
        EXPECT_LE(budget.used_bytes(), unique * 32 + kHugePageBytes) << "bytes per live id";
    }
}

// Ticks are kept modulo 65,536: driven through several wraps, with jumps, an id is remembered for
// exactly its horizon and what has expired never comes back to life.
TEST_P(ExactTableTest, ExpiresByTickThroughManyWraps) {
    constexpr int64_t kHorizon = 64'000, kOutOfOrder = 20'000;  // Tick 1 ms, reach 64.
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), kHorizon), budget);
    Stream stream(kind(), kHorizon);
    Random random(11);
    int64_t newest = -5'000'000'000;
    for (int batch = 0; batch < 3000; ++batch) {
        stream.clear();
        newest += random.one_in(50) ? random.between(0, 200'000'000) : random.between(0, 300'000);
        stream.add(random.below(200), newest);
        for (int e = 0; e < 40; ++e) {
            stream.add(random.below(200), newest - random.between(0, kOutOfOrder - 1));
        }
        table->advance(newest - kOutOfOrder, newest);
        const std::vector<Outcome> outcomes = stream.judge(*table);
        for (size_t e = 0; e < stream.size(); ++e) {
            ASSERT_EQ(is_unique(outcomes[e]), is_unique(stream.expect(e))) << "batch " << batch;
        }
    }
    EXPECT_LE(table->live_ids(), 200u);
}

TEST_P(ExactTableTest, BytesStayFlatOnceTheHorizonIsFull) {
    constexpr int64_t kHorizon = 1'000'000;
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), kHorizon), budget);
    Stream stream(kind(), kHorizon);
    uint64_t id = 0, bytes = 0;
    for (int batch = 0; batch < 400; ++batch) {
        stream.clear();
        for (int e = 0; e < 1000; ++e, ++id) stream.add(id, static_cast<int64_t>(id) * 50);
        table->advance(static_cast<int64_t>(id) * 50 - 60'000, static_cast<int64_t>(id) * 50);
        stream.judge(*table);
        if (batch == 100) bytes = budget.used_bytes();
    }
    // Verified ids come and go by segments of 256 KiB.
    EXPECT_LE(budget.used_bytes(), bytes + (kind() == IdKind::verified ? uint64_t{512} << 10 : 0));
    EXPECT_LT(table->live_ids(), 25'000u);
}

TEST_P(ExactTableTest, IsFullAtItsBudgetAndStillKnowsWhatItHas) {
    MemoryBudget budget(uint64_t{2} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), kForeverUs), budget);
    Stream stream(kind(), kForeverUs);
    uint64_t unique = 0, full = 0;
    for (uint64_t first = 0; first < 400'000; first += 1000) {
        stream.clear();
        for (uint64_t e = 0; e < 1000; ++e) stream.add(first + e, 0);
        table->advance(rules::kUnknownUs, 0);
        for (const Outcome outcome : stream.judge(*table)) {
            unique += outcome == Outcome::unique;
            full += outcome == Outcome::full;
        }
    }
    EXPECT_EQ(unique + full, 400'000u);
    EXPECT_GT(full, 0u);
    EXPECT_LE(budget.used_bytes(), budget.max_bytes());
    EXPECT_EQ(table->live_ids(), unique);
    stream.clear();
    for (uint64_t id = 0; id < 1000; ++id) stream.add(id, 0);
    for (const Outcome outcome : stream.judge(*table)) EXPECT_EQ(outcome, Outcome::duplicate);
}

TEST_P(ExactTableTest, ForgetsTheOldestTicksFirstWhenAskedTo) {
    constexpr int64_t kHorizon = 64'000'000;
    MemoryBudget budget(uint64_t{3} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), kHorizon), budget);
    Stream stream(kind(), kHorizon);
    stream.add(1, 0);
    for (uint64_t id = 2; id < 2000; ++id) stream.add(id, 30'000'000);
    table->advance(rules::kUnknownUs, 0);
    stream.judge(*table);
    EXPECT_TRUE(table->forget_oldest(1));
    EXPECT_EQ(table->live_ids(), 1998u);
    stream.clear();
    stream.add(1, 30'000'000);
    stream.add(2, 30'000'000);
    const std::vector<Outcome> outcomes = stream.judge(*table);
    EXPECT_EQ(outcomes[0], Outcome::unique);
    EXPECT_EQ(outcomes[1], Outcome::duplicate);
    EXPECT_FALSE(table->forget_oldest(1)) << "nothing is older than the newest";
}

// Where growth has ended half-way, some pages are full and the stash with them, long before the
// table is. No more is forgotten than makes room.
TEST_P(ExactTableTest, ForgetsNoMoreThanMakesRoomThoughTheStashIsFull) {
    constexpr int64_t kHorizon = 64'000'000;
    MemoryBudget budget(1'700'000);
    const auto table = make_exact_table(options_of(kind(), simd(), kHorizon), budget);
    Stream stream(kind(), kHorizon);
    uint64_t id = 0, live_min = UINT64_MAX;
    for (int batch = 0; batch < 120; ++batch) {
        stream.clear();
        for (int e = 0; e < 1000; ++e, ++id) stream.add(id, static_cast<int64_t>(id) * 200);
        table->advance(static_cast<int64_t>(id) * 200 - 1'000'000, static_cast<int64_t>(id) * 200);
        while (true) {
            const std::vector<Outcome> outcomes = stream.judge(*table);
            const auto full = std::count(outcomes.begin(), outcomes.end(), Outcome::full);
            if (full == 0 || !table->forget_oldest(static_cast<uint32_t>(full))) break;
            live_min = std::min(live_min, table->live_ids());
        }
    }
    EXPECT_GT(live_min, kind() == IdKind::u64 ? 60'000u : 10'000u);
}

TEST_P(ExactTableTest, ATakenBackEventLeavesNoTrace) {
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), kForeverUs), budget);
    Stream stream(kind(), kForeverUs);
    for (uint64_t id = 0; id < 5000; ++id) stream.add(id, 0);
    std::vector<Verdict> verdicts(5000, Verdict::unique);
    verdicts[17] = Verdict::refused;
    stream.take_back(*table, stream.judge(*table), verdicts);
    EXPECT_EQ(table->live_ids(), 4999u);
    const std::vector<Outcome> outcomes = stream.judge(*table);
    for (uint64_t id = 0; id < 5000; ++id) {
        ASSERT_EQ(outcomes[id], id == 17 ? Outcome::unique : Outcome::duplicate);
    }
}

// Ids that come back again and again after their horizon, and earlier than they were remembered
// with; any of their events are refused. Verified ids fill two pages and the stash.
TEST_P(ExactTableTest, IdsAreRememberedAsTheCountedEventsLeaveThem) {
    constexpr int64_t kHorizon = 64'000, kSpread = 220'000;  // Tick 1 ms, reach 64.
    const bool is_crowd = kind() == IdKind::verified;
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), kHorizon), budget);
    Stream stream(kind(), kHorizon);
    Random random(12);
    std::map<uint64_t, int64_t> counted;  // Ticks.
    int64_t newest = -5'000'000;
    uint64_t twice = 0;
    for (int batch = 0; batch < 1500; ++batch) {
        stream.clear();
        newest += random.one_in(50) ? random.between(0, 20'000'000) : random.between(0, 30'000);
        for (int e = 0; e < 100; ++e) {
            const uint64_t id = random.below(random.one_in(2) ? 8 : is_crowd ? 900 : 60);
            stream.add(id, newest - random.between(0, kSpread - 1),
                       is_crowd ? uint64_t{1} << 56 : ~uint64_t{0});
        }
        table->advance(newest - kSpread, newest);
        const std::vector<Outcome> outcomes = stream.judge(*table);
        std::map<uint64_t, int64_t> judged = counted;
        std::vector<Verdict> verdicts(stream.size(), Verdict::duplicate);
        const auto note = [&](std::map<uint64_t, int64_t>& memory, size_t e) {
            const auto [at, is_new] = memory.try_emplace(stream.id(e), stream.tick(e));
            const bool is_copy = !is_new && rules::is_duplicate(at->second, stream.tick(e), 64);
            if (!is_new) at->second = rules::remembered_after(at->second, stream.tick(e), 64);
            return is_copy;
        };
        for (size_t e = 0; e < stream.size(); ++e) {
            ASSERT_EQ(is_unique(outcomes[e]), !note(judged, e)) << "batch " << batch << " " << e;
            if (!is_unique(outcomes[e])) continue;
            twice += outcomes[e] == Outcome::renewed;
            verdicts[e] = random.one_in(2) ? Verdict::refused : Verdict::unique;
            if (verdicts[e] == Verdict::unique) note(counted, e);
        }
        stream.take_back(*table, outcomes, verdicts);
    }
    EXPECT_GT(twice, 3000u);
    const int64_t floor =
        rules::oldest_tick_needed(newest - kSpread, 0, 0, rules::dedup_ticks(kHorizon));
    std::erase_if(counted, [&](const auto& id) { return id.second < floor; });
    EXPECT_EQ(table->live_ids(), counted.size());
    table->advance(newest + kHorizon * 10, newest);
    EXPECT_EQ(table->live_ids(), 0u);
}

// Of two times too far apart the later one is remembered (D2), whichever came first.
TEST_P(ExactTableTest, RemembersTheLaterOfTwoFarTimes) {
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table = make_exact_table(options_of(kind(), simd(), 64'000), budget);
    for (const int64_t base : {0, 1'000'000}) {
        Stream stream(kind(), 64'000);
        const std::vector<int64_t> times = {base + 100'000, base + 10'000, base + 100'000};
        for (const int64_t time : times) stream.add(static_cast<uint64_t>(base) + 5, time);
        table->advance(rules::kUnknownUs, base);
        EXPECT_EQ(stream.judge(*table),
                  (std::vector<Outcome>{Outcome::unique, Outcome::renewed, Outcome::duplicate}));
    }
}

std::string variant_name(const testing::TestParamInfo<Variant>& variant) {
    constexpr const char* kKinds[] = {"u64", "u128", "verified"};
    return std::string(kKinds[static_cast<size_t>(std::get<0>(variant.param))]) + "_" +
           to_text(std::get<1>(variant.param));
}

INSTANTIATE_TEST_SUITE_P(
    Variants, ExactTableTest,
    testing::Combine(testing::Values(IdKind::u64, IdKind::u128, IdKind::verified),
                     testing::Values(SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512)),
    variant_name);

// With a hash cut to four bits all ids meet in sixteen places; only their bytes tell them apart.
// Pages overflow into their last resort, the stash, and nothing is mistaken for another.
TEST(ExactTable, VerifiedIdsAreToldApartByTheirBytesAlone) {
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table =
        make_exact_table(options_of(IdKind::verified, SimdLevel::scalar, kForeverUs), budget);
    Stream stream(IdKind::verified, kForeverUs);
    Random random(5);
    for (int batch = 0; batch < 40; ++batch) {
        stream.clear();
        for (int e = 0; e < 200; ++e) stream.add(random.below(3500), 0, uint64_t{15} << 56);
        const std::vector<Outcome> outcomes = stream.judge(*table);
        for (size_t e = 0; e < stream.size(); ++e) ASSERT_EQ(outcomes[e], stream.expect(e));
    }
}

// Ids of one place overflow from line to line. One that is seen again, too far away to be a copy,
// is remembered from then on, also when all that stood before it in its home line has died.
TEST(ExactTable, AnIdThatOverflowedAndWasRenewedOutlivesItsHomeLine) {
    constexpr int64_t kHorizon = 64'000;  // Tick 1 ms, reach 64.
    constexpr uint64_t kGroupBits = uint64_t{15} << 56, kGroup = uint64_t{7} << 56;
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table =
        make_exact_table(options_of(IdKind::verified, SimdLevel::scalar, kHorizon), budget);
    table->advance(rules::kUnknownUs, 0);
    table->advance(63'000, 0);  // The floor is tick -1, and its pages are swept.
    std::vector<uint64_t> crowd;
    for (uint64_t id = 0; crowd.size() < 12; ++id) {
        if ((rules::hash_u128(id, id * 7, kSeed) & kGroupBits) == kGroup) crowd.push_back(id);
    }
    Stream stream(IdKind::verified, kHorizon);
    for (const uint64_t id : crowd) stream.add(id, 0, kGroupBits);
    for (const Outcome outcome : stream.judge(*table)) ASSERT_EQ(outcome, Outcome::unique);
    stream.clear();
    stream.add(crowd.back(), 70'000, kGroupBits);
    ASSERT_EQ(stream.judge(*table)[0], Outcome::renewed);
    table->advance(70'000, 70'000);  // Tick 0 is forgotten, tick 70 is not.
    EXPECT_EQ(table->live_ids(), 1u);
    stream.clear();
    stream.add(crowd.back(), 72'000, kGroupBits);
    EXPECT_EQ(stream.judge(*table)[0], Outcome::duplicate);
}

// A page that is full leaves ids to the stash; growth splits the page and loses none of them.
TEST(ExactTable, IdsOfAFullPageSurviveItsSplit) {
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table =
        make_exact_table(options_of(IdKind::verified, SimdLevel::scalar, kForeverUs), budget);
    Stream crowd(IdKind::verified, kForeverUs), others(IdKind::verified, kForeverUs);
    for (uint64_t id = 0; id < 400; ++id) crowd.add(id, 0, uint64_t{1} << 56);
    for (const Outcome outcome : crowd.judge(*table)) ASSERT_EQ(outcome, Outcome::unique);
    for (uint64_t id = 1000; id < 60'000; ++id) others.add(id, 0);
    others.judge(*table);
    for (const Outcome outcome : crowd.judge(*table)) ASSERT_EQ(outcome, Outcome::duplicate);
}

TEST(ExactTable, IdsThatShareTheirLowHalfAreDifferentIds) {
    MemoryBudget budget(uint64_t{64} << 20);
    const auto table =
        make_exact_table(options_of(IdKind::u128, SimdLevel::scalar, kForeverUs), budget);
    // All in one line and those after it, so that they are compared with each other.
    const std::vector<uint64_t> hash(20, 0), lo(20, 1);
    std::vector<uint64_t> hi(20);
    std::iota(hi.begin(), hi.end(), 0u);
    const std::vector<int64_t> times(20, 0);
    std::vector<uint32_t> rows(20);
    std::iota(rows.begin(), rows.end(), 0u);
    const IdColumns ids{hash.data(), lo.data(), hi.data(), nullptr, times.data()};
    std::vector<Outcome> outcomes(20);
    table->judge(ids, rows.data(), 20, outcomes.data());
    for (const Outcome outcome : outcomes) EXPECT_EQ(outcome, Outcome::unique);
    table->judge(ids, rows.data(), 20, outcomes.data());
    for (const Outcome outcome : outcomes) EXPECT_EQ(outcome, Outcome::duplicate);
}

TEST(ExactTable, SequentialIdsSpreadEvenlyOverGroupsLinesAndPages) {
    std::vector<uint32_t> groups(256), lines(64), pages(256);
    constexpr uint32_t kIds = 1 << 18;
    for (uint64_t id = 0; id < kIds; ++id) {
        const uint64_t hash = rules::hash_u64(id << 12, kSeed);
        ++groups[hash >> 56];
        ++lines[hash >> 50 & 63];
        ++pages[hash & 255];
    }
    // Six standard deviations of a binomial.
    const auto is_even = [](const std::vector<uint32_t>& counts) {
        const double mean = double{kIds} / static_cast<double>(counts.size());
        for (const uint32_t count : counts) {
            const double apart = count - mean;
            if (apart * apart > 36 * mean) return false;
        }
        return true;
    };
    EXPECT_TRUE(is_even(groups));
    EXPECT_TRUE(is_even(lines));
    EXPECT_TRUE(is_even(pages));
}

TEST(ExactTable, IsNotMadeWithoutTheMemoryToBegin) {
    MemoryBudget budget(255 * kPageBytes);
    EXPECT_EQ(make_exact_table(options_of(IdKind::u64, SimdLevel::scalar, kForeverUs), budget),
              nullptr);
    EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace trommel::cpu
