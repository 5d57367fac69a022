#pragma once
#include <optional>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/source.h"

#include "net/record_writer.h"
#include "net/synthetic_stream.h"

namespace trommel::net {

struct SyntheticSourceOptions {
    SyntheticOptions stream;
    // Records per second of the monotonic clock; 0: as many as are asked for. With a rate the
    // source is live.
    uint64_t rate = 0;
    // Whether every record gets raw bytes, as output: unique needs them. Without, only the records
    // do that are meant to be late or corrupt: enough for dead letters.
    bool with_raw = false;
};

// A made-up stream whose truth is known (synthetic_stream.h). Records have an id of type u64, one
// integer key (or none), a time, and one value, v0; a config with more values gets v0 for each. All
// partitions, p0, p1 and so on, are known from the start. Dead letters' offsets are record numbers.
class SyntheticSource final : public Source {
   public:
    // `clock` is used when there is a rate.
    explicit SyntheticSource(const SyntheticSourceOptions& options, Clock& clock = system_clock());

    Status open() override;
    Poll poll(RecordBatch& batch, int64_t until_us) override;
    std::string_view name() const override { return "synthetic"; }
    uint32_t partitions() const override { return options_.stream.partitions; }
    std::string_view partition_name(uint32_t partition) const override { return names_[partition]; }
    bool live() const override { return options_.rate > 0; }

    // Precondition: open() succeeded.
    const SyntheticStream& stream() const { return *stream_; }

   private:
    uint64_t due() const;
    void add(const SyntheticRecord& record, RecordBatch& batch);

    SyntheticSourceOptions options_;
    Clock& clock_;
    std::optional<SyntheticStream> stream_;
    std::vector<std::string> names_;
    int64_t opened_us_ = 0;
    uint64_t next_ = 0;  // The number of the record that comes next.
    RecordWriter writer_;
    std::string line_;
};

}  // namespace trommel::net
