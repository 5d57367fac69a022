#include "net/frame_connection.h"

#include <algorithm>
#include <vector>

#include "net/pending_bytes.h"
#include "net/wire.h"

namespace trommel::net {
namespace {

class FrameConnection final : public Connection {
   public:
    FrameConnection(FrameIntake& intake, const Endpoint& from, size_t buffer_bytes)
        : intake_(intake), from_(from), buffer_bytes_(buffer_bytes), pending_(buffer_bytes) {}

    Taken take(std::string_view bytes, End end, RecordBatch& batch) override {
        const bool fresh = pending_.size() == 0;
        if (!fresh) pending_.append(bytes);
        std::string_view rest = fresh ? bytes : pending_.view();
        const size_t size = rest.size();
        Taken taken;
        has_records_ = false;
        while (taken.state == State::hungry) {
            const size_t frame = next_frame(rest, end);
            if (frame == 0) break;
            taken.state = take_frame(rest, frame, batch);
            if (taken.state != State::full) {
                rest.remove_prefix(frame);
                taken.records = taken.lines = true;
            }
        }
        has_records_ = taken.state == State::full;
        fresh ? pending_.append(rest) : pending_.drop(size - rest.size());
        return taken;
    }

    bool has_records() const override { return has_records_; }
    size_t room() const override { return pending_.room(); }
    std::span<const uint32_t> partitions() const override { return partitions_; }
    bool done() const override { return done_; }

   private:
    // How many bytes are to be taken next: a whole frame, damage, or what an end has cut short; 0
    // when more has to come first.
    size_t next_frame(std::string_view rest, End end) {
        fault_ = nullptr;
        FrameHeader header;
        if (rest.size() >= kFrameHeaderBytes) {
            const FrameFault fault = read_header(rest.data(), header);
            if (fault != FrameFault::none) fault_ = to_text(fault);
            if (fault_ == nullptr && header.frame_bytes() > buffer_bytes_) {
                fault_ = "a frame that is longer than connection_buffer";
            }
            if (fault_ != nullptr) return kFrameHeaderBytes;
            if (header.frame_bytes() <= rest.size()) return header.frame_bytes();
        }
        if (end == End::none || rest.empty()) return 0;
        fault_ = "a frame that is cut short";
        return rest.size();
    }

    State take_frame(std::string_view rest, size_t size, RecordBatch& batch) {
        if (fault_ != nullptr) {
            return intake_.take_damaged(rest.substr(0, size), fault_, batch) ? State::damaged
                                                                             : State::full;
        }
        const Transport& counts = intake_.transport();
        const uint64_t refused = counts.senders_refused;
        const uint64_t bad = counts.malformed + counts.unauthentic;
        if (!intake_.take({rest.data(), size, from_, false}, batch)) return State::full;
        if (counts.senders_refused > refused) return State::refused;
        if (counts.malformed + counts.unauthentic > bad) return State::damaged;
        note_sender(intake_.partition());
        return State::hungry;
    }

    void note_sender(uint32_t partition) {
        const auto at = std::lower_bound(partitions_.begin(), partitions_.end(), partition);
        if (at == partitions_.end() || *at != partition) partitions_.insert(at, partition);
        const SenderTable& senders = intake_.senders();
        done_ = senders.ended(partition) &&
                std::all_of(partitions_.begin(), partitions_.end(),
                            [&](uint32_t sender) { return senders.ended(sender); });
    }

    FrameIntake& intake_;
    const Endpoint from_;
    const size_t buffer_bytes_;
    PendingBytes pending_;
    const char* fault_ = nullptr;  // Of what next_frame() has found.
    bool has_records_ = false;
    bool done_ = false;
    std::vector<uint32_t> partitions_;  // Of its senders; sorted.
};

}  // namespace

std::unique_ptr<Connection> make_frame_connection(FrameIntake& intake, const Endpoint& from,
                                                  size_t buffer_bytes) {
    return std::make_unique<FrameConnection>(intake, from, buffer_bytes);
}

}  // namespace trommel::net
