#include "bench/kit/crafted_case.h"

#include <algorithm>
#include <memory>
#include <sys/random.h>

#include "bench/kit/id_stream.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/exact_table.h"
#include "kernels/rules/partition.h"

namespace trommel::bench {
namespace {

constexpr uint64_t kKnownSeed = 1;

class CraftedCase final : public Case {
   public:
    explicit CraftedCase(Scale scale)
        : ids_(scale == Scale::full ? 30'000 : 500),
          known_(rules::hash_seed(kKnownSeed, rules::Purpose::id)),
          outcomes_(kBatchRows),
          rows_(kBatchRows) {
        for (uint32_t row = 0; row < kBatchRows; ++row) rows_[row] = row;
    }

    Status prepare() override {
        if (Status status = cpu::simd_from_environment(simd_); !status.ok()) return status;
        const auto place = [&](uint64_t id) {
            const uint64_t hash = rules::hash_u64(id, known_);
            return rules::group_of(hash) * rules::kLinesPerPage + rules::line_of(hash);
        };
        for (uint64_t id = 1; crafted_.size() < ids_; ++id) {
            random_.push_back(rules::mix64(id));
            if (place(id) == 0) crafted_.push_back(id);
        }
        random_.resize(ids_);
        return {};
    }

    // The job draws its seed, as it does unless it is told one.
    Sample round() override {
        uint64_t drawn = 0;
        if (getentropy(&drawn, sizeof drawn) != 0) drawn = 2;
        const rules::HashSeed seed = rules::hash_seed(drawn, rules::Purpose::id);
        const Sample crafted = insert(crafted_, seed);
        const Sample random = insert(random_, seed);
        ratios_.push_back(crafted.seconds / random.seconds);
        return crafted;
    }

    std::string wrong() const override { return wrong_; }
    uint64_t footprint_bytes() const override { return bytes_; }
    std::vector<Metric> metrics() const override {
        return {{"crafted", "x random", middle(ratios_)}};
    }

   private:
    static double middle(std::vector<double> figures) {
        std::sort(figures.begin(), figures.end());
        return figures.empty() ? 0 : figures[figures.size() / 2];
    }

    // Into a new table, then once more as duplicates.
    Sample insert(const std::vector<uint64_t>& ids, const rules::HashSeed& seed) {
        cpu::MemoryBudget budget(uint64_t{1} << 30);
        cpu::ExactTableOptions options;
        options.rows_max = kBatchRows;
        options.seed = seed;
        options.simd = simd_;
        const auto table = make_exact_table(options, budget);
        IdBatch batch(false);
        Sample sample;
        uint64_t unique = 0;
        for (int pass = 0; pass < 2; ++pass) {
            for (size_t begin = 0; begin < ids.size(); begin += kBatchRows) {
                const auto count =
                    static_cast<uint32_t>(std::min<size_t>(kBatchRows, ids.size() - begin));
                const double start = cpu_seconds();
                for (uint32_t row = 0; row < count; ++row) {
                    batch.lo[row] = ids[begin + row];
                    batch.hash[row] = rules::hash_u64(batch.lo[row], seed);
                }
                table->judge(batch.columns(), rows_.data(), count, outcomes_.data());
                sample.seconds += cpu_seconds() - start;
                sample.events += count;
                for (uint32_t row = 0; row < count; ++row) {
                    unique += outcomes_[row] == cpu::Outcome::unique;
                }
            }
        }
        bytes_ = table->committed_bytes();
        if (unique != ids.size()) wrong_ = "found " + std::to_string(unique) + " unique ids";
        return sample;
    }

    const uint64_t ids_;
    const rules::HashSeed known_;
    cpu::SimdLevel simd_ = cpu::SimdLevel::scalar;
    std::vector<uint64_t> crafted_, random_;
    std::vector<cpu::Outcome> outcomes_;
    std::vector<uint32_t> rows_;
    std::vector<double> ratios_;
    std::string wrong_;
    uint64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Case> make_crafted_case(Scale scale) {
    return std::make_unique<CraftedCase>(scale);
}

}  // namespace trommel::bench
