#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

namespace trommel::bench {

// simdjson by itself, the quickest way it has to read the lines of make_json_lines(): On-Demand,
// many documents at a time (damage in one line may cost others, which is why the engine reads line
// by line), every field looked up in the order in which it stands, numbers converted, strings left
// as they are in the input. It makes no ids, times or keys of them and checks no more of the JSON
// than that needs.
class SimdjsonAlone {
   public:
    SimdjsonAlone();
    ~SimdjsonAlone();

    // Whole lines, with net::kPaddingBytes readable bytes behind them. False: not what was
    // expected.
    bool read(std::string_view lines);

    // Of all lines so far.
    uint64_t records() const { return records_; }
    uint64_t values() const { return values_; }  // As Tally::values.

   private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    uint64_t records_ = 0, values_ = 0;
};

}  // namespace trommel::bench
