#include "bench/kit/file_cases.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdlib.h>
#include <unistd.h>

#include "trommel/engine.h"
#include "trommel/file_system.h"
#include "trommel/run.h"

#include "bench/kit/encoded_stream.h"
#include "bench/kit/event_stream.h"
#include "bench/kit/timing.h"
#include "net/decoder.h"
#include "net/file_source.h"
#include "net/null_sink.h"
#include "net/wire.h"

#if TROMMEL_BENCH_JSON
#include "bench/kit/simdjson_beside.h"
#endif

namespace trommel::bench {
namespace {

constexpr uint32_t kBatchesPerTurn = 4;  // They are in the cache when their turn comes.
constexpr uint64_t kMillion = 1'000'000;

// A file of our own that goes with us.
class TemporaryFile {
   public:
    TemporaryFile() : path_((std::filesystem::temp_directory_path() / "trommel-XXXXXX").string()) {
        const int descriptor = mkstemp(path_.data());
        if (descriptor >= 0) file_ = fdopen(descriptor, "wb");
    }
    ~TemporaryFile() {
        close();
        unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void append(std::string_view bytes) {
        good_ &=
            file_ != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
    }
    // Whether all of it was written.
    bool close() {
        if (file_ != nullptr) good_ &= std::fclose(file_) == 0;
        file_ = nullptr;
        return good_;
    }
    const std::string& path() const { return path_; }

   private:
    std::string path_;
    std::FILE* file_ = nullptr;
    bool good_ = true;
};

// What a job is and what it must come to.
struct FileJob {
    Config config;
    net::DecodeOptions decode;
    uint64_t records = 0, unique = 0;
};

class FileCase : public Case {
   public:
    Status prepare() override {
        job_ = write(file_);
        if (!file_.close()) return Status::error(Code::io, "the input cannot be written");
        for (uint32_t b = 0; b < kBatchesPerTurn; ++b) {
            const uint32_t rows = job_.config.engine.batch_records;
            batches_.push_back(std::make_unique<RecordBatch>(job_.config, rows));
        }
        return run_file();
    }

    Sample round() override {
        const double begin = cpu_seconds();
        run_failed_ |= !run_file().ok();
        const Sample sample{job_.records, cpu_seconds() - begin};
        of_engine_.push_back(run_in_memory() / sample.seconds);
        return sample;
    }

    std::string wrong() const override {
        if (!run_failed_ && report_.rows > 0 && is_right(report_.ledger)) return {};
        return "the run failed or its ledger is wrong: " + to_text(report_.ledger);
    }
    uint64_t footprint_bytes() const override {
        return report_.shards[0].id_bytes + report_.shards[0].key_bytes;
    }
    uint64_t huge_page_bytes() const override { return report_.shards[0].huge_page_bytes; }
    std::vector<Metric> metrics() const override {
        return {{"of_engine", "x", median(of_engine_)}};
    }

   protected:
    virtual FileJob write(TemporaryFile& file) = 0;
    // The same events without the file. The next batch of them; false when there is none.
    virtual void begin_events() = 0;
    virtual bool fill(RecordBatch& batch) = 0;

    FileJob job_;

   private:
    Status run_file() {
        net::FileSourceOptions options;
        options.paths = {file_.path()};
        options.decode = job_.decode;
        std::unique_ptr<Source> source;
        Status status =
            make_file_source(options, job_.config, real_file_system(), system_clock(), source);
        if (!status.ok()) return status;
        net::NullSink sink;
        Run job;
        job.lanes = {source.get()};
        job.sinks = {&sink};
        report_ = {};
        return run(job_.config, job, report_);
    }

    // CPU seconds of the engine alone.
    double run_in_memory() {
        begin_events();
        std::unique_ptr<Engine> engine;
        run_failed_ |= !Engine::create(job_.config, engine).ok();
        if (run_failed_) return 0;
        engine->declare_partitions(1);
        RowBatch rows(job_.config);
        double seconds = 0;
        for (uint32_t filled = kBatchesPerTurn; filled == kBatchesPerTurn;) {
            filled = 0;
            while (filled < kBatchesPerTurn && fill(*batches_[filled])) ++filled;
            const double begin = cpu_seconds();
            for (uint32_t b = 0; b < filled; ++b) {
                run_failed_ |= !engine->push(*batches_[b]).ok();
                while (engine->take_rows(rows)) {
                }
            }
            seconds += cpu_seconds() - begin;
        }
        const double begin = cpu_seconds();
        run_failed_ |= !engine->finish().ok();
        while (engine->take_rows(rows)) {
        }
        run_failed_ |= !is_right(engine->ledger());
        return seconds + cpu_seconds() - begin;
    }

    bool is_right(const Ledger& ledger) const {
        return ledger.adds_up() && ledger.in == job_.records &&
               ledger[Verdict::unique] == job_.unique;
    }

    TemporaryFile file_;
    std::vector<std::unique_ptr<RecordBatch>> batches_;
    Report report_;
    bool run_failed_ = false;
    std::vector<double> of_engine_;
};

// Lines with UUIDs, times, keys of text and three values; the tables are small.
class LinesCase : public FileCase {
   public:
    LinesCase(EncodedStream (*make_stream)(uint64_t), const net::DecodeOptions& decode, Scale scale)
        : stream_(make_stream(scale == Scale::full ? 1 << 21 : 1 << 14)), decode_(decode) {}

