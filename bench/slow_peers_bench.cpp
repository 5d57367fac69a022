// What connections that do nothing cost one that does: the time from when an event was to be sent
// to when the source brings it, without and with so many other connections to the same socket.
//
//   slow_peers_bench [--peers N] [--rate EVENTS] [--millis N] [--rounds N] [--ring 1]
//
// Half of the other connections are silent, half send a byte every 100 ms and never a whole record.
// The good sender's events are due at fixed times, whatever happened before, and each carries its
// own. Rounds without and with the others take turns. Ends with 1 when an event is missing.
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

// The other connections; every second one sends a byte now and then.
class Others {
   public:
    Others(const std::string& where, uint64_t count) {
        for (uint64_t i = 0; i < count; ++i) peers_.push_back(connect_to(where));
        thread_ = std::thread([this] { trickle(); });
    }
    ~Others() {
        over_ = true;
        thread_.join();
        for (const int peer : peers_) close(peer);
    }

   private:
    // 22 bytes of a header are a frame that has begun, and never one. The bytes are spread evenly.
    void trickle() {
        constexpr char kBegin[] = "TRM1\1\0\40";
        constexpr size_t kTicks = 100;  // Of a millisecond.
        for (size_t tick = 0; !over_; ++tick) {
            const size_t byte = tick / kTicks;
            for (size_t i = 2 * (tick % kTicks); i < peers_.size() && byte < 22; i += 2 * kTicks) {
                send(peers_[i], byte < 7 ? kBegin + byte : "\0", 1, MSG_NOSIGNAL);
            }
            usleep(1000);
        }
    }

    std::vector<int> peers_;
    std::atomic<bool> over_{false};
    std::thread thread_;
};

int64_t now_us() {
    return system_clock().monotonic_us();
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
        net::FrameHeader header;
        header.sequence = n;
        std::string frame;
        net::append_frame(header, {{n, 0, 0, due_us, due_us}}, frame);
        if (send(peer, frame.data(), frame.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(peer);
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

Figures run_round(const Options& options, uint64_t peers) {
    net::StreamSourceOptions source_options;
    source_options.decode.format = net::Format::binary;
    source_options.decode.id.form = net::IdForm::u64;
    source_options.decode.key = {{"key", FieldType::integer}};
    source_options.decode.values = {{"value", 0}};
    source_options.connections_max = static_cast<uint32_t>(peers) + 1;
    source_options.header_timeout_us = 0;  // They are to stay.
    source_options.receive = options.ring != 0 ? net::StreamSourceOptions::Receive::io_uring
                                               : net::StreamSourceOptions::Receive::poll;
    std::unique_ptr<net::StreamSource> source;
    Config config;
    config.dedup.id_type = IdType::u64;
    config.key = source_options.decode.key;
    config.values = source_options.decode.values;
    Status status = net::parse_listen_address("127.0.0.1:0", source_options.listen);
    if (status.ok()) {
        status = net::make_stream_source(source_options, config, system_clock(), source);
    }
    if (status.ok()) status = source->open();
    if (!status.ok()) {
        std::fprintf(stderr, "%s\n", status.message.c_str());
        std::exit(1);
    }

    RecordBatch batch(config, 4096);
    const auto take = [&] {
        batch.clear();
        return source->poll(batch, INT64_MAX).state == Source::State::records;
    };
    std::unique_ptr<Others> others;
    std::thread connecting([&] { others = std::make_unique<Others>(source->bound(), peers); });
    while (source->open_connections() < peers) take();
    connecting.join();

    const uint64_t events = options.rate * options.millis / 1000;
    std::vector<int64_t> times;
    times.reserve(events);
    const double begin = bench::cpu_seconds();
    std::thread sender([&] { send_on_schedule(source->bound(), options); });
    hostpath::Wait wait;
    while (times.size() < events) {
        if (!take()) {
            wait.idle();
            continue;
        }
        wait.worked();
        const int64_t now = now_us();
        for (uint32_t row = 0; row < batch.count; ++row) {
            times.push_back(now - batch.values[0][row]);
        }
    }
    const double used = bench::cpu_seconds() - begin;
    sender.join();
    if (source->transport()->delivered != events || source->transport()->lost() != 0) {
        std::fprintf(stderr, "events are missing: %s\n", to_text(*source->transport()).c_str());
        std::exit(1);
    }
    return {percentile(times, 0.5), percentile(times, 0.99), percentile(times, 0.999),
            used * 1000 / static_cast<double>(options.millis)};
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
    std::printf("%8s %10s %10s %10s %12s\n", "others", "p50 us", "p99 us", "p99.9 us", "cores");
    std::vector<double> ratios;
    for (uint64_t round = 0; round < options.rounds; ++round) {
        double p99_alone = 0;
        for (const uint64_t peers : {uint64_t{0}, options.peers}) {
            const Figures figures = run_round(options, peers);
            std::printf("%8llu %10.0f %10.0f %10.0f %12.3f\n",
                        static_cast<unsigned long long>(peers), figures.p50_us, figures.p99_us,
                        figures.p999_us, figures.cpu_seconds);
            if (peers == 0) p99_alone = figures.p99_us;
            if (peers != 0) ratios.push_back(figures.p99_us / std::max(1.0, p99_alone));
        }
    }
    if (ratios.empty()) return 0;
    std::printf("p99 with the others / without: median %.3f, from %.3f to %.3f\n",
                bench::median(ratios), *std::min_element(ratios.begin(), ratios.end()),
                *std::max_element(ratios.begin(), ratios.end()));
    return 0;
}
