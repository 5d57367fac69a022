#include "net/synthetic_stream.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <unordered_map>
#include <unordered_set>

namespace trommel::net {
namespace {

using Kind = SyntheticRecord::Kind;

int64_t pane_end(int64_t time, int64_t pane, int64_t offset) {
    if (pane == 0) return time;
    int64_t start = (time - offset) / pane * pane + offset;
    if (start > time) start -= pane;
    return start + pane;
}

// The contract's T1 to T4 and D1, D2 for copies that are equal, with a set and plain arithmetic.
class Judge {
   public:
    Judge(const SyntheticOptions& options, uint32_t partitions, int64_t window_offset)
        : options_(options), offset_(window_offset), newest_(partitions, INT64_MIN) {}

    Kind judge(const SyntheticRecord& record, uint32_t partition) {
        if (record.kind == Kind::corrupt) return Kind::corrupt;
        if (is_late(record.time_us, partition)) return Kind::late;
        return ids_.insert(record.id).second ? Kind::original : Kind::duplicate;
    }

   private:
    bool is_late(int64_t time, uint32_t partition) {
        int64_t& newest = newest_[partition];
        const int64_t before = newest;
        newest = std::max(newest, time);
        if (!options_.out_of_order_us) return false;
        const int64_t slowest = *std::min_element(newest_.begin(), newest_.end());
        const bool late =
            before != INT64_MIN &&
            pane_end(time, options_.pane_us, offset_) + options_.allowed_lateness_us <=
                std::max(before - *options_.out_of_order_us, job_);
        if (slowest != INT64_MIN) job_ = std::max(job_, slowest - *options_.out_of_order_us);
        return late;
    }

