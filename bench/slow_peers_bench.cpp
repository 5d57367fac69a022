// What connections that do nothing cost one that does.
//
//   slow_peers_bench [--peers N] [--rate EVENTS] [--millis N] [--rounds N] [--ring 1]
//
// Half of the other connections are silent, half send a byte every 100 ms and never a whole record.
//
// First on one thread, where nobody else decides: how long a poll takes that finds a good sender's
// frame, alone, with the others connected, and with so many of them that have just sent a byte.
//
// Then at a rate: the time from when an event was to be sent to when the source brings it. The good
// sender's events are due at fixed times, whatever happened before, and each carries its own.
// Rounds take turns: without the others, with the others connected to another socket that nobody
// reads from, and with them connected to the same. Sending the bytes takes a third thread, and the
// kernel's work for them is done on its core, so the second kind says what this machine makes of
// that; the source answers for the third by the second. Ends with 1 when an event is missing.
#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "bench/kit/machine.h"
#include "bench/kit/timing.h"
#include "hostpath/wait.h"
#include "net/stream_source.h"
#include "net/wire.h"

namespace {

using namespace trommel;  // A program of one file.

struct Options {
    uint64_t peers = 1000, rate = 20'000, millis = 2000, rounds = 5, ring = 0;
};

enum class Where : uint8_t { nowhere, elsewhere, here };

int connect_to(const std::string& where) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int port = std::atoi(where.c_str() + where.rfind(':') + 1);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        std::perror("connect");
        std::exit(1);
    }
    const int on = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return peer;
}

// A listener whose connections are taken and never read from: the kernel does the same for them.
class Elsewhere {
   public:
    Elsewhere() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(listener_, any, size) != 0 || listen(listener_, 1) != 0 ||
            getsockname(listener_, any, &size) != 0) {
            std::perror("listen");
            std::exit(1);
        }
        where_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }
    ~Elsewhere() {
        for (const int peer : accepted_) close(peer);
        close(listener_);
    }
    Elsewhere(const Elsewhere&) = delete;
    Elsewhere& operator=(const Elsewhere&) = delete;

    std::vector<int> connect_peers(uint64_t count) {
        std::vector<int> peers;
        for (uint64_t n = 0; n < count; ++n) {
            peers.push_back(connect_to(where_));
            accepted_.push_back(accept(listener_, nullptr, nullptr));
        }
        return peers;
    }

   private:
    int listener_ = -1;
    std::vector<int> accepted_;
    std::string where_;
};

// 22 bytes of a header are a frame that has begun, and never one.
void send_byte(int peer, size_t byte) {
    constexpr char kBegin[] = "TRM1\1\0\40";
    send(peer, byte < 7 ? kBegin + byte : "\0", 1, MSG_NOSIGNAL);
}
constexpr size_t kSlowBytesMax = 22;

// Sends a byte of every second peer in 100 ms, evenly spread, from a thread of its own.
class Trickle {
   public:
    explicit Trickle(const std::vector<int>& peers) : peers_(peers), thread_([this] { run(); }) {}
    ~Trickle() {
        over_ = true;
        thread_.join();
    }

   private:
    void run() {
        constexpr size_t kTicks = 100;  // Of a millisecond.
        for (size_t tick = 0; !over_ && tick < kTicks * kSlowBytesMax; ++tick) {
            for (size_t i = 2 * (tick % kTicks); i < peers_.size(); i += 2 * kTicks) {
                send_byte(peers_[i], tick / kTicks);
            }
            usleep(1000);
        }
    }

    const std::vector<int>& peers_;
    std::atomic<bool> over_{false};
    std::thread thread_;
};

int64_t now_us() {
    return system_clock().monotonic_us();
}

std::string frame_of(uint64_t n, int64_t due_us) {
    net::FrameHeader header;
    header.sequence = n;
    std::string frame;
    net::append_frame(header, {{n, 0, 0, due_us, due_us}}, frame);
    return frame;
}

