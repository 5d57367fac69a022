#include "kernels/cuda/device_ids.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <vector>

#include "kernels/cpu/exact_table.h"
#include "tests/kernels/cuda/id_lanes.h"
#include "tests/kit/random.h"

namespace trommel::cuda {
namespace {

using cpu::Outcome;
using testkit::Random;

constexpr rules::HashSeed kSeed = rules::hash_seed(42, rules::Purpose::id);
constexpr int64_t kHorizonUs = 64'000, kDisorderUs = 40'000, kLatenessUs = 10'000, kPaneUs = 1000;

using Event = IdEvent;
using Events = std::vector<Event>;

// Events of a few ids, or of ever new ones, on time, out of order, with leaps in event time.
Events make_stream(uint64_t seed, uint32_t count, uint64_t ids) {
    Random random(seed);
    Events events(count);
    int64_t newest = random.between(-5'000'000, 5'000'000);
    int64_t watermark = rules::kUnknownUs;
    const uint64_t leap = random.pick(std::vector<uint64_t>{20, 300, 100'000});
    for (uint32_t e = 0; e < count; ++e) {
        uint64_t id = random.below(ids);
        if (random.one_in(3)) id = random.below(8);
        if (random.one_in(4)) id = ids + e;
        if (random.one_in(5)) id = ~uint64_t{0} - random.below(4);
        int64_t time = newest + random.between(-kDisorderUs, 300);
        if (random.one_in(leap)) time = newest + random.between(0, 3 * kHorizonUs);
        newest = std::max(newest, time);
        events[e] = {id, random.one_in(3) ? 0 : id * 3, time, watermark};
        if (e > 50) watermark = newest - kDisorderUs;
    }
    return events;
}

// The same events through the CPU's table.
class CpuIds {
   public:
    CpuIds(bool is_wide, int64_t horizon_us, uint64_t budget_bytes = uint64_t{64} << 20)
        : is_wide_(is_wide), budget_(budget_bytes) {
        cpu::ExactTableOptions options;
        options.kind = is_wide ? cpu::IdKind::u128 : cpu::IdKind::u64;
        options.horizon_us = horizon_us;
        options.allowed_lateness_us = kLatenessUs;
        options.lateness_pane_us = kPaneUs;
        options.seed = kSeed;
        table_ = cpu::make_exact_table(options, budget_);
    }
    std::vector<Outcome> judge(const Event* events, uint32_t count,
                               const std::vector<uint8_t>& is_refused = {}) {
        std::vector<uint64_t> hash(count), lo(count), hi(count);
        std::vector<int64_t> time(count);
        std::vector<uint32_t> rows(count);
        std::iota(rows.begin(), rows.end(), 0u);
        for (uint32_t e = 0; e < count; ++e) {
            lo[e] = events[e].lo, hi[e] = events[e].hi, time[e] = events[e].time_us;
            hash[e] =
                is_wide_ ? rules::hash_u128(lo[e], hi[e], kSeed) : rules::hash_u64(lo[e], kSeed);
        }
        const cpu::IdColumns ids{hash.data(), lo.data(), hi.data(), nullptr, time.data()};
        std::vector<Outcome> outcomes(count);
        table_->advance(events[0].watermark_us, events[0].time_us);
        table_->judge(ids, rows.data(), count, outcomes.data());
        if (is_refused.empty()) return outcomes;
        std::vector<Verdict> verdicts(count, Verdict::unique);
        for (uint32_t e = 0; e < count; ++e) {
            if (is_refused[e] != 0) verdicts[e] = Verdict::refused;
        }
        table_->take_back(ids, rows.data(), count, outcomes.data(), verdicts.data());
        return outcomes;
    }
    uint64_t live_ids() const { return table_->live_ids(); }
    // As a shard does under OnFull::forget.
    bool forget_oldest(uint32_t events) { return table_->forget_oldest(events); }
    int64_t horizon_shortened_us() const { return table_->horizon_shortened_us(); }

   private:
    const bool is_wide_;
    cpu::MemoryBudget budget_;
    std::unique_ptr<cpu::IdMemory> table_;
};

DeviceIdsOptions options_of(int64_t horizon_us) {
    DeviceIdsOptions options;
    options.horizon_us = horizon_us;
    options.allowed_lateness_us = kLatenessUs;
    options.lateness_pane_us = kPaneUs;
    options.seed = kSeed;
    options.events_max = 4096;
    return options;
}

// Where answers differ first; the number of events if nowhere. Whether an id is `renewed` or simply
// `unique` depends on when it was forgotten, and so on how batches were cut.
size_t first_difference(const std::vector<Outcome>& found, const std::vector<Outcome>& wanted,
                        bool are_cuts_equal) {
    const auto meaning = [&](Outcome outcome) {
        return outcome == Outcome::renewed && !are_cuts_equal ? Outcome::unique : outcome;
    };
    size_t e = 0;
    while (e < std::min(found.size(), wanted.size()) && meaning(found[e]) == meaning(wanted[e]))
        ++e;
    return e;
}

template <class Kind>
class DeviceIdsTest : public testing::Test {
   protected:
    static constexpr bool kIsWide = std::is_same_v<Kind, Ids128>;
    static constexpr uint64_t kPlenty = uint64_t{16} << 20;

    // Batches of any length, some of them under way at the same time.
    static std::vector<Outcome> judge(IdLanes<Kind>& lanes, const Events& events, uint64_t seed) {
        Random random(seed);
        std::vector<Outcome> outcomes;
        const auto finish = [&] {
            const std::vector<Outcome> some = lanes.finish();
            outcomes.insert(outcomes.end(), some.begin(), some.end());
        };
        for (uint32_t begin = 0; begin < events.size();) {
            const auto left = static_cast<uint32_t>(events.size()) - begin;
            const uint64_t longest = random.one_in(3) ? 100 : 2000;
            const uint32_t count = std::min(left, static_cast<uint32_t>(1 + random.below(longest)));
            lanes.submit(&events[begin], count);
            begin += count;
            if (random.one_in(3)) finish();
        }
        finish();
        return outcomes;
    }
    static std::vector<Outcome> judge_on_cpu(CpuIds& ids, const Events& events, uint64_t seed) {
        Random random(seed);
        std::vector<Outcome> outcomes;
        for (uint32_t begin = 0; begin < events.size();) {
            const auto left = static_cast<uint32_t>(events.size()) - begin;
            const uint32_t count = std::min(left, static_cast<uint32_t>(1 + random.below(700)));
            const std::vector<Outcome> some = ids.judge(&events[begin], count);
            outcomes.insert(outcomes.end(), some.begin(), some.end());
            begin += count;
        }
        return outcomes;
    }
};
using Kinds = testing::Types<Ids64, Ids128>;
TYPED_TEST_SUITE(DeviceIdsTest, Kinds);

TYPED_TEST(DeviceIdsTest, AnswersAsTheCpuDoesForAnyCutsAndOrders) {
    uint64_t halts = 0, resolved = 0;
    for (const int64_t horizon_us : {kForeverUs, kHorizonUs}) {
        for (uint64_t seed = 1; seed <= 6; ++seed) {
            const Events events = make_stream(seed, 6000, seed % 2 == 0 ? 40 : 3000);
            CpuIds cpu_ids(this->kIsWide, horizon_us);
            const std::vector<Outcome> wanted = this->judge_on_cpu(cpu_ids, events, seed);
            IdLanes<TypeParam> lanes(options_of(horizon_us), seed, this->kPlenty);
            const std::vector<Outcome> found = this->judge(lanes, events, seed + 100);
            ASSERT_EQ(first_difference(found, wanted, false), events.size()) << "seed " << seed;
            if (horizon_us == kForeverUs) {
                EXPECT_EQ(lanes.live(), cpu_ids.live_ids());
            }
            halts += lanes.halts();
            resolved += lanes.resolved();
        }
    }
    EXPECT_GT(halts, resolved) << "groups grew";
    EXPECT_GT(resolved, 20u) << "ids were contested";
}

TYPED_TEST(DeviceIdsTest, CopiesOfWhatIsRememberedNeedNoOrderBesideAnEventThatIsNewAgain) {
    IdLanes<TypeParam> lanes(options_of(kHorizonUs), 4, this->kPlenty);
    Events events;
    for (const int64_t ms : {0, 10, 20, 256, 266}) {
        events.push_back({.lo = 7, .time_us = ms * 1000});
    }
    lanes.submit(&events[0], 1);
    lanes.submit(&events[1], 4);
    const std::vector<Outcome> wanted{Outcome::unique, Outcome::duplicate, Outcome::duplicate,
                                      Outcome::renewed, Outcome::duplicate};
    EXPECT_EQ(lanes.finish(), wanted);
    EXPECT_EQ(lanes.resolved(), 0u);
}

TYPED_TEST(DeviceIdsTest, TellsIdsApartByEachOfTheirBits) {
    constexpr uint32_t kBits = TestFixture::kIsWide ? 128 : 64;
    IdLanes<TypeParam> lanes(options_of(kForeverUs), 6, this->kPlenty);
    Random random(6);
    Events events(8000);
    for (Event& event : events) {  // At most two bits are set.
        for (int twice = 0; twice < 2; ++twice) {
            const uint64_t bit = random.below(kBits);
            (bit < 64 ? event.lo : event.hi) ^= uint64_t{1} << bit % 64;
        }
    }
    const std::vector<Outcome> outcomes = this->judge(lanes, events, 6);
    std::set<std::pair<uint64_t, uint64_t>> seen;
    for (size_t e = 0; e < events.size(); ++e) {
        const bool is_new = seen.emplace(events[e].lo, events[e].hi).second;
        ASSERT_EQ(outcomes[e], is_new ? Outcome::unique : Outcome::duplicate) << "event " << e;
    }
}

TYPED_TEST(DeviceIdsTest, RemembersAcrossAnyDistanceInTime) {
    for (uint64_t seed = 1; seed <= 6; ++seed) {
        Random random(seed);
        CpuIds cpu_ids(this->kIsWide, kHorizonUs);
        IdLanes<TypeParam> lanes(options_of(kHorizonUs), seed, this->kPlenty);
        int64_t now = 0;
        for (int b = 0; b < 60; ++b) {
            now += random.pick(std::vector<int64_t>{0, 3000, 900'000, 8'000'000, 70'000'000});
            const bool is_known = b > 20;  // Until then the watermark is held back.
            Events events(200);
            for (Event& event : events) {
                event.lo = random.below(150);
                event.time_us = now + random.between(0, 30'000);
                event.watermark_us = is_known ? now - 5000 : rules::kUnknownUs;
            }
            const auto count = static_cast<uint32_t>(events.size());
            lanes.submit(events.data(), count);
            ASSERT_EQ(first_difference(lanes.finish(), cpu_ids.judge(events.data(), count), true),
                      count)
                << "seed " << seed << " batch " << b;
        }
        EXPECT_GT(lanes.outside(), 0u);
        EXPECT_EQ(lanes.outside(), lanes.full());
    }
}

TYPED_TEST(DeviceIdsTest, BeginsStampsAnewWithoutForgetting) {
    DeviceIdsOptions options = options_of(kHorizonUs);
    options.stamps_max = 3;
    const Events events = make_stream(5, 4000, 500);
    CpuIds cpu_ids(this->kIsWide, kHorizonUs);
    IdLanes<TypeParam> lanes(options, 5, this->kPlenty);
    const std::vector<Outcome> found = this->judge(lanes, events, 9);
    EXPECT_EQ(first_difference(found, this->judge_on_cpu(cpu_ids, events, 9), false), 4000u);
}

TYPED_TEST(DeviceIdsTest, TakesBackWhatIsRefused) {
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        const Events events = make_stream(seed, 4000, 200);
        Random random(seed);
        CpuIds cpu_ids(this->kIsWide, kHorizonUs);
        IdLanes<TypeParam> lanes(options_of(kHorizonUs), seed, this->kPlenty);
        std::vector<Outcome> wanted;
        for (uint32_t begin = 0; begin < 4000; begin += 200) {
            std::vector<uint8_t> is_refused(200);
            for (uint8_t& flag : is_refused) flag = random.one_in(3);
            lanes.submit(&events[begin], 200, is_refused);
            const std::vector<Outcome> some = cpu_ids.judge(&events[begin], 200, is_refused);
            wanted.insert(wanted.end(), some.begin(), some.end());
        }
        ASSERT_EQ(first_difference(lanes.finish(), wanted, true), 4000u) << "seed " << seed;
    }
}

// D6: which ids find no room is open; that no id counts twice and that the bound holds is not.
TYPED_TEST(DeviceIdsTest, RefusesWhatFindsNoRoomAndCountsNothingTwice) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
        const uint64_t slot_bytes = sizeof(typename TypeParam::Slot);
        IdLanes<TypeParam> lanes(options_of(kForeverUs), seed, 16'000 * slot_bytes);
        Random random(seed);
        Events events(30'000);
        for (Event& event : events) event.lo = random.below(20'000);
        const std::vector<Outcome> outcomes = this->judge(lanes, events, seed);
        std::set<uint64_t> remembered;
        uint64_t full = 0;
        for (size_t e = 0; e < events.size(); ++e) {
            if (outcomes[e] == Outcome::duplicate) {
                ASSERT_TRUE(remembered.contains(events[e].lo));
            } else if (outcomes[e] == Outcome::unique) {
                ASSERT_TRUE(remembered.insert(events[e].lo).second);
            } else {
                ASSERT_EQ(outcomes[e], Outcome::full);
                ++full;
            }
        }
        EXPECT_GT(full, 0u);
        EXPECT_EQ(lanes.full(), full);
        EXPECT_EQ(lanes.live(), remembered.size());
        EXPECT_LE(lanes.budget().used_bytes(), lanes.budget().max_bytes());
        EXPECT_LE((lanes.ids().slots() + 17) * slot_bytes, lanes.budget().used_bytes());
        EXPECT_GT(remembered.size(), 8000u) << "of 16,000 that the budget holds";
    }
}

// What dies makes room, without help.
TYPED_TEST(DeviceIdsTest, FindsRoomAgainWhereIdsHaveDied) {
    IdLanes<TypeParam> lanes(options_of(kHorizonUs), 3, 12'000 * sizeof(typename TypeParam::Slot));
    for (int round = 0; round < 4; ++round) {
        Events events(12'000);
        const int64_t now = round * 10 * kHorizonUs;
        for (uint32_t e = 0; e < events.size(); ++e) {
            events[e] = {uint64_t{1'000'000} * static_cast<uint64_t>(round) + e, 7, now, now - 1};
        }
        const uint64_t full_before = lanes.full();
        const std::vector<Outcome> outcomes = this->judge(lanes, events, 3);
        const auto unique =
            static_cast<uint64_t>(std::count(outcomes.begin(), outcomes.end(), Outcome::unique));
        EXPECT_GT(unique, 6000u) << "round " << round;
        EXPECT_EQ(unique + lanes.full() - full_before, events.size());
        EXPECT_EQ(lanes.outside(), 0u);
    }
}

TYPED_TEST(DeviceIdsTest, ForgetsTheOldestWhenItMay) {
    DeviceIdsOptions options = options_of(kHorizonUs);
    options.forgets = true;
    IdLanes<TypeParam> lanes(options, 4, 9'000 * sizeof(typename TypeParam::Slot));
    Random random(4);
    Events events(20'000);
    int64_t now = 0;
    for (Event& event : events) {
        now += random.between(0, 2);  // All of them within the horizon.
        event.lo = random.next();
        event.time_us = now;
        event.watermark_us = now - kDisorderUs;
    }
    // Each id once more, well within what can still be remembered.
    for (size_t e = 0; e + 1000 < events.size(); e += 1000) events[e + 999].lo = events[e + 500].lo;
    const std::vector<Outcome> outcomes = this->judge(lanes, events, 4);
    uint64_t duplicates = 0;
    for (size_t e = 0; e < events.size(); ++e) {
        ASSERT_NE(outcomes[e], Outcome::full) << e;
        duplicates += outcomes[e] == Outcome::duplicate;
    }
    EXPECT_GE(duplicates, 15u);
    EXPECT_LE(duplicates, 19u);
    EXPECT_GT(lanes.ids().horizon_shortened_us(), 0);
    EXPECT_LE(lanes.ids().horizon_shortened_us(), kHorizonUs);
    EXPECT_LE(lanes.budget().used_bytes(), lanes.budget().max_bytes());
}

// The horizon that is left where ever new ids fill the same bytes. A device's slots may be 7/8
// full, of 16 and 32 bytes; the CPU's 0.8, of 10.7 and 21.3.
TYPED_TEST(DeviceIdsTest, KeepsAtLeastHalfTheHorizonThatTheCpuKeepsInTheSameBytes) {
    constexpr int64_t kLongUs = 64'000'000, kIdsMax = 320'000;  // Within that horizon.
    constexpr uint64_t kBytes = 1'700'000;
    DeviceIdsOptions options = options_of(kLongUs);
    options.forgets = true;
    IdLanes<TypeParam> lanes(options, 4, kBytes);
    CpuIds cpu_ids(this->kIsWide, kLongUs, kBytes);
    Events events(4000);
    const uint64_t count = kBytes / (this->kIsWide ? 20 : 10);
    for (uint64_t id = 0; id < count;) {
        for (Event& event : events) {
            event.lo = ++id;
            event.time_us = static_cast<int64_t>(id) * (kLongUs / kIdsMax);
            event.watermark_us = event.time_us - kDisorderUs;
        }
        lanes.submit(events.data(), 4000);
        lanes.finish();
        for (;;) {
            const std::vector<Outcome> outcomes = cpu_ids.judge(events.data(), 4000);
            const auto full = std::count(outcomes.begin(), outcomes.end(), Outcome::full);
            if (full == 0 || !cpu_ids.forget_oldest(static_cast<uint32_t>(full))) break;
        }
    }
    EXPECT_EQ(lanes.full(), 0u);
    const int64_t device_us = kLongUs - lanes.ids().horizon_shortened_us();
    const int64_t cpu_us = kLongUs - cpu_ids.horizon_shortened_us();
    EXPECT_GE(device_us, cpu_us / 2);
}

TYPED_TEST(DeviceIdsTest, IsNotMadeWithoutMemory) {
    TestDevice device;
    cpu::MemoryBudget budget(1000);
    EXPECT_EQ((DeviceIds<TestDevice, TypeParam>::create(device, options_of(kForeverUs), budget)),
              nullptr);
    EXPECT_EQ(budget.used_bytes(), 0u);
    TestDevice small({.device_bytes = 50'000});
    cpu::MemoryBudget plenty(this->kPlenty);
    EXPECT_EQ((DeviceIds<TestDevice, TypeParam>::create(small, options_of(kForeverUs), plenty)),
              nullptr);
    EXPECT_EQ(plenty.used_bytes(), 0u);
}

}  // namespace
}  // namespace trommel::cuda
