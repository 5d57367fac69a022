#include "net/frame_intake.h"

#include <algorithm>

#include "net/wire.h"

namespace trommel::net {
namespace {

constexpr size_t kCorruptRawBytesMax = 4096;  // Of a damaged datagram, for its dead letter.

// Of one batch, whatever is sent: what RecordBatch::clear() keeps, but for a frame.
constexpr size_t kBatchBytesMax = (size_t{1} << 20) - (size_t{64} << 10);

}  // namespace

FrameIntake::FrameIntake(const IntakeOptions& options, Clock& clock)
    : options_(options),
      rows_(options.decode, &clock),
      senders_(options.senders_max, transport_,
               options.keys == nullptr ? SenderTable::Identity::address_and_source
                                       : SenderTable::Identity::source) {
    resting_.reserve(options.senders_max);
}

void FrameIntake::begin_poll() {
    rows_.look_at_clock();
    resting_.clear();
}

void FrameIntake::count_foreign(size_t bytes) {
    ++transport_.datagrams;
    ++transport_.foreign;
    transport_.bytes += bytes;
}

bool FrameIntake::take(const Datagram& datagram, RecordBatch& batch) {
    if (!has_room(batch)) return false;
    if (open_.count > 0) return append_events(datagram, batch);
    if (!is_allowed(datagram)) return true;
    if (datagram.truncated) {
        ++transport_.truncated;
        return true;
    }
    FrameHeader header;
    if (const char* const fault = fault_of(datagram, header); fault != nullptr) {
        append_malformed(datagram, fault, batch);
        return true;
    }
    if (options_.keys != nullptr && !is_authentic(datagram, header)) {
        ++transport_.unauthentic;
        return true;
    }
    const SenderTable::Arrival arrival = senders_.note(datagram.from, header, partition_);
    if (arrival != SenderTable::Arrival::fresh) return true;
    open_ = {partition_, header.count, 0, header.event_bytes};
    return append_events(datagram, batch);
}

bool FrameIntake::take_damaged(const Datagram& packet, const char* why, RecordBatch& batch) {
    if (!has_room(batch)) return false;
    if (is_allowed(packet)) append_malformed(packet, why, batch);
    return true;
}

// Counts what has come, and whether it may.
bool FrameIntake::is_allowed(const Datagram& datagram) {
    offset_ = transport_.bytes;
    ++transport_.datagrams;
    transport_.bytes += datagram.size;
    if (options_.allow.allows(datagram.from)) return true;
    ++transport_.denied;
    return false;
}

void FrameIntake::append_malformed(const Datagram& datagram, const char* why, RecordBatch& batch) {
    ++transport_.malformed;
    const size_t kept = std::min(datagram.size, kCorruptRawBytesMax);
    rows_.append_corrupt(batch.copy_text({datagram.bytes, kept}), why, 0, offset_, batch);
    copied_bytes_ += kept;
}

bool FrameIntake::has_room(const RecordBatch& batch) {
    if (batch.count == 0) copied_bytes_ = 0;
    return !batch.full() && copied_bytes_ < kBatchBytesMax;
}

// Why the datagram is no frame, or null.
const char* FrameIntake::fault_of(const Datagram& datagram, FrameHeader& header) const {
    if (datagram.size < kFrameHeaderBytes) return "a datagram that is too short for a frame";
    const FrameFault fault = read_header(datagram.bytes, header);
    if (fault != FrameFault::none) return to_text(fault);
    if (header.frame_bytes() != datagram.size) {
        return header.frame_bytes() > datagram.size ? "a frame that is cut short"
                                                    : "a datagram with bytes behind its frame";
    }
    if (header.sequence > kSequenceMax - header.count) {
        return "a frame with an impossible sequence number";
    }
    const FrameFault damage = check_frame({datagram.bytes, datagram.size}, header);
    return damage == FrameFault::none ? nullptr : to_text(damage);
}

bool FrameIntake::is_authentic(const Datagram& datagram, const FrameHeader& header) {
    return (header.flags & kFrameSigned) != 0 &&
           options_.keys->verify(header.source_id, {datagram.bytes, datagram.size});
}

// Appends what is left of the open frame, as far as there is room.
bool FrameIntake::append_events(const Datagram& datagram, RecordBatch& batch) {
    const uint32_t count = std::min(open_.count - open_.taken, batch.capacity - batch.count);
    if (count > 0) {
        const size_t at = kFrameHeaderBytes + size_t{open_.taken} * open_.event_bytes;
        const std::string_view events =
            batch.copy_text({datagram.bytes + at, size_t{count} * open_.event_bytes});
        copied_bytes_ += events.size();
        open_.taken += rows_.append(events.data(), count, open_.event_bytes, open_.partition,
                                    offset_ + at, batch);
    }
    if (open_.taken < open_.count) return false;
    open_.count = 0;
    if (senders_.ended(open_.partition)) note_rest(open_.partition);
    return true;
}

void FrameIntake::note_rest(uint32_t partition) {
    // Last words come three times in a row, and frames in runs.
    if (resting_.empty() || resting_.back() != partition) resting_.push_back(partition);
}

}  // namespace trommel::net
