#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/kit/case.h"
#include "bench/kit/encoded_stream.h"
#include "bench/kit/simdjson_alone.h"
#include "bench/kit/timing.h"

namespace trommel::bench {

// The slices of a stream of JSON lines read by simdjson alone, timed: beside it stands the speed of
// the case that reads the same stream.
class SimdjsonBeside {
   public:
    double read(std::string_view lines) {
        const double begin = cpu_seconds();
        good_ &= reader_.read(lines);
        const double seconds = cpu_seconds() - begin;
        seconds_ += seconds;
        return seconds;
    }
    // All slices have been read, and by us in `seconds`.
    void end_round(double seconds, const Tally& tally) {
        ratios_.push_back(seconds_ / seconds);
        seconds_ = 0;
        ++rounds_;
        good_ &= reader_.records() == rounds_ * tally.records;
        good_ &= reader_.values() == rounds_ * tally.values;
    }
    std::string wrong() const {
        return good_ ? "" : "simdjson alone did not read what was written";
    }
    Metric metric() const { return {"of_simdjson", "x", median(ratios_)}; }

   private:
    SimdjsonAlone reader_;
    double seconds_ = 0;
    uint64_t rounds_ = 0;
    std::vector<double> ratios_;
    bool good_ = true;
};

}  // namespace trommel::bench
