#pragma once
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include "kernels/cpu/block_filter.h"
#include "kernels/rules/hash.h"
#include "kernels/rules/lateness.h"

// A job's filters, streams to feed them with, and what contract D5 demands of the answers.
namespace trommel::cpu {

using rules::FilterDemand;
using rules::kUnknownUs;

inline constexpr rules::HashSeed kSeed = rules::hash_seed(42, rules::Purpose::id);

struct Event {
    uint64_t id;
    int64_t time_us;
};

// The filters of a job's shards, fed the way a job feeds them.
class Shards {
   public:
    Shards(const rules::FilterGeometry& geometry, uint32_t shards, SimdLevel simd,
           bool forgets = false)
        : budget_(uint64_t{1} << 32) {
        for (uint32_t s = 0; s < shards; ++s) {
            const BlockFilterOptions options{geometry, rules::group_begin(s, shards),
                                             rules::group_begin(s + 1, shards), simd, forgets};
            filters_.push_back(BlockFilter::create(options, budget_));
        }
    }

    std::vector<Outcome> judge(int64_t watermark_us, const std::vector<Event>& events) {
        const auto count = static_cast<uint32_t>(events.size());
        hash_.resize(count);
        time_us_.resize(count);
        for (uint32_t i = 0; i < count; ++i) {
            hash_[i] = rules::hash_u64(events[i].id, kSeed);
            time_us_[i] = events[i].time_us;
        }
        std::vector<Outcome> outcomes(count);
        const auto shards = static_cast<uint32_t>(filters_.size());
        for (uint32_t s = 0; s < shards; ++s) {
            std::vector<uint32_t> rows;
            for (uint32_t i = 0; i < count; ++i) {
                if (rules::shard_of(hash_[i], shards) == s) rows.push_back(i);
            }
            if (!rows.empty()) judge_shard(*filters_[s], watermark_us, rows, outcomes);
        }
        return outcomes;
    }

    BlockFilter& filter(size_t s = 0) { return *filters_[s]; }

   private:
    void judge_shard(BlockFilter& filter, int64_t watermark_us, const std::vector<uint32_t>& rows,
                     std::vector<Outcome>& outcomes) {
        const auto count = static_cast<uint32_t>(rows.size());
        std::vector<Outcome> dense(count);
        filter.advance(watermark_us, time_us_[rows[0]]);
        filter.judge({.hash = hash_.data(), .time_us = time_us_.data()}, rows.data(), count,
                     dense.data());
        for (uint32_t k = 0; k < count; ++k) outcomes[rows[k]] = dense[k];
    }