    const SyntheticOptions& options_;
    int64_t offset_;
    std::vector<int64_t> newest_;
    int64_t job_ = INT64_MIN;
    std::unordered_set<uint64_t> ids_;
};

template <typename T>
T pick(std::mt19937_64& random, std::initializer_list<T> from) {
    return from.begin()[random() % from.size()];
}

SyntheticOptions random_options(std::mt19937_64& random) {
    SyntheticOptions options;
    options.events = random() % 3000;
    options.seed = random();
    options.partitions = pick<uint32_t>(random, {1, 1, 2, 3, 7, 100});
    options.keys = pick<uint64_t>(random, {1, 5, 1000, 1 << 20});
    options.zipf = pick<double>(random, {0, 0.8, 1, 1.5});
    options.start_us = pick<int64_t>(random, {0, -12345678, 1767225600000000});
    options.step_ns = pick<int64_t>(random, {1, 333, 1000, 1500, 1000000, 7777777});
    options.disorder_us = pick<int64_t>(random, {0, 1, 500, 100000, 100000000});
    options.duplicate_share = pick<double>(random, {0, 0.1, 0.5, 0.9});
    options.duplicate_distance = pick<uint64_t>(random, {0, 1, 2, 50, 1000, 1000000});
    options.late_share = pick<double>(random, {0, 0.01, 0.05});
    options.late_by_us = pick<int64_t>(random, {0, 1, 1000000});
    options.corrupt_share = pick<double>(random, {0, 0.01, 0.03});
    options.out_of_order_us = pick<int64_t>(random, {0, 1, 1000, 100000, 10000000});
    if (random() % 8 == 0) options.out_of_order_us.reset();
    options.allowed_lateness_us = pick<int64_t>(random, {0, 0, 1, 5000});
    options.pane_us = pick<int64_t>(random, {0, 1, 1000, 60000000});
    return options;
}

TEST(SyntheticStream, TheTruthIsWhatASetAndTheContractSayOfRandomStreams) {
    int judged = 0;
    Truth sum;
    for (uint64_t seed = 1; seed <= 1500; ++seed) {
        std::mt19937_64 random(seed);
        const SyntheticOptions options = random_options(random);
        if (!validate(options).empty()) continue;
        ++judged;
        const SyntheticStream stream(options);
        const auto offset = static_cast<int64_t>(random() % 1000000);
        // The same, whether the partitions are known or all records are taken for one partition.
        Judge apart(options, options.partitions, offset), together(options, 1, offset);
        Truth truth;
        for (uint64_t n = 0; n < options.events; ++n) {
            const SyntheticRecord record = stream.at(n);
            ASSERT_EQ(record.number, n);
            ASSERT_EQ(apart.judge(record, record.partition), record.kind) << seed << ' ' << n;
            ASSERT_EQ(together.judge(record, 0), record.kind) << seed << ' ' << n;
            ++truth.in;
            ++(record.kind == Kind::original    ? truth.unique
               : record.kind == Kind::duplicate ? truth.duplicate
               : record.kind == Kind::late      ? truth.late
                                                : truth.corrupt);
        }
        ASSERT_EQ(stream.truth(), truth) << seed;
        sum.duplicate += truth.duplicate;
        sum.late += truth.late;
        sum.corrupt += truth.corrupt;
    }
    EXPECT_GT(judged, 1000);  // And they were not all empty.
    EXPECT_GT(sum.duplicate, 100000u);
    EXPECT_GT(sum.late, 10000u);
    EXPECT_GT(sum.corrupt, 10000u);
}

SyntheticOptions usual() {
    SyntheticOptions options;
    options.events = 200000;
    options.out_of_order_us = 10000;
    options.disorder_us = 5000;
    options.duplicate_share = 0.2;
    options.late_share = 0.05;
    options.corrupt_share = 0.01;
    options.partitions = 3;
    return options;
}

TEST(SyntheticStream, SharesAreMet) {
    const SyntheticOptions options = usual();
    const Truth truth = SyntheticStream(options).truth();
    const auto near = [&](uint64_t count, double share) {
        const double events = static_cast<double>(options.events);
        EXPECT_NEAR(static_cast<double>(count), share * events,
                    6 * std::sqrt(share * (1 - share) * events));
    };
    near(truth.duplicate, 0.2);
    near(truth.late, 0.05);
    near(truth.corrupt, 0.01);
}

TEST(SyntheticStream, ACopyEqualsItsOriginalAndIsNotFarFromIt) {
    SyntheticOptions options = usual();
    options.duplicate_distance = 500;
    const SyntheticStream stream(options);
    std::unordered_map<uint64_t, SyntheticRecord> originals;
    uint64_t farthest = 0;
    for (uint64_t n = 0; n < options.events; ++n) {
        const SyntheticRecord record = stream.at(n);
        if (record.kind == Kind::original) originals[record.id] = record;
        if (record.kind != Kind::duplicate) continue;
        const SyntheticRecord& original = originals.at(record.id);
        EXPECT_EQ(record.key, original.key);
        EXPECT_EQ(record.time_us, original.time_us);
        EXPECT_EQ(record.v0, original.v0);
        EXPECT_EQ(record.partition, original.partition);
        farthest = std::max(farthest, n - original.number);
    }
    EXPECT_EQ(farthest, 500u);
}

TEST(SyntheticStream, IdsOfAllButCopiesDiffer) {
    const SyntheticStream stream(usual());
    std::unordered_set<uint64_t> ids;
    for (uint64_t n = 0; n < 200000; ++n) {
        const SyntheticRecord record = stream.at(n);
        EXPECT_EQ(ids.insert(record.id).second, record.kind != Kind::duplicate);
    }
}

TEST(SyntheticStream, PartsOfTheTruthSumUpToTheWhole) {
    const SyntheticStream stream(usual());
    Truth sum;
    for (uint64_t begin = 0; begin < 200000; begin += 40000) {
        const Truth part = stream.truth(begin, begin + 40000);
        sum.in += part.in;
        sum.unique += part.unique;
        sum.duplicate += part.duplicate;
        sum.late += part.late;
        sum.corrupt += part.corrupt;
    }
    EXPECT_EQ(sum, stream.truth());
}

TEST(SyntheticStream, ValuesAndKeysFillTheirRanges) {
    SyntheticOptions options;
    options.value_min = -2;
    options.value_max = 2;
    options.keys = 4;
    const SyntheticStream stream(options);
    std::unordered_set<int64_t> values, keys;
    for (uint64_t n = 0; n < 1000; ++n) {
        values.insert(stream.at(n).v0);
        keys.insert(stream.at(n).key);
    }
    EXPECT_EQ(values, (std::unordered_set<int64_t>{-2, -1, 0, 1, 2}));
    EXPECT_EQ(keys, (std::unordered_set<int64_t>{0, 1, 2, 3}));

    options.value_min = INT64_MIN;
    options.value_max = INT64_MAX;
    const SyntheticStream wide(options);
    int negative = 0;
    for (uint64_t n = 0; n < 1000; ++n) negative += wide.at(n).v0 < 0;
    EXPECT_NEAR(negative, 500, 100);
}

TEST(SyntheticStream, OtherSeedsGiveOtherStreams) {
    SyntheticOptions options;
    const SyntheticStream one(options);
    options.seed = 2;
    const SyntheticStream two(options);
    int same = 0;
    for (uint64_t n = 0; n < 1000; ++n) same += one.at(n).id == two.at(n).id;
    EXPECT_EQ(same, 0);
}

TEST(SyntheticStream, IsTheSameOnEveryMachine) {
    SyntheticOptions options = usual();
    options.zipf = 1.1;
    options.keys = 1000000;
    const SyntheticStream stream(options);
    uint64_t sum = 0;
    for (uint64_t n = 0; n < 10000; ++n) {
        const SyntheticRecord record = stream.at(n);
        for (const uint64_t part :
             {record.id, static_cast<uint64_t>(record.key), static_cast<uint64_t>(record.time_us),
              static_cast<uint64_t>(record.v0), static_cast<uint64_t>(record.kind),
              static_cast<uint64_t>(record.partition), static_cast<uint64_t>(record.damage)}) {
            sum = sum * 31 + part;
        }
    }
    EXPECT_EQ(sum, 5309502989784028969u);
}

TEST(SyntheticStream, EventTimeDoesNotLeaveItsRange) {
    SyntheticOptions options;
    options.events = UINT64_MAX;
    options.start_us = kTimeLimitUs - 10;
    options.step_ns = 3000;
    const SyntheticStream stream(options);
    EXPECT_EQ(stream.options().events, 4u);  // At -10, -7, -4 and -1.
    EXPECT_EQ(stream.at(3).time_us, kTimeLimitUs - 1);
    options.start_us = -kTimeLimitUs + 1;
    options.step_ns = INT64_MAX;
    const SyntheticStream fast(options);
    EXPECT_LT(fast.at(fast.options().events - 1).time_us, kTimeLimitUs);
}

TEST(SyntheticStream, WithoutOutOfOrderNothingIsLate) {
    SyntheticOptions options = usual();
    options.out_of_order_us.reset();
    EXPECT_EQ(SyntheticStream(options).truth().late, 0u);
}

TEST(SyntheticOptions, AreAllCheckedAtOnce) {
    EXPECT_TRUE(validate(SyntheticOptions{}).empty());
    EXPECT_TRUE(validate(usual()).empty());
    SyntheticOptions options;
    options.partitions = 0;
    options.keys = 0;
    options.zipf = -1;
    options.value_min = 1000;
    options.step_ns = 0;
    options.duplicate_share = -0.1;
    options.late_share = std::nan("");
    options.late_by_us = -1;
    std::vector<std::string> where;
    for (const Problem& problem : validate(options)) where.push_back(problem.where);
    const std::vector<std::string> expected{"partitions", "keys",       "zipf", "value_max", "step",
                                            "late_by",    "duplicates", "late", "late"};
    EXPECT_EQ(where, expected);
}

TEST(SyntheticOptions, SharesTogetherAreBounded) {
    SyntheticOptions options;
    options.duplicate_share = 0.5;
    options.late_share = 0.4;
    options.corrupt_share = 0.1;
    ASSERT_EQ(validate(options).size(), 1u);
    options.corrupt_share = 0.05;
    EXPECT_TRUE(validate(options).empty());
}

TEST(SyntheticOptions, EventsAtOneTimeNeedSomeDisorder) {
    SyntheticOptions options;
    options.step_ns = 999;
    options.out_of_order_us = 0;
    ASSERT_EQ(validate(options).size(), 1u);
    options.step_ns = 1000;
    EXPECT_TRUE(validate(options).empty());
    options.step_ns = 999;
    options.pane_us = 1;
    EXPECT_TRUE(validate(options).empty());
}

TEST(SyntheticOptions, KeepToAJob) {
    Config config;
    config.time.out_of_order_us = 5;
    config.time.allowed_lateness_us = 6;
    config.windows = {{"a", WindowKind::sliding, 60, 20, 0},
                      {"b", WindowKind::tumbling, 30, 30, 0}};
    SyntheticOptions options;
    keep_to(config, options);
    EXPECT_EQ(options.out_of_order_us, 5);
    EXPECT_EQ(options.allowed_lateness_us, 6);
    EXPECT_EQ(options.pane_us, 10);
    config.windows.push_back({"c", WindowKind::session, 0, 0, 7});
    keep_to(config, options);
    EXPECT_EQ(options.pane_us, 0);
    config.windows.clear();
    config.time.out_of_order_us.reset();
    keep_to(config, options);
    EXPECT_EQ(options.pane_us, 0);
    EXPECT_FALSE(options.out_of_order_us.has_value());
}

}  // namespace
}  // namespace trommel::net