// One frame of one event each, due at its time, which is also its value.
void send_on_schedule(const std::string& where, const Options& options) {
    const int peer = connect_to(where);
    const uint64_t events = options.rate * options.millis / 1000;
    const int64_t begin_us = now_us() + 10'000;
    for (uint64_t n = 0; n < events; ++n) {
        const int64_t due_us = begin_us + static_cast<int64_t>(n * 1'000'000 / options.rate);
        while (now_us() < due_us) {
            if (due_us - now_us() > 200) usleep(50);
        }
        const std::string frame = frame_of(n, due_us);
        if (send(peer, frame.data(), frame.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(peer);
}

// A source with a batch to poll into.
class Station {
   public:
    Station(const Options& options, uint64_t peers) {
        net::StreamSourceOptions source;
        source.decode.format = net::Format::binary;
        source.decode.id.form = net::IdForm::u64;
        source.decode.key = {{"key", FieldType::integer}};
        source.decode.values = {{"value", 0}};
        source.connections_max = static_cast<uint32_t>(peers) + 1;
        source.header_timeout_us = 0;  // They are to stay.
        source.receive = options.ring != 0 ? net::StreamSourceOptions::Receive::io_uring
                                           : net::StreamSourceOptions::Receive::poll;
        Config config;
        config.dedup.id_type = IdType::u64;
        config.key = source.decode.key;
        config.values = source.decode.values;
        Status status = net::parse_listen_address("127.0.0.1:0", source.listen);
        if (status.ok()) {
            status = net::make_stream_source(source, config, system_clock(), source_);
        }
        if (status.ok()) status = source_->open();
        if (!status.ok()) {
            std::fprintf(stderr, "%s\n", status.message.c_str());
            std::exit(1);
        }
        batch_ = std::make_unique<RecordBatch>(config, 4096);
    }

    bool take() {
        batch_->clear();
        return source_->poll(*batch_, INT64_MAX).state == Source::State::records;
    }
    std::vector<int> connect_peers(uint64_t count) {
        const uint64_t wanted = source_->open_connections() + count;
        std::vector<int> peers;
        for (uint64_t n = 0; n < count; ++n) {
            peers.push_back(connect_to(source_->bound()));
            take();
        }
        while (source_->open_connections() < wanted) take();
        return peers;
    }
    const net::StreamSource& source() const { return *source_; }
    const RecordBatch& batch() const { return *batch_; }

   private:
    std::unique_ptr<net::StreamSource> source_;
    std::unique_ptr<RecordBatch> batch_;
};

void close_all(const std::vector<int>& peers) {
    for (const int peer : peers) close(peer);
}

// Microseconds of the poll that brings a good sender's frame after `slow` others have each sent a
// byte; the median of as many as their frames' beginnings have bytes.
double poll_us(const Options& options, uint64_t peers, uint64_t slow) {
    Station station(options, peers + 1);
    const std::vector<int> others = station.connect_peers(peers);
    const std::vector<int> good = station.connect_peers(1);
    std::vector<double> times;
    for (size_t n = 0; n < kSlowBytesMax; ++n) {
        for (uint64_t i = 0; i < slow; ++i) send_byte(others[i], n);
        const std::string frame = frame_of(n, 0);
        send(good[0], frame.data(), frame.size(), MSG_NOSIGNAL);
        const double begin_s = bench::wall_seconds();
        while (!station.take()) {
        }
        times.push_back((bench::wall_seconds() - begin_s) * 1e6);
    }
    close_all(others);
    close_all(good);
    return bench::median(times);
}

void print_polls(const Options& options) {
    std::printf("%8s %12s %12s\n", "others", "just sent", "poll us");
    std::printf("%8d %12d %12.1f\n", 0, 0, poll_us(options, 0, 0));
    for (const uint64_t slow : {uint64_t{0}, uint64_t{5}, uint64_t{50}, options.peers / 2}) {
        if (slow > options.peers) continue;
        std::printf("%8llu %12llu %12.1f\n", static_cast<unsigned long long>(options.peers),
                    static_cast<unsigned long long>(slow), poll_us(options, options.peers, slow));
    }
}

struct Figures {
    double p50_us = 0, p99_us = 0, p999_us = 0;
    double cpu_seconds = 0;  // Of the receiving thread, per second.
};

double percentile(std::vector<int64_t>& times, double share) {
    const auto at = static_cast<size_t>(share * static_cast<double>(times.size() - 1));
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(at), times.end());
    return static_cast<double>(times[at]);
}

Figures run_round(const Options& options, Where where) {
    Station station(options, options.peers);
    Elsewhere elsewhere;
    std::vector<int> peers;
    if (where == Where::here) peers = station.connect_peers(options.peers);
    if (where == Where::elsewhere) peers = elsewhere.connect_peers(options.peers);

    const uint64_t events = options.rate * options.millis / 1000;
    std::vector<int64_t> times;
    times.reserve(events);
    const double begin = bench::cpu_seconds();
    std::thread sender([&] { send_on_schedule(station.source().bound(), options); });
    hostpath::Wait wait;
    {
        const Trickle trickle(peers);
        while (times.size() < events) {
            if (!station.take()) {
                wait.idle();
                continue;
            }
            wait.worked();
            const int64_t now = now_us();
            const RecordBatch& batch = station.batch();
            for (uint32_t row = 0; row < batch.count; ++row) {
                times.push_back(now - batch.values[0][row]);
            }
        }
    }
    const double used = bench::cpu_seconds() - begin;
    sender.join();
    close_all(peers);
    const Transport& transport = *station.source().transport();
    if (transport.delivered != events || transport.lost() != 0) {
        std::fprintf(stderr, "events are missing: %s\n", to_text(transport).c_str());
        std::exit(1);
    }
    return {percentile(times, 0.5), percentile(times, 0.99), percentile(times, 0.999),
            used * 1000 / static_cast<double>(options.millis)};
}

const char* to_text(Where where) {
    switch (where) {
        case Where::nowhere:
            return "none";
        case Where::elsewhere:
            return "elsewhere";
        case Where::here:
            return "here";
    }
    return "";
}

void print_ratios(const char* what, std::vector<double> ratios) {
    std::printf("p99 with the others %s: median %.3f, from %.3f to %.3f\n", what,
                bench::median(ratios), *std::min_element(ratios.begin(), ratios.end()),
                *std::max_element(ratios.begin(), ratios.end()));
}

void print_rounds(const Options& options) {
    std::printf("%10s %10s %10s %10s %12s\n", "others", "p50 us", "p99 us", "p99.9 us", "cores");
    std::vector<double> ours, machines;
    for (uint64_t round = 0; round < options.rounds; ++round) {
        double none_us = 0, elsewhere_us = 0;
        for (const Where where : {Where::nowhere, Where::elsewhere, Where::here}) {
            const Figures figures = run_round(options, where);
            std::printf("%10s %10.0f %10.0f %10.0f %12.3f\n", to_text(where), figures.p50_us,
                        figures.p99_us, figures.p999_us, figures.cpu_seconds);
            const double p99_us = std::max(1.0, figures.p99_us);
            if (where == Where::nowhere) none_us = p99_us;
            if (where == Where::elsewhere) elsewhere_us = p99_us;
            if (where == Where::elsewhere) machines.push_back(p99_us / none_us);
            if (where == Where::here) ours.push_back(p99_us / elsewhere_us);
        }
    }
    print_ratios("elsewhere / without", machines);
    print_ratios("here / elsewhere", ours);
}

bool read_options(int count, char** arguments, Options& options) {
    for (int i = 1; i < count; i += 2) {
        const std::string name = arguments[i];
        uint64_t* const option = name == "--peers"    ? &options.peers
                                 : name == "--rate"   ? &options.rate
                                 : name == "--millis" ? &options.millis
                                 : name == "--rounds" ? &options.rounds
                                 : name == "--ring"   ? &options.ring
                                                      : nullptr;
        if (option == nullptr || i + 1 == count) return false;
        *option = std::strtoull(arguments[i + 1], nullptr, 10);
    }
    return options.rate > 0 && options.rate * options.millis >= 1000 && options.rounds > 0 &&
           options.peers < net::kConnectionsMax;
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    if (!read_options(count, arguments, options)) {
        std::fprintf(stderr,
                     "usage: %s [--peers N] [--rate EVENTS] [--millis N] [--rounds N] [--ring 1]\n",
                     arguments[0]);
        return 2;
    }
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    std::printf("%s\n", bench::describe_machine().c_str());
    std::printf("%llu events/s, one in each frame, received by %s\n",
                static_cast<unsigned long long>(options.rate),
                options.ring != 0 ? "io_uring" : "epoll");
    print_polls(options);
    print_rounds(options);
    return 0;
}
