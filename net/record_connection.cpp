#include "net/record_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace trommel::net {
namespace {

constexpr std::string_view kCutShort = "a record that is cut short, since its connection broke";
constexpr size_t kLineEndBytes = 2;

bool is_blank(std::string_view bytes) {
    return bytes.find_first_not_of(" \t\r\v\f\n") == std::string_view::npos;
}

}  // namespace

// Each decoder keeps where its stream is, so that each connection that has sent something has one.
class RecordConnections::RecordConnection final : public Connection {
   public:
    RecordConnection(RecordConnections& shared, std::string peer)
        : shared_(shared),
          peer_(std::move(peer)),
          with_field_(shared.options_.partition.has_value()),
          // A decoder says that a record is too long when it has seen so much.
          too_long_bytes_(shared.options_.record_bytes_max + kLineEndBytes),
          pending_(shared.buffer_bytes_ + kLineEndBytes) {}

    ~RecordConnection() override {
        if (decoder_ != nullptr) shared_.unused_.push_back(std::move(decoder_));
    }

    Taken take(std::string_view bytes, End end, RecordBatch& batch) override {
        // Without a line end no record can have ended. Looking for one in the new bytes alone keeps
        // a sender of single bytes from making us read its line again and again.
        const bool whole = has_records_ || end != End::none || has_line_end(bytes) ||
                           pending_.size() + bytes.size() >= too_long_bytes_;
        if (!whole) {
            pending_.append(bytes);
            return {};
        }
        if (pending_.size() + bytes.size() == 0) return {};
        if (!begin()) return {State::refused, false, false};
        return decode(bytes, end, batch);
    }

    bool has_records() const override { return has_records_; }
    size_t room() const override { return pending_.room(); }
    std::span<const uint32_t> partitions() const override {
        return {&partition_, partition_ == 0 ? 0u : 1u};
    }

   private:
    static bool has_line_end(std::string_view bytes) {
        return !bytes.empty() && std::memchr(bytes.data(), '\n', bytes.size()) != nullptr;
    }

    // False when there is no partition for it.
    bool begin() {
        if (decoder_ != nullptr) return true;
        if (!with_field_ && !shared_.partitions_.find_or_add(peer_, partition_)) return false;
        decoder_ = shared_.take_decoder();
        return true;
    }

    Taken decode(std::string_view bytes, End end, RecordBatch& batch) {
        const size_t left = pending_.size();
        const size_t size = left + bytes.size();
        char* const at = batch.allocate_text(size + kPaddingBytes);
        std::copy_n(pending_.view().begin(), left, at);
        std::copy_n(bytes.begin(), bytes.size(), at + left);
        std::memset(at + size, 0, kPaddingBytes);

        const uint32_t first_row = batch.count;
        Chunk chunk;
        chunk.bytes = {at, size};
        chunk.offset = offset_;
        chunk.last = end == End::finished;
        const Decoded decoded = decoder_->decode(chunk, batch);
        has_records_ = decoded.stop == Stop::full;
        const std::string_view rest = chunk.bytes.substr(decoded.consumed);
        keep_rest(left, decoded.consumed, rest);

        Taken taken;
        taken.lines = decoded.consumed > 0;
        if (has_records_) taken.state = State::full;
        if (!has_records_ && end == End::broken) taken.state = cut_short(rest, batch);
        taken.records = batch.count > first_row;
        if (!with_field_) {
            for (uint32_t row = first_row; row < batch.count; ++row) {
                batch.partition[row] = partition_;
            }
        }
        return taken;
    }

    void keep_rest(size_t left, size_t consumed, std::string_view rest) {
        offset_ += consumed;
        if (consumed < left) {
            // The new bytes are behind what is left of the old ones.
            pending_.drop(consumed);
            pending_.append(rest.substr(left - consumed));
            return;
        }
        pending_.drop(left);
        pending_.append(rest);
    }

    // What of a record had come.
    State cut_short(std::string_view rest, RecordBatch& batch) {
        if (is_blank(rest)) {
            pending_.drop(rest.size());
            return State::hungry;
        }
        if (batch.full()) return State::full;
        const uint32_t row = batch.count++;
        batch.raw[row] = rest.substr(0, shared_.options_.record_bytes_max);
        batch.offset[row] = offset_;
        batch.partition[row] = 0;
        batch.verdict[row] = Verdict::corrupt;
        batch.detail[row] = kCutShort;
        offset_ += rest.size();
        pending_.drop(rest.size());
        return State::hungry;
    }

    RecordConnections& shared_;
    const std::string peer_;
    const bool with_field_;
    const size_t too_long_bytes_;
    std::unique_ptr<Decoder> decoder_;
    PendingBytes pending_;
    bool has_records_ = false;
    uint32_t partition_ = 0;  // 0: not known yet, or that of a field.
    uint64_t offset_ = 0;     // Of the first byte in pending_.
};

RecordConnections::RecordConnections(const DecodeOptions& options, size_t buffer_bytes,
                                     Clock& clock)
    : options_(options),
      buffer_bytes_(buffer_bytes),
      partitions_("(source)"),
      scratch_(make_decode_scratch()),
      context_{&partitions_, &clock, scratch_.get()} {}

Status RecordConnections::check() {
    return make_decoder(options_, context_, unused_.emplace_back());
}

std::unique_ptr<Connection> RecordConnections::connect(std::string peer) {
    return std::make_unique<RecordConnection>(*this, std::move(peer));
}

std::unique_ptr<Decoder> RecordConnections::take_decoder() {
    std::unique_ptr<Decoder> decoder;
    if (unused_.empty()) {
        // It was made before, by check().
        const Status status = make_decoder(options_, context_, decoder);
        if (!status.ok()) return nullptr;
    } else {
        decoder = std::move(unused_.back());
        unused_.pop_back();
    }
    decoder->begin_stream();
    return decoder;
}

}  // namespace trommel::net
