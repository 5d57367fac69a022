#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "trommel/config.h"
#include "trommel/record_batch.h"
#include "trommel/sink.h"

// What two engines must agree about, in 128 bits: every verdict and every row. Cheap enough to be
// taken of a run that is timed: less than a nanosecond for a verdict, some for a row.
namespace trommel::bench {

// Of everything that was put in, in its order. Nothing is secret and nobody is fooled on purpose.
class Digest {
   public:
    void put(uint64_t word);
    void put(std::string_view bytes);
    std::string text() const;  // 32 hex digits.

   private:
    uint64_t low_ = 0x243f6a8885a308d3u, high_ = 0x13198a2e03707344u;
};

// Of the verdicts of a source's records in their order, however they were cut into batches.
class VerdictDigest {
   public:
    void put(const RecordBatch& settled);
    std::string text() const;
    uint64_t count() const { return count_; }

   private:
    Digest digest_;
    uint64_t word_ = 0;   // Verdicts that are not in the digest yet: count_ % 8 of them.
    uint64_t count_ = 0;  // Also the number of the record that should come next.
};

// Of the rows in the order in which they come out.
class RowDigest final : public Sink {
   public:
    explicit RowDigest(const Config& config);

    Status open() override { return {}; }
    Status write_rows(const RowBatch& rows) override;
    Status write_record(std::string_view) override { return {}; }
    Status flush() override { return {}; }
    Status finish() override { return {}; }
    void abandon() override {}

    std::string text() const { return digest_.text(); }
    uint64_t count() const { return count_; }
    // The sum of the first aggregate that counts; 0 if there is none.
    uint64_t events_counted() const { return events_counted_; }

   private:
    const KeyShape shape_;
    const size_t counting_;  // Index of that aggregate; beyond the last if there is none.
    Digest digest_;
    uint64_t count_ = 0, events_counted_ = 0;
};

}  // namespace trommel::bench
