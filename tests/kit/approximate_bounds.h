#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/kit/oracle.h"

namespace trommel::testkit {

// What an approximate filter may and may not say (contract D5). It cannot be told exactly, only
// bounded:
//   missed          an event was called unique though its id was accepted at most one horizon away.
//   false_positive  an event was called duplicate though its id was not accepted within one and a
//   half.
// In between either answer is right.
class ApproximateBounds {
   public:
    enum class Finding : uint8_t { allowed, missed, false_positive };

    explicit ApproximateBounds(const Config& config);

    // Notes the engine's verdict on an on-time event, unique or duplicate, in the order of arrival.
    Finding note(const OracleEvent& event, Verdict verdict);

    // Of the events whose id was not accepted within one and a half horizons, how many were lost?
    uint64_t new_ids() const { return new_ids_; }
    uint64_t false_positives() const { return false_positives_; }

   private:
    Config config_;
    std::map<std::vector<KeyPart>, std::map<std::string, std::vector<int64_t>>, KeyLess>
        accepted_us_;
    uint64_t new_ids_ = 0;
    uint64_t false_positives_ = 0;
};

}  // namespace trommel::testkit
