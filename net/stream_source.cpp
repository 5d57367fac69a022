#include "net/stream_source.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "net/frame_connection.h"

namespace trommel::net {
namespace {

// What one poll does at most. The bytes are what a batch keeps from one use to the next.
constexpr size_t kTurnsMax = 512;
constexpr uint64_t kBytesMax = uint64_t{768} << 10;
// After a lack of descriptors or memory accept() would fail again at once.
constexpr int64_t kAcceptAgainUs = 100'000;
constexpr int kLastAccepts = 64;  // When we stop.

}  // namespace

StreamSource::StreamSource(const StreamSourceOptions& options, Clock& clock)
    : options_(options),
      clock_(clock),
      ready_(options.connections_max),
      fresh_(options.connections_max),
      idle_(options.connections_max) {
    if (options_.decode.format == Format::binary) {
        // Who may connect is asked once for each connection, here.
        frames_ = std::make_unique<FrameIntake>(
            IntakeOptions{options_.decode,
                          {},
                          options_.keys_path.empty() ? nullptr : &keys_,
                          options_.senders_max},
            clock_);
        transport_ = &frames_->transport();
    } else {
        lines_ = std::make_unique<RecordConnections>(options_.decode,
                                                     options_.connection_buffer_bytes, clock_);
        transport_ = &lines_transport_;
    }
    name_ = options_.path.empty() ? "tcp " + to_text(options_.listen.endpoint)
                                  : "unix " + options_.path;
    peers_.resize(options_.connections_max);
    for (uint32_t slot = options_.connections_max; slot > 0; --slot) free_.push_back(slot - 1);
}

StreamSource::~StreamSource() {
    io_.reset();
    for (const Peer& peer : peers_) {
        if (peer.descriptor >= 0) ::close(peer.descriptor);
    }
}

Status StreamSource::open() {
    if (lines_ != nullptr) {
        if (Status status = lines_->check(); !status.ok()) return status;
    }
    if (!options_.keys_path.empty()) {
        if (Status status = keys_.load(options_.keys_path); !status.ok()) return status;
    }
    if (Status status = choose_io(); !status.ok()) return status;
    Status status = options_.path.empty() ? listener_.listen_tcp(options_.listen)
                                          : listener_.listen_unix(options_.path);
    if (!status.ok()) return status;
    if (options_.path.empty()) name_ = "tcp " + bound();
    return io_->open(listener_.descriptor(), options_.connections_max);
}

Status StreamSource::choose_io() {
    uses_io_uring_ = options_.receive == StreamSourceOptions::Receive::io_uring;
    Status status;
    io_ = uses_io_uring_ ? make_stream_ring(status) : make_stream_poll();
    if (!status.ok()) status.message = "source.receive: " + status.message;
    return status;
}

Source::Poll StreamSource::poll(RecordBatch& batch, int64_t) {
    batch.first_record = records_;
    if (phase_ == Phase::ended) return {State::ended, 0, {}, {}};
    resting_.clear();
    now_us_ = clock_.monotonic_us();
    if (frames_ != nullptr) frames_->begin_poll();
    if (accept_again_us_ && now_us_ >= *accept_again_us_ && phase_ == Phase::running) {
        accept_again_us_.reset();
        io_->resume();
    }
    StreamIo::Told told = io_->poll();
    if (!told.failure.ok()) return {State::failed, 0, std::move(told.failure), {}};
    const bool quiet = !take_events(told) && ready_.size() == 0;
    take_turns(batch);
    // Whoever has sent something that we do not know of yet is not late.
    if (!told.more) {
        expire(fresh_, options_.header_timeout_us);
        expire(idle_, options_.idle_timeout_us);
    }
    consider_ending(quiet);
    return result(batch);
}

// True when there was something.
bool StreamSource::take_events(const StreamIo::Told& told) {
    for (const StreamIo::Event& event : told.events) {
        switch (event.kind) {
            case StreamIo::Event::Kind::accepted:
                admit(static_cast<int>(event.value));
                break;
            case StreamIo::Event::Kind::refused:
                accept_again_us_ = now_us_ + kAcceptAgainUs;
                break;
            case StreamIo::Event::Kind::readable:
                make_ready(event.value);
                break;
        }
    }
    return told.more || !told.events.empty();
}

// A connection that there is no room for is closed at once: its sender learns of it, and it is
// counted. Left in the listener's queue it would wait without a word.
void StreamSource::admit(int descriptor) {
    Endpoint from;
    const bool taken = phase_ == Phase::running && !free_.empty() && identify(descriptor, from) &&
                       io_->add(free_.back(), descriptor);
    if (!taken) {
        ++transport_->connections_refused;
        ::close(descriptor);
        return;
    }
    const uint32_t slot = free_.back();
    free_.pop_back();
    Peer& peer = peers_[slot];
    peer.descriptor = descriptor;
    peer.connection = frames_ != nullptr
                          ? make_frame_connection(*frames_, from, options_.connection_buffer_bytes)
                          : lines_->connect(to_text(from));
    peer.since_us = now_us_;
    if (options_.header_timeout_us > 0) fresh_.push_back(slot);
    ++transport_->connections;
    ++open_;
    ++undone_;
}

// False for one who may not connect, or who is gone already.
bool StreamSource::identify(int descriptor, Endpoint& from) {
    if (!options_.path.empty()) {
        from = Endpoint::unix_peer(++unix_peers_);
        return true;
    }
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    return getpeername(descriptor, address, &size) == 0 &&
           Endpoint::from_socket(address, size, from) && options_.allow.allows(from);
}

void StreamSource::take_turns(RecordBatch& batch) {
    const uint64_t enough = bytes_read_ + kBytesMax;
    for (size_t turns = 0; turns < kTurnsMax && bytes_read_ < enough && !batch.full(); ++turns) {
        const uint32_t slot = ready_.front();
        if (slot == SlotList::kNone) return;
        ready_.remove(slot);
        if (!take_turn(slot, batch)) return;
    }
}

// False when the batch has no more room, of rows or of bytes.
bool StreamSource::take_turn(uint32_t slot, RecordBatch& batch) {
    Peer& peer = peers_[slot];
    std::string_view bytes;
    if (!peer.connection->has_records() && peer.end == Connection::End::none) {
        bool nothing = false;
        bytes = read(slot, peer, nothing);
        if (nothing) return true;
    }
    const Connection::Taken taken = peer.connection->take(bytes, peer.end, batch);
    had_senders_ |= taken.records;
    if (peer.done != peer.connection->done()) {
        peer.done = !peer.done;
        peer.done ? --undone_ : ++undone_;
    }
    if (taken.state == Connection::State::full) {
        ready_.push_front(slot);
        note_progress(slot, taken);
        return false;
    }
    if (taken.state != Connection::State::hungry) {
        const bool lines_refused = lines_ != nullptr && taken.state == Connection::State::refused;
        if (lines_refused) ++transport_->senders_refused;
        if (peer.end == Connection::End::none) ++transport_->connections_ended;
        close_peer(slot);
        return true;
    }
    if (peer.end != Connection::End::none) {
        close_peer(slot);
        return true;
    }
    ready_.push_back(slot);
    if (!note_progress(slot, taken) && peer.overdue) end_by_us(slot);
    return true;
}

// What has come of a connection, or how it ended; `nothing` is neither.
std::string_view StreamSource::read(uint32_t slot, Peer& peer, bool& nothing) {
    const bool stopping = phase_ == Phase::stopping;
    size_t wanted = std::min(StreamIo::kReadBytesMax, peer.connection->room());
    if (stopping) wanted = std::min<size_t>(wanted, peer.left);
    const StreamIo::Read read = wanted == 0 ? StreamIo::Read() : io_->read(slot, wanted);
    switch (read.kind) {
        case StreamIo::Read::Kind::bytes:
            bytes_read_ += read.bytes.size();
            last_bytes_us_ = now_us_;
            if (stopping) peer.left -= read.bytes.size();
            if (lines_ != nullptr) {
                ++transport_->datagrams;
                transport_->bytes += read.bytes.size();
            }
            break;
        case StreamIo::Read::Kind::end:
            peer.end = Connection::End::finished;
            break;
        case StreamIo::Read::Kind::failed:
            peer.end = Connection::End::broken;
            break;
        case StreamIo::Read::Kind::nothing:
            // All that had come when we stopped was read.
            if (stopping && (wanted == 0 || !io_->behind(slot))) {
                peer.end = Connection::End::broken;
                break;
            }
            nothing = true;
            if (peer.overdue) end_by_us(slot);
            if (stopping) make_ready(slot);  // Nobody may tell of it again.
            break;
    }
    return read.bytes;
}

// What keeps a connection from being ended: its first record, later any whole line or frame.
bool StreamSource::note_progress(uint32_t slot, const Connection::Taken& taken) {
    Peer& peer = peers_[slot];
    if (!(peer.fresh ? taken.records : taken.lines)) return false;
    fresh_.remove(slot);
    idle_.remove(slot);
    peer.fresh = peer.overdue = false;
    peer.since_us = now_us_;
    if (options_.idle_timeout_us > 0) idle_.push_back(slot);
    return true;
}

// A connection that waits for its turn is given it first: it is we who hold it back.
void StreamSource::expire(SlotList& list, int64_t timeout_us) {
    while (list.front() != SlotList::kNone) {
        const uint32_t slot = list.front();
        Peer& peer = peers_[slot];
        if (now_us_ - peer.since_us < timeout_us) return;
        list.remove(slot);
        if (ready_.holds(slot)) {
            peer.overdue = true;
        } else if (io_->behind(slot)) {
            peer.since_us = now_us_;
            list.push_back(slot);
        } else {
            end_by_us(slot);
        }
    }
}

void StreamSource::make_ready(uint32_t slot) {
    if (!ready_.holds(slot)) ready_.push_back(slot);
}

void StreamSource::end_by_us(uint32_t slot) {
    ++transport_->connections_ended;
    peers_[slot].end = Connection::End::broken;
    make_ready(slot);
}

void StreamSource::close_peer(uint32_t slot) {
    Peer& peer = peers_[slot];
    for (const uint32_t partition : peer.connection->partitions()) {
        if (frames_ != nullptr) frames_->senders().end(partition);
        resting_.push_back(partition);
    }
    io_->remove(slot);
    ::close(peer.descriptor);
    for (SlotList* const list : {&ready_, &fresh_, &idle_}) list->remove(slot);
    if (!peer.done) --undone_;
    --open_;
    peer = {};
    free_.push_back(slot);
}

bool StreamSource::drain() {
    if (phase_ != Phase::running) return phase_ != Phase::ended;
    // Whoever is connected already, as far as we know, has come.
    uint64_t before = UINT64_MAX;
    for (int i = 0; i < kLastAccepts && before != transport_->connections; ++i) {
        before = transport_->connections;
        const StreamIo::Told told = io_->poll();
        if (!told.failure.ok()) break;
        take_events(told);
    }
    begin(Phase::stopping);
    return true;
}

std::vector<std::string> StreamSource::notes() const {
    return {"listening on " + bound() + (uses_io_uring_ ? " (io_uring)" : "")};
}

void StreamSource::begin(Phase phase) {
    phase_ = phase;
    io_->stop_accepting();
    for (uint32_t slot = 0; slot < peers_.size(); ++slot) {
        Peer& peer = peers_[slot];
        if (peer.descriptor < 0) continue;
        make_ready(slot);
        if (phase == Phase::stopping) {
            int waiting = 0;
            if (ioctl(peer.descriptor, FIONREAD, &waiting) != 0) waiting = 0;
            peer.left = static_cast<uint64_t>(waiting) + io_->ahead_bytes_max();
        } else if (peer.end == Connection::End::none) {
            peer.end = Connection::End::broken;
        }
    }
}

// Whether the source ends by itself. `quiet`: nobody has sent anything, and nobody waits.
void StreamSource::consider_ending(bool quiet) {
    if (phase_ != Phase::running || !quiet || ready_.size() > 0) return;
    const bool silent = options_.stop_after_us && bytes_read_ > 0 &&
                        now_us_ - last_bytes_us_ >= *options_.stop_after_us;
    const bool all_done = options_.stop_with_senders && had_senders_ && undone_ == 0;
    if (silent || all_done) begin(Phase::ending);
}

Source::Poll StreamSource::result(const RecordBatch& batch) {
    records_ += batch.count;
    if (frames_ != nullptr) {
        const std::span<const uint32_t> resting = frames_->resting();
        resting_.insert(resting_.end(), resting.begin(), resting.end());
    } else {
        lines_transport_.sent = lines_transport_.delivered = records_;
        lines_transport_.senders = lines_->partitions().count() - 1;
    }
    Poll poll;
    poll.resting = resting_;
    if (batch.count > 0) {
        poll.state = State::records;
    } else if (phase_ != Phase::running && open_ == 0) {
        poll.state = State::ended;
        phase_ = Phase::ended;
    }
    return poll;
}

uint32_t StreamSource::partitions() const {
    return frames_ != nullptr ? frames_->senders().partitions() : lines_->partitions().count();
}

std::string_view StreamSource::partition_name(uint32_t partition) const {
    return frames_ != nullptr ? frames_->senders().partition_name(partition)
                              : lines_->partitions().name(partition);
}

Status validate(const StreamSourceOptions& options, const Config& config) {
    if (Status status = validate(options.decode, config); !status.ok()) return status;
    const auto bad = [](const std::string& what) {
        return Status::error(Code::invalid_config, "source." + what);
    };
    if (options.connections_max == 0 || options.connections_max > kConnectionsMax) {
        return bad("connections_max: 1 to " + std::to_string(kConnectionsMax));
    }
    const bool lines = options.decode.format != Format::binary;
    if (lines && options.connection_buffer_bytes < options.decode.record_bytes_max) {
        return bad("connection_buffer: " + std::to_string(options.connection_buffer_bytes) +
                   " bytes have no room for a record of record_bytes_max, " +
                   std::to_string(options.decode.record_bytes_max) + " bytes");
    }
    if (options.connection_buffer_bytes < kConnectionBufferBytesMin ||
        options.connection_buffer_bytes > kConnectionBufferBytesMax) {
        return bad("connection_buffer: 4 KiB to 64 MiB");
    }
    if (options.senders_max == 0 || options.senders_max > SenderTable::kSendersMax) {
        return bad("senders_max: 1 to " + std::to_string(SenderTable::kSendersMax));
    }
    if (!options.keys_path.empty() && lines) {
        return bad("keys: only binary frames can be signed");
    }
    if (options.idle_timeout_us < 0) return bad("idle_timeout: not negative");
    if (options.header_timeout_us < 0) return bad("header_timeout: not negative");
    return {};
}

Status make_stream_source(const StreamSourceOptions& options, const Config& config, Clock& clock,
                          std::unique_ptr<StreamSource>& source) {
    if (Status status = validate(options, config); !status.ok()) return status;
    source = std::make_unique<StreamSource>(options, clock);
    return {};
}

}  // namespace trommel::net
