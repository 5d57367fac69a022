#include "net/file_source.h"

#include <algorithm>
#include <utility>

#include "net/byte_stream.h"
#include "net/decoder.h"

namespace trommel::net {
namespace {

std::string display_name(const std::vector<std::string>& paths) {
    const std::string first = paths[0] == "-" ? "stdin" : paths[0];
    const size_t more = paths.size() - 1;
    return more == 0 ? first : first + " and " + std::to_string(more) + " more";
}

class FileSource final : public Source {
   public:
    FileSource(const FileSourceOptions& options, FileSystem& files)
        : options_(options),
          files_(files),
          name_(display_name(options.paths)),
          partitions_(options.decode.partition ? "(source)" : name_) {}

    Status create_decoder(Clock& clock) {
        return make_decoder(options_.decode, {&partitions_, &clock}, decoder_);
    }

    // Opens every file, so that a missing one is told before work begins, and closes those that can
    // be opened again: a pipe cannot.
    Status open() override {
        opened_.resize(options_.paths.size());
        for (size_t i = 0; i < opened_.size(); ++i) {
            Status status = files_.open_read(options_.paths[i], opened_[i]);
            if (!status.ok()) return status;
            const uint64_t size = opened_[i]->size();
            bytes_total_ += size;
            size_unknown_ |= size == 0;
            if (size != 0 && i > 0) opened_[i].reset();
        }
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
            if (++file_ == options_.paths.size()) return {State::ended, 0, {}};
            Status status = begin_file();
            if (!status.ok()) return {State::failed, 0, std::move(status)};
        }
        return {State::nothing, 0, {}};
    }

    std::string_view name() const override { return name_; }
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
    uint64_t bytes_total() const override { return size_unknown_ ? 0 : bytes_total_; }
    bool live() const override { return size_unknown_; }

   private:
    // Bounds a poll that meets nothing but blank lines, or the rest of a record that is too long.
    static constexpr int kChunksWithoutRecordsMax = 64;
    static constexpr size_t kChunkBytesMin = 4096;
    static constexpr size_t kFirstGuessRecordBytes = 200;

    Status begin_file() {
        const std::string& path = options_.paths[file_];
        if (opened_[file_] == nullptr) {
            Status status = files_.open_read(path, opened_[file_]);
            if (!status.ok()) return status;
        }
        if (stream_ != nullptr) bytes_of_past_files_ += stream_->bytes_read();
        Status status = make_byte_stream(path, std::move(opened_[file_]), stream_);
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
    FileSystem& files_;
    const std::string name_;
    PartitionTable partitions_;
    std::unique_ptr<Decoder> decoder_;

    std::vector<std::unique_ptr<File>> opened_;  // Of files to come: pipes, and the first.
    size_t file_ = 0;                            // Of options_.paths.
    std::unique_ptr<ByteStream> stream_;
    bool at_end_ = false;  // Of stream_.
    Status failure_;       // Told when the bytes before it are used up.
    uint64_t bytes_total_ = 0, bytes_of_past_files_ = 0;
    bool size_unknown_ = false;

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
