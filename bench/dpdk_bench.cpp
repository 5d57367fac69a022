// What a packet costs from a DPDK device to rows of a batch, beside the bare driver loop (receive a
// burst, free it), in turns on the same port:
//
//   dpdk_bench [--events N] [--rounds N] [--passes N] [--huge 1]
//
// The device is net_pcap with infinite_rx: it copies packets of `events` events out of memory,
// again and again. Each pass through them has an intake of its own, so that no frame has come
// before. Time is the thread's CPU time. Without --huge 1 it needs no huge pages, and figures are
// for comparing on one machine only. Ends with 1 when rows are missing.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/record_batch.h"

#include "bench/kit/timing.h"
#include "net/dpdk_port.h"
#include "net/dpdk_source.h"
#include "net/packet_intake.h"
#include "net/wire.h"
#include "tests/kit/temporary_directory.h"

namespace {

using namespace trommel;  // A program of one file.
using namespace trommel::bench;

constexpr uint64_t kPackets = 4096;  // In the capture; a multiple of a burst.

struct Options {
    uint64_t events = 44, rounds = 9, passes = 20, huge = 0;
};

void append_big(std::string& bytes, uint64_t value, int size) {
    for (int b = size - 1; b >= 0; --b) bytes += static_cast<char>(value >> (8 * b) & 0xff);
}

// Ethernet, IPv4 and UDP around a frame; nobody verifies their checksums here.
std::string packet_of(const std::string& frame) {
    std::string bytes(12, '\x02');
    append_big(bytes, 0x0800, 2);
    append_big(bytes, 0x4500, 2);
    append_big(bytes, 28 + frame.size(), 2);
    append_big(bytes, 0, 4);
    append_big(bytes, 64 << 8 | 17, 2);
    append_big(bytes, 0, 2);
    append_big(bytes, 0x0a000001, 4);
    append_big(bytes, 0x0a000002, 4);
    append_big(bytes, 5000, 2);
    append_big(bytes, 4000, 2);
    append_big(bytes, 8 + frame.size(), 2);
    append_big(bytes, 0, 2);
    return bytes + frame;
}

bool write_capture(const std::string& path, uint64_t events) {
    std::ofstream file(path, std::ios::binary);
    std::string header;
    append_big(header, 0xa1b2c3d4, 4);
    append_big(header, 0x00020004, 4);
    append_big(header, 0, 8);
    append_big(header, 65536, 4);
    append_big(header, 1, 4);
    file << header;
    for (uint64_t p = 0; p < kPackets; ++p) {
        net::FrameHeader frame;
        frame.sequence = p * events;
        std::vector<net::WireEvent> all;
        for (uint64_t n = 0; n < events; ++n) {
            all.push_back({frame.sequence + n, 0, static_cast<int64_t>(n), 1, 1});
        }
        std::string bytes;
        append_frame(frame, all, bytes);
        const std::string packet = packet_of(bytes);
        std::string record;
        append_big(record, 0, 8);
        append_big(record, packet.size(), 4);
        append_big(record, packet.size(), 4);
        file << record << packet;
    }
    return file.flush().good();
}

net::PacketIntakeOptions intake_options() {
    net::PacketIntakeOptions options;
    options.intake.decode.format = net::Format::binary;
    options.intake.decode.id.form = net::IdForm::u64;
    options.intake.decode.key = {{"key", FieldType::integer}};
    options.intake.decode.values = {{"value", 0}};
    options.port = 4000;
    return options;
}

Config batch_config() {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.key = {{"key", FieldType::integer}};
    config.values = {{"value", 0}};
    return config;
}

// One pass through the capture; false when packets were missing.
bool bare_pass(net::DpdkPort& port) {
    net::ReceivedPacket packets[net::kDpdkBurstPackets];
    uint64_t received = 0;
    for (int silent = 0; received < kPackets && silent < 1000; ++silent) {
        const uint32_t burst = net::receive_packets(port, 0, packets);
        if (burst > 0) silent = 0;
        received += burst;
        net::release_packets(port);
    }
    return received == kPackets;
}

bool rows_pass(net::DpdkPort& port, uint64_t events, RecordBatch& batch) {
    net::PacketIntake intake(intake_options(), system_clock());
    net::ReceivedPacket packets[net::kDpdkBurstPackets];
    uint64_t received = 0, rows = 0;
    for (int silent = 0; received < kPackets && silent < 1000; ++silent) {
        const uint32_t burst = net::receive_packets(port, 0, packets);
        if (burst > 0) silent = 0;
        received += burst;
        for (uint32_t p = 0; p < burst; ++p) {
            while (!intake.take(packets[p], net::LinkType::ethernet, batch)) {
                rows += batch.count;
                batch.clear();
            }
        }
        net::release_packets(port);
    }
    rows += batch.count;
    batch.clear();
    return rows == kPackets * events && intake.frames().transport().lost() == 0;
}

net::DpdkPort* open_port(const std::string& path, bool huge) {
    net::DpdkOptions options;
    options.device = "net_pcap0,rx_pcap=" + path + ",infinite_rx=1";
    if (!huge) options.eal = {"--no-huge", "-m", "256"};
    std::vector<std::string> arguments = eal_arguments(options, 0);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    const auto count = static_cast<int>(pointers.size());
    pointers.push_back(nullptr);
    net::DpdkFailure failure;
    net::DpdkPort* const port =
        open_dpdk_port({pointers.data(), count, "net_pcap0", 1, options.mbufs, false}, failure);
    if (port == nullptr) std::fprintf(stderr, "dpdk_bench: %s (%s)\n", failure.what, failure.log);
    return port;
}

bool read_options(int count, char** arguments, Options& options) {
    const std::pair<std::string_view, uint64_t*> known[] = {{"--events", &options.events},
                                                            {"--rounds", &options.rounds},
                                                            {"--passes", &options.passes},
                                                            {"--huge", &options.huge}};
    for (int i = 1; i < count; i += 2) {
        uint64_t* out = nullptr;
        for (const auto& [name, value] : known) {
            if (name == arguments[i]) out = value;
        }
        if (out == nullptr || i + 1 == count) return false;
        *out = std::strtoull(arguments[i + 1], nullptr, 10);
    }
    // A packet has to fit into one buffer of 2 KiB.
    return options.rounds > 0 && options.passes > 0 && options.events >= 1 && options.events <= 60;
}

// Nanoseconds of CPU time per packet; 0 when packets or rows were missing.
template <class Pass>
double cost_ns(uint64_t passes, Pass pass) {
    const double begin = cpu_seconds();
    for (uint64_t p = 0; p < passes; ++p) {
        if (!pass()) return 0;
    }
    return (cpu_seconds() - begin) * 1e9 / static_cast<double>(passes * kPackets);
}

int measure(net::DpdkPort& port, const Options& options) {
    RecordBatch batch(batch_config(), 4096);
    std::vector<double> bare, rows, ratio;
    for (uint64_t round = 0; round < options.rounds; ++round) {
        bare.push_back(cost_ns(options.passes, [&] { return bare_pass(port); }));
        rows.push_back(
            cost_ns(options.passes, [&] { return rows_pass(port, options.events, batch); }));
        if (bare.back() == 0 || rows.back() == 0) {
            std::printf("packets or rows are missing: no figures\n");
            return 1;
        }
        ratio.push_back(rows.back() / bare.back());
    }
    std::printf("%llu events a packet, net_pcap infinite_rx, %s huge pages, %llu rounds\n",
                static_cast<unsigned long long>(options.events),
                options.huge != 0 ? "with" : "without",
                static_cast<unsigned long long>(options.rounds));
    std::printf("receive and free     %8.1f ns a packet\n", median(bare));
    std::printf("receive to rows      %8.1f ns a packet, %.1f M events/s\n", median(rows),
                static_cast<double>(options.events) * 1e3 / median(rows));
    std::printf("ratio                %8.2f (median of the rounds)\n", median(ratio));
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    if (!read_options(count, arguments, options)) {
        std::fprintf(stderr,
                     "usage: dpdk_bench [--events 1-60] [--rounds N] [--passes N] [--huge 1]\n");
        return 64;
    }
    const testkit::TemporaryDirectory directory;
    if (!write_capture(directory.file("f.pcap"), options.events)) return 74;
    net::DpdkPort* const port = open_port(directory.file("f.pcap"), options.huge != 0);
    if (port == nullptr) return 1;
    const int outcome = measure(*port, options);
    close_dpdk_port(port);
    return outcome;
}
