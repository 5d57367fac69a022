#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "trommel/source.h"

#include "tests/kit/oracle.h"
#include "tests/kit/random.h"

namespace trommel::testkit {

// A source over a vector of events. One thread at a time, as every source.
class MemorySource : public Source {
   public:
    struct Options {
        std::string name = "memory";
        // Events' partitions 0 to this number-1 are known after open(); others are discovered when
        // their first event is brought.
        uint32_t known_partitions = 0;
        uint32_t records_per_poll_max = UINT32_MAX;
        // Not 0: polls bring random numbers of records, and one in four has `nothing` to bring.
        uint64_t cut_seed = 0;
        bool live = false;
        bool stays_open = false;       // Once drained: `nothing` instead of `ended`, until close().
        size_t fail_after = SIZE_MAX;  // After so many records poll() fails.
        // The raw bytes of each event; empty: they are made up, see raw_of().
        std::vector<std::string> lines = {};
    };

    MemorySource(const Config& config, std::vector<OracleEvent> events, Options options);
    MemorySource(const Config& config, std::vector<OracleEvent> events)
        : MemorySource(config, std::move(events), Options()) {}

    Status open() override;
    Poll poll(RecordBatch& batch, int64_t until_us) override;
    std::string_view name() const override { return options_.name; }
    uint32_t partitions() const override { return static_cast<uint32_t>(names_.size()); }
    std::string_view partition_name(uint32_t partition) const override { return names_[partition]; }
    uint64_t bytes_read() const override { return offset_; }
    bool live() const override { return options_.live; }

    void close() { options_.stays_open = false; }
    size_t records_brought() const { return next_; }
    bool opened() const { return opened_; }

    // Raw bytes of the record with this number.
    const std::string& raw_of(size_t record) const { return options_.lines[record]; }
    // What partition `number` of the events is called.
    static std::string partition_name_of(uint32_t number) { return "p" + std::to_string(number); }

   private:
    uint32_t index_of(uint32_t number);
    bool is_held(const OracleEvent& event, int64_t until_us) const;
    void append(RecordBatch& batch);

    const Config config_;
    const std::vector<OracleEvent> events_;
    Options options_;
    Random random_;
    std::map<uint32_t, uint32_t> index_of_number_;  // In order of discovery, as Source asks for.
    std::vector<std::string> names_;
    size_t next_ = 0;
    uint64_t offset_ = 0;
    bool opened_ = false;
};

}  // namespace trommel::testkit
