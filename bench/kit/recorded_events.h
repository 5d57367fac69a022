#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "trommel/sink.h"
#include "trommel/source.h"

#include "bench/kit/event_stream.h"

namespace trommel::bench {

// Events of an EventStream in memory, so that a run that reads them pays for copying columns and
// not for making them up.
struct RecordedEvents {
    RecordedEvents(const EventStreamOptions& options, uint64_t events);

    std::vector<uint64_t> id;
    std::vector<int64_t> time_us, key, value;
    uint64_t unique = 0;
};

// Brings them in order, as one partition, to a job that may leave out key and value, and notes when
// it has brought the first `warm` of them and when all.
class RecordedSource final : public Source {
   public:
    struct Moment {
        uint64_t events = 0;
        double wall_seconds = 0;
        double cpu_seconds = 0;  // Of all threads of the process.
    };

    RecordedSource(const RecordedEvents& events, uint64_t warm) : events_(events), warm_(warm) {}

    Status open() override { return {}; }
    Poll poll(RecordBatch& batch, int64_t until_us) override;
    std::string_view name() const override { return "recorded"; }
    uint32_t partitions() const override { return 1; }
    std::string_view partition_name(uint32_t) const override { return "p"; }

    const Moment& warm() const { return warm_moment_; }
    const Moment& end() const { return end_moment_; }

   private:
    const RecordedEvents& events_;
    const uint64_t warm_;
    uint64_t next_ = 0;
    Moment warm_moment_, end_moment_;
};

// Sums up the rows of an EventStream::job(): what two runs of the same events must agree about.
class RowSum final : public Sink {
   public:
    struct Total {
        uint64_t rows = 0;
        int128 count = 0, sum = 0, min = 0, max = 0, keys = 0;
        bool operator==(const Total&) const = default;
    };

    Status open() override { return {}; }
    Status write_rows(const RowBatch& rows) override;
    Status write_record(std::string_view) override { return {}; }
    Status flush() override { return {}; }
    Status finish() override { return {}; }
    void abandon() override {}

    const Total& total() const { return total_; }

   private:
    Total total_;
};

}  // namespace trommel::bench
