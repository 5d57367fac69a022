#include "net/pcap_source.h"

#include <utility>

#include "net/byte_stream.h"
#include "net/capture_reader.h"
#include "net/decode_options.h"
#include "net/file_series.h"

namespace trommel::net {
namespace {

constexpr int kPacketsPerPoll = 65536;  // Bounds a poll that meets nothing but foreign packets.

class PcapSource final : public Source {
   public:
    PcapSource(const PcapSourceOptions& options, FileSystem& files, Clock& clock)
        : files_(options.paths, files), intake_(options.packets, clock) {}

    Status open() override {
        if (Status status = intake_.open(); !status.ok()) return status;
        if (Status status = files_.open(); !status.ok()) return status;
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

    std::string_view name() const override { return files_.name(); }
    uint32_t partitions() const override { return intake_.frames().senders().partitions(); }
    std::string_view partition_name(uint32_t partition) const override {
        return intake_.frames().senders().partition_name(partition);
    }
    uint32_t source_partition() const override { return 0; }
    uint64_t bytes_read() const override {
        return bytes_of_past_files_ + (reader_ == nullptr ? 0 : reader_->bytes_read());
    }
    uint64_t bytes_total() const override { return files_.bytes_total(); }
    const Transport* transport() const override { return &intake_.frames().transport(); }
    bool live() const override { return files_.has_pipe(); }

   private:
    Status begin_file() {
        std::unique_ptr<ByteStream> stream;
        if (Status status = files_.begin(stream); !status.ok()) return status;
        if (reader_ != nullptr) bytes_of_past_files_ += reader_->bytes_read();
        reader_ = std::make_unique<CaptureReader>(files_.display_path(), std::move(stream));
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
        if (!files_.next()) {
            poll.state = State::ended;
            return false;
        }
        failure_ = begin_file();
        return failure_.ok() || fail(poll);
    }
    bool fail(Poll& poll) const {
        poll = {State::failed, 0, failure_};
        return false;
    }

    FileSeries files_;
    PacketIntake intake_;

    std::unique_ptr<CaptureReader> reader_;
    Status failure_;  // Told when what came before it is delivered.
    CaptureReader::Found found_;
    ReceivedPacket packet_;
    bool pending_ = false;  // packet_ was not taken, or not all of it.
    bool draining_ = false;

    uint64_t records_ = 0;
    uint64_t bytes_of_past_files_ = 0;
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
