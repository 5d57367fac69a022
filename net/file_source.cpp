#include "net/file_source.h"

#include <algorithm>
#include <utility>

#include "net/byte_stream.h"
#include "net/decoder.h"
#include "net/file_series.h"

namespace trommel::net {
namespace {

class FileSource final : public Source {
   public:
    FileSource(const FileSourceOptions& options, FileSystem& files)
        : options_(options),
          files_(options.paths, files),
          partitions_(options.decode.partition ? "(source)" : files_.name()) {}

    Status create_decoder(Clock& clock) {
        return make_decoder(options_.decode, {&partitions_, &clock}, decoder_);
    }

    Status open() override {
        if (Status status = files_.open(); !status.ok()) return status;
        return begin_file();
    }

    Poll poll(RecordBatch& batch, int64_t until_us) override {
        if (held_ && until_us < held_time_us_) return {State::held, held_time_us_, {}};
        held_ = false;
        batch.first_record = records_;
        for (int chunks = 0; chunks < kChunksWithoutRecordsMax; ++chunks) {
            Chunk chunk;
            Poll poll;
            if (!fill(batch, chunk, poll)) return poll;
            chunk.until_us = until_us;
            const Decoded decoded = decoder_->decode(chunk, batch);
            keep_rest(chunk, decoded);
            records_ += batch.count;
            held_ = decoded.stop == Stop::held;
            held_time_us_ = decoded.held_time_us;
            if (batch.count > 0) return {State::records, 0, {}};
            if (held_) return {State::held, held_time_us_, {}};
            if (!chunk.last) continue;
            if (!files_.next()) return {State::ended, 0, {}};
            Status status = begin_file();
            if (!status.ok()) return {State::failed, 0, std::move(status)};
        }
        return {State::nothing, 0, {}};
    }

    std::string_view name() const override { return files_.name(); }
    uint32_t partitions() const override { return partitions_.count(); }
    std::string_view partition_name(uint32_t partition) const override {
        return partitions_.name(partition);
    }
    uint32_t source_partition() const override {
        return options_.decode.partition ? 0 : UINT32_MAX;
    }
    uint64_t bytes_read() const override {
        return bytes_of_past_files_ + (stream_ == nullptr ? 0 : stream_->bytes_read());
    }
    uint64_t bytes_total() const override { return files_.bytes_total(); }
    bool live() const override { return files_.has_pipe(); }

   private:
    // Bounds a poll that meets nothing but blank lines, or the rest of a record that is too long.
    static constexpr int kChunksWithoutRecordsMax = 64;
    static constexpr size_t kChunkBytesMin = 4096;
    static constexpr size_t kFirstGuessRecordBytes = 200;

    Status begin_file() {
        if (stream_ != nullptr) bytes_of_past_files_ += stream_->bytes_read();
        Status status = files_.begin(stream_);
        at_end_ = false;
        hungry_ = true;
        decoder_->begin_stream();
        return status;
    }

    // Puts the bytes that are next into batch.bytes: what was left over, then what can be read.
    // False when there is nothing to decode; `poll` says why.
    bool fill(RecordBatch& batch, Chunk& chunk, Poll& poll) {
        const size_t left = rest_.size() - rest_at_;
        const size_t wanted = std::max(wanted_bytes(batch), needed_bytes_);
        const size_t from_rest = std::min(left, wanted);
        const size_t room = wanted + kPaddingBytes;
        if (batch.bytes.size() < room) batch.bytes.resize(room);  // It has no rows yet.

        size_t filled = from_rest;
        bool stopped = false;
        while (from_rest == left && filled < wanted && !at_end_ && !stopped) {
            File::ReadResult result = stream_->read(batch.bytes.data() + filled, wanted - filled);
            at_end_ = result.kind == File::Read::end;
            filled += result.bytes;
            stopped = result.kind == File::Read::nothing_yet || result.kind == File::Read::failed;
            if (stopped) failure_ = std::move(result.status);
        }
        // Without new bytes no record can have ended.
        if (stopped && filled == from_rest && hungry_) {
            if (!failure_.ok()) poll = {State::failed, 0, failure_};
            return false;
        }

        std::copy_n(rest_.data() + rest_at_, from_rest, batch.bytes.data());
        std::fill_n(batch.bytes.data() + filled, kPaddingBytes, '\0');
        chunk.bytes = {batch.bytes.data(), filled};
        chunk.offset = offset_;
        chunk.last = at_end_ && from_rest == left;
        return true;
    }

    // About as many bytes as the batch has room for records: what does not fit is copied once more.
    size_t wanted_bytes(const RecordBatch& batch) const {
        const size_t record_bytes =
            records_ == 0 ? kFirstGuessRecordBytes : static_cast<size_t>(offset_ / records_) + 1;
        const size_t guess = batch.capacity * record_bytes;
        const size_t most = std::max(options_.chunk_bytes, kPaddingBytes + 1) - kPaddingBytes;
        return std::min(std::max(guess, kChunkBytesMin), most);
    }

    void keep_rest(const Chunk& chunk, const Decoded& decoded) {
        const size_t left = rest_.size() - rest_at_;
        offset_ += decoded.consumed;
        hungry_ = decoded.stop == Stop::hungry;
        // What the decoder has seen does not hold a record: it has to see more.
        needed_bytes_ = hungry_ ? 2 * (chunk.bytes.size() - decoded.consumed) : 0;
        if (chunk.bytes.size() < left) {
            rest_at_ += decoded.consumed;
            return;
        }
        const std::string_view rest = chunk.bytes.substr(decoded.consumed);
        if (rest_.capacity() > options_.chunk_bytes && rest.size() <= options_.chunk_bytes) {
            rest_ = std::vector<char>();
        }
        rest_.assign(rest.begin(), rest.end());
        rest_at_ = 0;
    }

    const FileSourceOptions options_;
    FileSeries files_;
    PartitionTable partitions_;
    std::unique_ptr<Decoder> decoder_;

    std::unique_ptr<ByteStream> stream_;
    bool at_end_ = false;  // Of stream_.
    Status failure_;       // Told when the bytes before it are used up.
    uint64_t bytes_of_past_files_ = 0;

    std::vector<char> rest_;  // Read and not yet decoded, from rest_at_ on.
    size_t rest_at_ = 0;
    bool hungry_ = true;       // rest_ is less than a record.
    size_t needed_bytes_ = 0;  // Of the next chunk, at least.
    uint64_t offset_ = 0;      // Of rest_[rest_at_] in the source.
    uint64_t records_ = 0;

    bool held_ = false;
    int64_t held_time_us_ = 0;
};

}  // namespace

Status make_file_source(const FileSourceOptions& options, const Config& config, FileSystem& files,
                        Clock& clock, std::unique_ptr<Source>& source) {
    if (options.paths.empty()) return Status::error(Code::invalid_config, "a source needs a path");
    Status status = validate(options.decode, config);
    if (!status.ok()) return status;
    auto made = std::make_unique<FileSource>(options, files);
    status = made->create_decoder(clock);
    if (status.ok()) source = std::move(made);
    return status;
}

}  // namespace trommel::net
