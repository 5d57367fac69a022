#include "bench/kit/ingest.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "trommel/run.h"

#include "bench/kit/frame_feeder.h"
#include "bench/kit/metered_source.h"
#include "bench/kit/timing.h"
#include "net/frame_rows.h"
#include "net/null_sink.h"
#include "net/stream_source.h"
#include "net/udp_receiver.h"
#include "net/udp_socket.h"
#include "net/udp_source.h"

namespace trommel::bench {
namespace {

using net::SendTarget;

constexpr uint64_t kReceiveBufferBytes = uint64_t{32} << 20;
constexpr uint64_t kFramesAhead = 4000;  // 9 MiB with what the kernel needs around each.
constexpr int64_t kSilenceUs = 1'000'000;
constexpr uint16_t kFrameEvents = 44;
constexpr uint64_t kShareOfSingles = 8;  // One event in each datagram takes so much longer.

struct Round {
    uint64_t events = 0, lost = 0;
    double cpu_s = 0, wall_s = 0;
    std::string wrong;
};

net::ListenAddress any_port() {
    net::ListenAddress listen;
    listen.endpoint = net::Endpoint::from_v4("\x7f\0\0\1", 0);
    return listen;
}

uint16_t port_in(std::string_view name) {
    return static_cast<uint16_t>(std::stoul(std::string(name.substr(name.rfind(':') + 1))));
}

SendTarget target_of(SendTarget::Kind kind, uint16_t port) {
    return {kind, "127.0.0.1", port, ""};
}

// The events of prepared frames, without a look at header and checksum.
class MemorySource final : public Source {
   public:
    MemorySource(const PreparedFrames& frames, const net::DecodeOptions& decode)
        : frames_(frames), rows_(decode, &system_clock()) {}

    Status open() override { return {}; }
    Poll poll(RecordBatch& batch, int64_t) override {
        batch.first_record = next_;
        while (next_ < frames_.events && !batch.full()) {
            const uint64_t frame = next_ / frames_.frame_events;
            const uint64_t within = next_ % frames_.frame_events;
            const uint64_t last = std::min(frames_.events, (frame + 1) * frames_.frame_events);
            const size_t at = frame * frames_.frame_bytes + net::kFrameHeaderBytes +
                              within * net::kNarrowEventBytes;
            next_ += rows_.append(frames_.bytes.data() + at, static_cast<uint32_t>(last - next_),
                                  net::kNarrowEventBytes, 0, at, batch);
        }
        return {batch.count > 0 ? State::records : State::ended, 0, {}};
    }
    std::string_view name() const override { return "memory"; }
    uint32_t partitions() const override { return 1; }
    std::string_view partition_name(uint32_t) const override { return "memory"; }