   protected:
    FileJob write(TemporaryFile& file) override {
        constexpr int64_t kSecondUs = 1'000'000;
        file.append(std::string_view(stream_.bytes).substr(0, stream_.size));
        FileJob job{config_for(decode_), decode_, stream_.tally.records, stream_.unique};
        job.config.dedup.horizon_us = 300 * kSecondUs;
        job.config.time.out_of_order_us = kSecondUs;
        job.config.aggregates = {{"count", AggregateKind::count, 0, 0},
                                 {"sum", AggregateKind::sum, 0, 2},
                                 {"max", AggregateKind::max, 2, 0}};
        job.config.windows = {{"w", WindowKind::tumbling, 60 * kSecondUs, 60 * kSecondUs, 0}};
        job.config.engine.batch_records = kSliceRecords;
        return job;
    }
    void begin_events() override {
        slice_ = 0;
        partitions_ = std::make_unique<net::PartitionTable>("memory");
        decoder_ = nullptr;
        if (!make_decoder(decode_, {partitions_.get(), &system_clock()}, decoder_).ok()) return;
        decoder_->begin_stream();
    }
    bool fill(RecordBatch& batch) override {
        if (slice_ == stream_.slices() || decoder_ == nullptr) return false;
        batch.clear();
        const net::Chunk chunk{stream_.slice(slice_), stream_.cuts[slice_]};
        ++slice_;
        return decoder_->decode(chunk, batch).consumed == chunk.bytes.size();
    }

    const EncodedStream stream_;

   private:
    const net::DecodeOptions decode_;
    size_t slice_ = 0;
    std::unique_ptr<net::PartitionTable> partitions_;
    std::unique_ptr<net::Decoder> decoder_;
};

#if TROMMEL_BENCH_JSON

// simdjson alone has the same bytes in memory and reads no file.
class JsonFileCase final : public LinesCase {
   public:
    explicit JsonFileCase(Scale scale) : LinesCase(make_json_lines, json_lines_decode(), scale) {}

    Sample round() override {
        const Sample sample = LinesCase::round();
        for (size_t s = 0; s < stream_.slices(); ++s) beside_.read(stream_.slice(s));
        beside_.end_round(sample.seconds, stream_.tally);
        return sample;
    }
    std::string wrong() const override {
        const std::string ours = LinesCase::wrong();
        return ours.empty() ? beside_.wrong() : ours;
    }
    std::vector<Metric> metrics() const override {
        std::vector<Metric> metrics = LinesCase::metrics();
        metrics.push_back(beside_.metric());
        return metrics;
    }

   private:
    SimdjsonBeside beside_;
};

#endif

// A job of engine_cases from frames of 1024 events.
class FramesCase final : public FileCase {
   public:
    FramesCase(const EventStreamOptions& options, Scale scale)
        : options_(scale == Scale::full
                       ? options
                       : EventStreamOptions{.live = 4096, .keys = 256, .window_events = 4096}),
          batches_left_at_start_(scale == Scale::full ? 1 << 12 : 4) {}

   protected:
    FileJob write(TemporaryFile& file) override {
        constexpr size_t kFrameEvents = 1024;
        FileJob job{EventStream::job(options_), frames_decode(), 0, 0};
        RecordBatch batch(job.config, job.config.engine.batch_records);
        std::vector<net::WireEvent> events;
        std::string frame;
        begin_events();
        while (fill(batch)) {
            for (uint32_t row = 0; row < batch.count; ++row) {
                events.push_back({batch.id_lo[row], 0, batch.key_int[row], batch.time_us[row],
                                  batch.values[0][row]});
                if (events.size() < kFrameEvents) continue;
                frame.clear();
                net::append_frame({}, events, frame);
                file.append(frame);
                events.clear();
            }
        }
        job.records = stream_->events();
        job.unique = stream_->unique();
        return job;
    }
    void begin_events() override {
        stream_ = std::make_unique<EventStream>(options_);
        batches_left_ = batches_left_at_start_;
    }
    bool fill(RecordBatch& batch) override {
        if (batches_left_ == 0) return false;
        --batches_left_;
        stream_->fill(batch);
        return true;
    }

   private:
    const EventStreamOptions options_;
    const uint32_t batches_left_at_start_;
    std::unique_ptr<EventStream> stream_;
    uint32_t batches_left_ = 0;
};

}  // namespace

std::vector<CaseInfo> file_cases() {
    std::vector<CaseInfo> cases;
#if TROMMEL_BENCH_JSON
    cases.push_back(
        {"file-json", "a whole job from a cached file of the JSON lines, beside simdjson alone",
         [](Scale s) -> std::unique_ptr<Case> { return std::make_unique<JsonFileCase>(s); }});
#endif
    cases.push_back({"file-csv", "the same job from comma-separated values",
                     [](Scale s) -> std::unique_ptr<Case> {
                         return std::make_unique<LinesCase>(make_csv_lines, csv_lines_decode(), s);
                     }});
    cases.push_back({"file-binary", "frames of 1024 events: 4 M ids within a horizon, 1 M keys",
                     [](Scale s) -> std::unique_ptr<Case> {
                         const EventStreamOptions large{
                             .live = 4 * kMillion, .keys = kMillion, .window_events = 4 * kMillion};
                         return std::make_unique<FramesCase>(large, s);
                     }});
    cases.push_back({"file-binary-small", "the same in cache: 1 M ids, 100 thousand keys",
                     [](Scale s) -> std::unique_ptr<Case> {
                         const EventStreamOptions small{.live = kMillion, .keys = kMillion / 10};
                         return std::make_unique<FramesCase>(small, s);
                     }});
    return cases;
}

}  // namespace trommel::bench
