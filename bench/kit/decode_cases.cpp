#include "bench/kit/decode_cases.h"

#include <algorithm>
#include <memory>

#include "trommel/clock.h"

#include "bench/kit/encoded_stream.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/memory.h"
#include "net/decoder.h"

#if TROMMEL_BENCH_JSON
#include "bench/kit/simdjson_beside.h"
#endif

namespace trommel::bench {
namespace {

constexpr uint64_t kRecords = 1 << 19, kQuickRecords = 1 << 14;
constexpr double kMillion = 1e6;

uint64_t records_at(Scale scale) {
    return scale == Scale::full ? kRecords : kQuickRecords;
}

// What a source does to the bytes that it has read: a chunk becomes the rows of a batch that was
// used before.
class DecodeCase : public Case {
   public:
    using MakeStream = EncodedStream (*)(uint64_t records);

    DecodeCase(MakeStream make_stream, const net::DecodeOptions& options, Scale scale)
        : stream_(make_stream(records_at(scale))),
          options_(options),
          config_(config_for(options)),
          partitions_("memory"),
          batch_(config_, kSliceRecords) {}

    Status prepare() override {
        if (Status status = net::validate(options_, config_); !status.ok()) return status;
        return net::make_decoder(options_, {&partitions_, &system_clock()}, decoder_);
    }

    Sample round() override {
        decoder_->begin_stream();
        Sample sample;
        for (size_t s = 0; s < stream_.slices(); ++s) sample.seconds += turn(s);
        sample.events = stream_.tally.records;
        bytes_per_second_.push_back(static_cast<double>(stream_.size) / sample.seconds);
        read_right_ &= tally_ == stream_.tally;
        tally_ = {};
        return sample;
    }

    std::string wrong() const override {
        return read_right_ ? "" : "the rows are not what was written";
    }
    uint64_t footprint_bytes() const override { return stream_.size; }
    uint64_t huge_page_bytes() const override {
        return cpu::huge_page_bytes(stream_.bytes.data(), stream_.size);
    }
    std::vector<Metric> metrics() const override {
        return {{"MB_per_s", "", median(bytes_per_second_) / kMillion}};
    }

   protected:
    // Decodes a slice; CPU seconds.
    virtual double turn(size_t slice) {
        const net::Chunk chunk{stream_.slice(slice), stream_.cuts[slice]};
        const double begin = cpu_seconds();
        batch_.clear();
        const net::Decoded decoded = decoder_->decode(chunk, batch_);
        const double seconds = cpu_seconds() - begin;
        read_right_ &= decoded.consumed == chunk.bytes.size();
        tally_.add(batch_);
        return seconds;
    }

    const EncodedStream stream_;
    bool read_right_ = true;

   private:
    const net::DecodeOptions options_;
    const Config config_;
    net::PartitionTable partitions_;
    std::unique_ptr<net::Decoder> decoder_;
    RecordBatch batch_;
    Tally tally_;
    std::vector<double> bytes_per_second_;
};

#if TROMMEL_BENCH_JSON

// They take turns slice by slice. Whoever comes second finds it in the cache, so that alternates.
class JsonCase final : public DecodeCase {
   public:
    explicit JsonCase(Scale scale) : DecodeCase(make_json_lines, json_lines_decode(), scale) {}

    Sample round() override {
        const Sample sample = DecodeCase::round();
        beside_.end_round(sample.seconds, stream_.tally);
        return sample;
    }
    std::string wrong() const override {
        const std::string ours = DecodeCase::wrong();
        return ours.empty() ? beside_.wrong() : ours;
    }
    std::vector<Metric> metrics() const override {
        std::vector<Metric> metrics = DecodeCase::metrics();
        metrics.push_back(beside_.metric());
        return metrics;
    }

   private:
    double turn(size_t slice) override {
        if (slice % 2 == 0) beside_.read(stream_.slice(slice));
        const double seconds = DecodeCase::turn(slice);
        if (slice % 2 == 1) beside_.read(stream_.slice(slice));
        return seconds;
    }

    SimdjsonBeside beside_;
};

#endif

}  // namespace

std::vector<CaseInfo> decode_cases() {
    std::vector<CaseInfo> cases;
#if TROMMEL_BENCH_JSON
    cases.push_back(
        {"decode-json", "JSON lines of 145 bytes to columns, beside simdjson alone",
         [](Scale s) -> std::unique_ptr<Case> { return std::make_unique<JsonCase>(s); }});
#endif
    cases.push_back({"decode-csv", "the same events as lines of comma-separated values",
                     [](Scale s) -> std::unique_ptr<Case> {
                         return std::make_unique<DecodeCase>(make_csv_lines, csv_lines_decode(), s);
                     }});
    cases.push_back({"decode-binary", "frames of 1024 events of 32 bytes to columns",
                     [](Scale s) -> std::unique_ptr<Case> {
                         return std::make_unique<DecodeCase>(make_frames, frames_decode(), s);
                     }});
    return cases;
}

}  // namespace trommel::bench