   private:
    const PreparedFrames& frames_;
    net::FrameRows rows_;
    uint64_t next_ = 0;
};

// L1, L3 and, when nothing was lost, the truth.
std::string wrong_with(const Report& report, const PreparedFrames& frames) {
    if (!report.ledger.adds_up()) return "the ledger does not add up";
    uint64_t lost = 0;
    if (report.transport) {
        const Transport& transport = *report.transport;
        if (!transport.adds_up() || transport.sent != frames.events) {
            return "sent were " + std::to_string(frames.events) + ": " + to_text(transport);
        }
        lost = transport.lost();
    }
    const bool same = report.ledger[Verdict::unique] == frames.truth.unique &&
                      report.ledger[Verdict::duplicate] == frames.truth.duplicate;
    if (report.ledger.in + lost != frames.events || (lost == 0 && !same)) {
        return "the verdicts are not those of the stream: " + to_text(report.ledger);
    }
    return {};
}

// The whole engine on one thread, reading from a source that a sender feeds; from memory without.
Round run_engine(const LoadJob& job, const PreparedFrames& frames, Source& source,
                 const SendTarget::Kind* kind) {
    FrameFeeder feeder(frames, kFramesAhead);
    MeteredSource metered(source, [&](uint64_t records) { feeder.taken(records); });
    net::NullSink sink;
    Status started;
    Run run;
    run.lanes = {&metered};
    run.sinks = {&sink};
    if (kind != nullptr) {
        run.on_open = [&] { started = feeder.start(target_of(*kind, port_in(source.name()))); };
    }
    run.stop_requested = [&] { return !started.ok(); };
    Report report;
    Status status = trommel::run(config_of(job), run, report);
    if (status.ok()) status = started;
    Round round;
    round.events = metered.events();
    round.cpu_s = metered.busy_s();
    round.wall_s = metered.wall_s();
    round.lost = report.transport ? report.transport->lost() : 0;
    round.wrong = status.ok() ? wrong_with(report, frames) : status.message;
    return round;
}

Round run_memory(const LoadJob& job, const PreparedFrames& frames) {
    MemorySource source(frames, decode_of(job));
    return run_engine(job, frames, source, nullptr);
}

Round run_udp(const LoadJob& job, const PreparedFrames& frames) {
    net::UdpSourceOptions options;
    options.socket.listen = any_port();
    options.socket.receive_buffer_bytes = kReceiveBufferBytes;
    options.intake.decode = decode_of(job);
    options.stop_after_us = kSilenceUs;
    options.stop_with_senders = true;
    net::UdpSource source(options, system_clock());
    const SendTarget::Kind kind = SendTarget::Kind::udp;
    return run_engine(job, frames, source, &kind);
}

Round run_tcp(const LoadJob& job, const PreparedFrames& frames) {
    net::StreamSourceOptions options;
    options.listen = any_port();
    options.decode = decode_of(job);
    options.stop_after_us = kSilenceUs;
    options.stop_with_senders = true;
    net::StreamSource source(options, system_clock());
    const SendTarget::Kind kind = SendTarget::Kind::tcp;
    return run_engine(job, frames, source, &kind);
}

// Reads the id of each event of some datagrams.
uint64_t touch(const net::UdpMessage& message, uint64_t& sum) {
    uint64_t events = 0;
    for (size_t at = 0; at < message.size; at += message.segment) {
        const size_t end = std::min(at + message.segment, message.size);
        for (size_t event = at + net::kFrameHeaderBytes; event + net::kNarrowEventBytes <= end;
             event += net::kNarrowEventBytes) {
            uint64_t id;
            std::memcpy(&id, message.bytes + event, sizeof id);
            sum += id;
            ++events;
        }
    }
    return events;
}

uint64_t sum_of(const PreparedFrames& frames) {
    net::UdpMessage all;
    all.bytes = frames.bytes.data();
    all.size = frames.bytes.size();
    all.segment = frames.frame_bytes;
    uint64_t sum = 0;
    touch(all, sum);
    return sum;
}

// A loop that receives and only touches the events.
Round run_receive(const PreparedFrames& frames) {
    Round round;
    net::UdpSockets sockets;
    const Status opened = net::open_udp_sockets({any_port(), 1, kReceiveBufferBytes}, sockets);
    FrameFeeder feeder(frames, kFramesAhead);
    const auto receiver = net::make_mmsg_receiver({sockets.all});
    Status status =
        opened.ok() ? feeder.start(target_of(SendTarget::Kind::udp, sockets.bound.port)) : opened;
    uint64_t sum = 0, events = 0, first_events = 0;
    double begun_s = 0, heard_s = wall_seconds();
    while (status.ok() && events < frames.events) {
        const double call_s = cpu_seconds();
        std::span<const net::UdpMessage> messages;
        status = receiver->receive(messages);
        for (const net::UdpMessage& message : messages) events += touch(message, sum);
        if (!status.ok() || messages.empty()) {
            if ((wall_seconds() - heard_s) * 1e6 > kSilenceUs) break;
            continue;
        }
        heard_s = wall_seconds();
        feeder.taken(events);
        if (begun_s == 0) {
            begun_s = heard_s;
            first_events = events;
            continue;
        }
        round.cpu_s += cpu_seconds() - call_s;
    }
    round.wall_s = heard_s - begun_s;
    round.events = events - first_events;
    round.lost = frames.events - events;
    if (!status.ok()) round.wrong = status.message;
    if (round.lost == 0 && sum != sum_of(frames)) round.wrong = "other events came than were sent";
    return round;
}

struct Way {
    const char *name, *what;
    std::function<Round()> run;
    std::vector<double> cpu_rates = {}, wall_rates = {};
    IngestFigure figure = {};
};

void add_round(const Round& round, Way& way) {
    way.figure.events += round.events;
    way.figure.lost += round.lost;
    std::string wrong = round.wrong;
    if (wrong.empty() && (round.events == 0 || round.cpu_s <= 0 || round.wall_s <= 0)) {
        wrong = "too few events to measure";
    }
    if (!wrong.empty()) {
        way.figure.wrong = wrong;
        return;
    }
    way.cpu_rates.push_back(static_cast<double>(round.events) / round.cpu_s);
    way.wall_rates.push_back(static_cast<double>(round.events) / round.wall_s);
}

IngestFigure figure_of(Way& way) {
    IngestFigure& figure = way.figure;
    figure.name = way.name;
    figure.what = way.what;
    if (!figure.wrong.empty()) return figure;
    figure.cpu_rate = median(way.cpu_rates);
    figure.wall_rate = median(way.wall_rates);
    figure.slowest_cpu_rate = *std::min_element(way.cpu_rates.begin(), way.cpu_rates.end());
    figure.fastest_cpu_rate = *std::max_element(way.cpu_rates.begin(), way.cpu_rates.end());
    return figure;
}

}  // namespace

void measure_ingest(const IngestOptions& options, LoadReport& report) {
    const LoadJob& job = options.job;
    const PreparedFrames full(job, options.events, kFrameEvents);
    const PreparedFrames singles(job, options.events / kShareOfSingles, 1);
    Way ways[] = {
        {"receive", "datagrams of 44 events, only touched", [&] { return run_receive(full); }},
        {"memory", "the engine, fed from memory", [&] { return run_memory(job, full); }},
        {"udp", "datagrams of 44 events into the engine", [&] { return run_udp(job, full); }},
        {"udp-1", "datagrams of one event into the engine", [&] { return run_udp(job, singles); }},
        {"tcp", "a stream of the same frames", [&] { return run_tcp(job, full); }},
    };
    for (uint32_t round = 0; round < options.rounds; ++round) {
        for (Way& way : ways) {
            if (way.figure.wrong.empty()) add_round(way.run(), way);
        }
    }
    for (Way& way : ways) report.ingest.push_back(figure_of(way));
    const auto rate = [&](size_t way) { return report.ingest[way].cpu_rate; };
    if (rate(0) > 0 && rate(1) > 0) report.ingest_ratio = rate(2) / std::min(rate(0), rate(1));
}

}  // namespace trommel::bench
