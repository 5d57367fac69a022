#include "bench/kit/decode_cases.h"

#include <algorithm>
#include <memory>

#include "trommel/file_system.h"
#include "trommel/run.h"

#include "bench/kit/encoded_stream.h"
#include "bench/kit/line_updates.h"
#include "kernels/cpu/memory.h"
#include "net/decoder.h"

#if TROMMEL_BENCH_JSON
#include <cstdio>
#include <filesystem>
#include <stdlib.h>
#include <unistd.h>

#include "bench/kit/simdjson_alone.h"
#include "net/file_source.h"
#include "net/null_sink.h"
#endif

namespace trommel::bench {
namespace {

constexpr uint64_t kRecords = 1 << 19, kQuickRecords = 1 << 14;
constexpr double kMillion = 1e6;

uint64_t records_at(Scale scale) {
    return scale == Scale::full ? kRecords : kQuickRecords;
}

double median(std::vector<double> figures) {
    const auto middle = figures.begin() + static_cast<ptrdiff_t>(figures.size() / 2);
    std::nth_element(figures.begin(), middle, figures.end());
    return *middle;
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

// The same slices read by simdjson alone, timed.
class Beside {
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

    Beside beside_;
};

// A file of our own that goes with us.
class TemporaryFile {
   public:
    explicit TemporaryFile(std::string_view content) {
        std::string name = (std::filesystem::temp_directory_path() / "trommel-XXXXXX").string();
        const int file = mkstemp(name.data());
        if (file < 0) return;
        close(file);
        path_ = name;
        std::FILE* const out = std::fopen(path_.c_str(), "wb");
        written_ =
            out != nullptr && std::fwrite(content.data(), 1, content.size(), out) == content.size();
        if (out != nullptr) written_ &= std::fclose(out) == 0;
    }
    ~TemporaryFile() {
        if (!path_.empty()) unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const std::string& path() const { return path_; }
    bool written() const { return written_; }

   private:
    std::string path_;
    bool written_ = false;
};

// A whole job, from a file in the page cache to rows that nobody wants, on one thread. simdjson
// alone has the same bytes in memory and reads no file.
class FileCase final : public Case {
   public:
    explicit FileCase(Scale scale) : stream_(make_json_lines(records_at(scale))) {
        constexpr int64_t kSecondUs = 1'000'000;
        config_ = config_for(json_lines_decode());
        config_.dedup.horizon_us = 300 * kSecondUs;
        config_.time.out_of_order_us = kSecondUs;
        config_.aggregates = {{"count", AggregateKind::count, 0, 0},
                              {"sum", AggregateKind::sum, 0, 2},
                              {"max", AggregateKind::max, 2, 0}};
        config_.windows = {{"w", WindowKind::tumbling, 60 * kSecondUs, 60 * kSecondUs, 0}};
    }

    Status prepare() override {
        file_ = std::make_unique<TemporaryFile>(
            std::string_view(stream_.bytes).substr(0, stream_.size));
        if (!file_->written()) return Status::error(Code::io, "the input cannot be written");
        return run_once();
    }
    Sample round() override {
        const double begin = cpu_seconds();
        run_failed_ |= !run_once().ok();
        const Sample sample{stream_.tally.records, cpu_seconds() - begin};
        for (size_t s = 0; s < stream_.slices(); ++s) beside_.read(stream_.slice(s));
        beside_.end_round(sample.seconds, stream_.tally);
        return sample;
    }
    std::string wrong() const override {
        const Ledger& ledger = report_.ledger;
        const bool right = !run_failed_ && ledger.adds_up() && report_.rows > 0 &&
                           ledger.in == stream_.tally.records &&
                           ledger[Verdict::unique] == stream_.unique;
        return right ? beside_.wrong()
                     : "the run failed or its ledger is wrong: " + to_text(ledger);
    }
    uint64_t footprint_bytes() const override {
        return report_.shards[0].id_bytes + report_.shards[0].key_bytes;
    }
    uint64_t huge_page_bytes() const override { return report_.shards[0].huge_page_bytes; }
    std::vector<Metric> metrics() const override { return {beside_.metric()}; }

   private:
    Status run_once() {
        net::FileSourceOptions options;
        options.paths = {file_->path()};
        options.decode = json_lines_decode();
        std::unique_ptr<Source> source;
        Status status =
            make_file_source(options, config_, real_file_system(), system_clock(), source);
        if (!status.ok()) return status;
        net::NullSink sink;
        Run job;
        job.lanes = {source.get()};
        job.sinks = {&sink};
        report_ = {};
        return run(config_, job, report_);
    }

    const EncodedStream stream_;
    Config config_;
    std::unique_ptr<TemporaryFile> file_;
    Report report_;
    bool run_failed_ = false;
    Beside beside_;
};

#endif

}  // namespace

std::vector<CaseInfo> decode_cases() {
    std::vector<CaseInfo> cases;
#if TROMMEL_BENCH_JSON
    cases.push_back(
        {"decode-json", "JSON lines of 145 bytes to columns, beside simdjson alone",
         [](Scale s) -> std::unique_ptr<Case> { return std::make_unique<JsonCase>(s); }});
    cases.push_back(
        {"file-json", "a whole job from a cached file of such lines",
         [](Scale s) -> std::unique_ptr<Case> { return std::make_unique<FileCase>(s); }});
#endif
    cases.push_back({"decode-binary", "frames of 1024 events of 32 bytes to columns",
                     [](Scale s) -> std::unique_ptr<Case> {
                         return std::make_unique<DecodeCase>(make_frames, frames_decode(), s);
                     }});
    return cases;
}

}  // namespace trommel::bench
