#include "net/pcap_source.h"

#include <utility>

#include "net/byte_stream.h"
#include "net/capture_reader.h"
#include "net/decode_options.h"

namespace trommel::net {
namespace {

constexpr int kPacketsPerPoll = 65536;  // Bounds a poll that meets nothing but foreign packets.

std::string display_name(const std::vector<std::string>& paths) {
    const std::string first = paths[0] == "-" ? "stdin" : paths[0];
    const size_t more = paths.size() - 1;
    return more == 0 ? first : first + " and " + std::to_string(more) + " more";
}

class PcapSource final : public Source {
   public:
    PcapSource(const PcapSourceOptions& options, FileSystem& files, Clock& clock)
        : options_(options),
          files_(files),
          name_(display_name(options.paths)),
          intake_(options.packets, clock) {}

    // Opens every file, so that a missing one is told before work begins, and closes those that can
    // be opened again: a pipe cannot.
    Status open() override {
        if (Status status = intake_.open(); !status.ok()) return status;
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

    // Packets are taken in order, whatever their times: a replay has nobody to wait for.
    Poll poll(RecordBatch& batch, int64_t) override {
        FrameIntake& frames = intake_.frames();
        frames.begin_poll();
        batch.first_record = records_;
        Poll poll;
        for (int packets = 0; packets < kPacketsPerPoll; ++packets) {
            if (!pending_ && !find_packet(poll)) break;
            if (pending_ && !intake_.take(packet_, *found_.link, batch)) break;
            pending_ = false;
        }
        records_ += batch.count;
        // What came before the end or a failure is delivered first.
        if (batch.count > 0) poll = {State::records, 0, {}};
        poll.resting = frames.resting();
        return poll;
    }

    // Nothing waits in a file, but a packet that was begun is finished: its frames are counted as
    // delivered.
    bool drain() override { return draining_ = pending_; }

    std::string_view name() const override { return name_; }
    uint32_t partitions() const override { return intake_.frames().senders().partitions(); }
    std::string_view partition_name(uint32_t partition) const override {
        return intake_.frames().senders().partition_name(partition);
    }
    uint32_t source_partition() const override { return 0; }
    uint64_t bytes_read() const override {
        return bytes_of_past_files_ + (reader_ == nullptr ? 0 : reader_->bytes_read());
    }
    uint64_t bytes_total() const override { return size_unknown_ ? 0 : bytes_total_; }
    const Transport* transport() const override { return &intake_.frames().transport(); }
    bool live() const override { return size_unknown_; }

   private:
    Status begin_file() {
        const std::string& path = options_.paths[file_];
        if (opened_[file_] == nullptr) {
            Status status = files_.open_read(path, opened_[file_]);
            if (!status.ok()) return status;
        }
        std::unique_ptr<ByteStream> stream;
        Status status = make_byte_stream(path, std::move(opened_[file_]), stream);
        if (!status.ok()) return status;
        if (reader_ != nullptr) bytes_of_past_files_ += reader_->bytes_read();
        reader_ = std::make_unique<CaptureReader>(path == "-" ? "stdin" : path, std::move(stream));
        return {};
    }

    // Gets the next packet to hand; one of an unknown link type is counted at once. False when
    // there is none now; `poll` says why.
    bool find_packet(Poll& poll) {
        if (!failure_.ok()) return fail(poll);
        if (draining_) {
            poll.state = State::ended;
            return false;
        }
        switch (reader_->next(found_)) {
            case CaptureReader::Next::packet:
                packet_ = {found_.captured, false};
                pending_ = found_.link.has_value();
                if (!pending_) intake_.frames().count_foreign(found_.captured.size);
                return true;
            case CaptureReader::Next::nothing_yet:
                return false;
            case CaptureReader::Next::failed:
                failure_ = reader_->failure();
                return fail(poll);
            case CaptureReader::Next::end:
                break;
        }
        if (file_ + 1 == options_.paths.size()) {
            poll.state = State::ended;
            return false;
        }
        ++file_;
        failure_ = begin_file();
        return failure_.ok() || fail(poll);
    }
    bool fail(Poll& poll) const {
        poll = {State::failed, 0, failure_};
        return false;
    }

    const PcapSourceOptions options_;
    FileSystem& files_;
    const std::string name_;
    PacketIntake intake_;

    std::vector<std::unique_ptr<File>> opened_;  // Of files to come: pipes, and the first.
    size_t file_ = 0;                            // Of options_.paths.
    std::unique_ptr<CaptureReader> reader_;
    Status failure_;  // Told when what came before it is delivered.
    CaptureReader::Found found_;
    ReceivedPacket packet_;
    bool pending_ = false;  // packet_ was not taken, or not all of it.
    bool draining_ = false;

    uint64_t records_ = 0;
    uint64_t bytes_total_ = 0, bytes_of_past_files_ = 0;
    bool size_unknown_ = false;
};

}  // namespace

Status make_pcap_source(const PcapSourceOptions& options, const Config& config, FileSystem& files,
                        Clock& clock, std::unique_ptr<Source>& source) {
    if (options.paths.empty()) return Status::error(Code::invalid_config, "a source needs a path");
    Status status = validate(options.packets.intake.decode, config);
    if (!status.ok()) return status;
    source = std::make_unique<PcapSource>(options, files, clock);
    return {};
}

}  // namespace trommel::net