    MemoryBudget budget_;
    std::vector<std::unique_ptr<BlockFilter>> filters_;
    std::vector<uint64_t> hash_;
    std::vector<int64_t> time_us_;
};

inline Outcome judge_one(Shards& shards, int64_t watermark_us, uint64_t id, int64_t time_us) {
    return shards.judge(watermark_us, {{id, time_us}})[0];
}

inline std::vector<SimdLevel> levels() {
    std::vector<SimdLevel> known;
    for (const SimdLevel level : {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512}) {
        if (level <= detect_simd()) known.push_back(level);
    }
    return known;
}

// A stream of on-time events with copies, from one partition.
struct StreamOptions {
    FilterDemand demand;
    int64_t begin_us = 0;
    int64_t step_us_max = 3;  // Between events, before disorder.
    uint32_t copies_of_100 = 30;
    uint32_t copy_distance =
        2000;                  // Events; far copies are older than they may be, and unique again.
    uint32_t jump_one_in = 0;  // Jumps by up to three horizons.
};

struct Stream {
    std::vector<Event> events;
    std::vector<int64_t> watermark_us;  // Before each event.
};

inline Stream make_stream(const StreamOptions& options, uint32_t count, uint64_t seed) {
    std::mt19937_64 random(seed);
    const FilterDemand& demand = options.demand;
    Stream stream;
    int64_t now_us = options.begin_us, newest_us = kUnknownUs;
    uint64_t next_id = 0;
    while (stream.events.size() < count) {
        now_us += static_cast<int64_t>(random() % static_cast<uint64_t>(options.step_us_max + 1));
        if (options.jump_one_in != 0 && random() % options.jump_one_in == 0) {
            now_us += static_cast<int64_t>(random() % static_cast<uint64_t>(3 * demand.horizon_us));
        }
        const auto disorder = static_cast<uint64_t>(demand.out_of_order_us + demand.lag_us);
        const int64_t time_us = now_us - static_cast<int64_t>(random() % (disorder + 1));
        const int64_t watermark_us = rules::watermark_of(newest_us, demand.out_of_order_us);
        if (rules::is_late(time_us, demand.lag_us, watermark_us)) continue;
        uint64_t id = next_id;
        if (next_id > 0 && random() % 100 < options.copies_of_100) {
            id = next_id - 1 - random() % std::min<uint64_t>(next_id, options.copy_distance);
        } else {
            ++next_id;
        }
        stream.events.push_back({id, time_us});
        stream.watermark_us.push_back(watermark_us);
        newest_us = std::max(newest_us, time_us);
    }
    return stream;
}

// Cuts the stream at random and feeds it.
inline std::vector<Outcome> run(Shards& shards, const Stream& stream, uint32_t cut_max,
                                uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Outcome> outcomes;
    while (outcomes.size() < stream.events.size()) {
        const size_t begin = outcomes.size();
        const size_t end = std::min<size_t>(begin + 1 + random() % cut_max, stream.events.size());
        const auto at = [&](size_t i) { return stream.events.begin() + static_cast<ptrdiff_t>(i); };
        const auto judged = shards.judge(stream.watermark_us[begin], {at(begin), at(end)});
        outcomes.insert(outcomes.end(), judged.begin(), judged.end());
    }
    return outcomes;
}

// What contract D5 demands of the answers, with a plain map for a memory.
struct Check {
    uint64_t let_through = 0;  // Copies within the horizon called unique.
    uint64_t must_be_unique = 0;
    uint64_t mistaken = 0;  // Of these, called duplicate.
    uint64_t full = 0;
};

inline Check check(const Stream& stream, const std::vector<Outcome>& outcomes, int64_t horizon_us) {
    std::unordered_map<uint64_t, int64_t> remembered;
    Check sum;
    for (size_t i = 0; i < outcomes.size(); ++i) {
        const auto& [id, time_us] = stream.events[i];
        const auto found = remembered.find(id);
        const bool is_first = found == remembered.end();
        const int64_t age_us = is_first ? INT64_MAX : time_us - found->second;
        sum.full += outcomes[i] == Outcome::full;
        if (!is_first && age_us <= horizon_us) {
            sum.let_through += outcomes[i] != Outcome::duplicate;
        } else if (is_first || age_us > horizon_us + horizon_us / 2 + 1) {
            ++sum.must_be_unique;
            sum.mistaken += outcomes[i] == Outcome::duplicate;
        }
        if (outcomes[i] == Outcome::unique) remembered[id] = time_us;
    }
    return sum;
}

inline FilterDemand demand_of(int64_t horizon_us, int64_t out_of_order_us, int64_t lag_us) {
    return {.error_rate = 1e-2,
            .capacity = 2000,
            .horizon_us = horizon_us,
            .out_of_order_us = out_of_order_us,
            .lag_us = lag_us};
}

// With four standard deviations for chance.
inline void expect_rate(uint64_t mistaken, uint64_t of, double error_rate) {
    const double expected = error_rate * static_cast<double>(of);
    EXPECT_LE(static_cast<double>(mistaken), expected + 4 * std::sqrt(expected) + 4) << "of " << of;
}

}  // namespace trommel::cpu
