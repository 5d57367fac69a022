#include "tests/kit/approximate_bounds.h"

#include <algorithm>

namespace trommel::testkit {

ApproximateBounds::ApproximateBounds(const Config& config) : config_(config) {}

ApproximateBounds::Finding ApproximateBounds::note(const OracleEvent& event, Verdict verdict) {
    const bool per_key = config_.dedup.scope == Scope::key;
    std::vector<int64_t>& accepted =
        accepted_us_[per_key ? event.key : std::vector<KeyPart>()][event.id];
    const int64_t horizon_us = config_.dedup.horizon_us;
    bool near = false;
    bool possible = false;
    for (const int64_t time_us : accepted) {
        const int64_t distance_us =
            std::max(time_us, event.time_us) - std::min(time_us, event.time_us);
        near |= distance_us <= horizon_us;
        possible |= horizon_us == kForeverUs || distance_us - horizon_us <= horizon_us / 2;
    }
    new_ids_ += !possible;
    if (verdict == Verdict::unique) {
        accepted.push_back(event.time_us);
        return near ? Finding::missed : Finding::allowed;
    }
    false_positives_ += !possible;
    return possible ? Finding::allowed : Finding::false_positive;
}

}  // namespace trommel::testkit
