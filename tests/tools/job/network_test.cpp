// The sections of network sources.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/job/file.h"

namespace trommel::tools {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Read {
    Job job;
    std::vector<std::string> mistakes;
};

Read read(const std::string& text) {
    Read result;
    Mistakes mistakes;
    read_job(text, "job.yaml", {}, result.job, mistakes);
    for (const Mistake& mistake : mistakes.sorted()) result.mistakes.push_back(to_text(mistake));
    return result;
}

constexpr const char* kUdpRest = R"(
windows: [ { name: w, size: 1m } ]
aggregates: { n: count, s: sum(value) }
)";

TEST(JobNetwork, ReadsASourceOfDatagramsWhichNeedsNoDecode) {
    const Read r = read(std::string(R"(source:
  type: udp
  listen: 192.0.2.1:4000
  allow: [10.0.0.0/8, "fe80::/10"]
  sockets: 2
  receive: io_uring
  receive_buffer: 4MiB
  senders_max: 12
  keys: keys.txt
  stop_after: 5s
  stop_with_senders: true)") +
                        kUdpRest);
    ASSERT_THAT(r.mistakes, IsEmpty());
    const net::UdpSourceOptions& udp = r.job.source.udp;
    EXPECT_EQ(to_text(udp.socket.listen.endpoint), "192.0.2.1:4000");
    EXPECT_EQ(udp.intake.allow.size(), 2u);
    EXPECT_EQ(udp.socket.sockets, 2u);
    EXPECT_EQ(udp.receive, net::UdpReceive::io_uring);
    EXPECT_EQ(udp.socket.receive_buffer_bytes, uint64_t{4} << 20);
    EXPECT_EQ(udp.intake.senders_max, 12u);
    EXPECT_EQ(udp.keys_path, "keys.txt");
    EXPECT_EQ(udp.stop_after_us, 5'000'000);
    EXPECT_TRUE(udp.stop_with_senders);
    EXPECT_EQ(r.job.decode.format, net::Format::binary);
    EXPECT_EQ(r.job.config.key.size(), 1u);
    EXPECT_EQ(r.job.config.values.size(), 1u);
}

TEST(JobNetwork, NobodyListensToOthersByAccident) {
    const auto mistakes = [](const std::string& source) {
        return read("source: { type: udp, " + source + " }" + kUdpRest).mistakes;
    };
    for (const char* fine :
         {"listen: ':4000'", "listen: '[::1]:4000'", "listen: '0.0.0.0:1', allow: 10.0.0.0/8",
          "listen: '[::]:1', insecure_listen: true"}) {
        EXPECT_THAT(mistakes(fine), IsEmpty()) << fine;
    }
    EXPECT_THAT(mistakes("listen: 0.0.0.0:4000"),
                ElementsAre("job.yaml:1:30: error: source.listen: others than this machine can "
                            "reach 0.0.0.0:4000; say who may send (allow: [10.0.0.0/8]), or "
                            "insecure_listen: true"));
    EXPECT_THAT(mistakes("listen: '0.0.0.0:1', allow: []"),
                Contains(HasSubstr("source.allow is an empty list, which would allow nobody")));
    EXPECT_THAT(mistakes("listen: ':1', allow: [10.0.0.1/8]"),
                ElementsAre(HasSubstr("source.allow[0]: '10.0.0.1/8' has bits behind its prefix")));
    EXPECT_THAT(mistakes("listen: ':1', sockets: 17"),
                ElementsAre(HasSubstr("source.sockets: '17' is not a number from 1 to 16")));
    EXPECT_THAT(mistakes("listen: ':1', receive_buffer: 2GiB"),
                ElementsAre(HasSubstr("is not a size from 1 byte to 1 GiB")));
}

TEST(JobNetwork, ReadsCapturesAndDevices) {
    const Read pcap = read("source: { type: pcap, path: [a.pcap, b.pcap.gz], port: 4000, " +
                           std::string("allow: 10.0.0.0/8, verify_checksums: false }") + kUdpRest);
    ASSERT_THAT(pcap.mistakes, IsEmpty());
    EXPECT_THAT(pcap.job.source.paths, ElementsAre("a.pcap", "b.pcap.gz"));
    EXPECT_EQ(pcap.job.source.packets.packets.port, 4000);
    EXPECT_FALSE(pcap.job.source.packets.packets.verify_checksums);
    EXPECT_EQ(pcap.job.source.packets.packets.intake.allow.size(), 1u);

    const Read dpdk = read(
        "source: { type: dpdk, device: 'net_ring0', eal: [--no-huge, -m, 256], "
        "port: 1, queues: 2, stop_after: 1s }" +
        std::string(kUdpRest));
    ASSERT_THAT(dpdk.mistakes, IsEmpty());
    EXPECT_EQ(dpdk.job.source.dpdk.device, "net_ring0");
    EXPECT_THAT(dpdk.job.source.dpdk.eal, ElementsAre("--no-huge", "-m", "256"));
    EXPECT_EQ(dpdk.job.source.dpdk.queues, 2);
    EXPECT_EQ(dpdk.job.source.packets.stop_after_us, 1'000'000);

    EXPECT_THAT(read("source: { type: dpdk, port: 0 }" + std::string(kUdpRest)).mistakes,
                ElementsAre(HasSubstr("missing field 'source.device'"),
                            HasSubstr("source.port: '0' is not a number from 1 to 65535")));
    EXPECT_THAT(
        read("source: { type: pcap, path: a, port: 1, stop_after: 1s }" + std::string(kUdpRest))
            .mistakes,
        ElementsAre(HasSubstr("a capture ends by itself")));
}

TEST(JobNetwork, DatagramsCarryFramesAndNothingElse) {
    EXPECT_THAT(read(std::string("source: { type: udp, listen: ':1' }\n"
                                 "decode: { format: json, fields: { id: a, time: b } }") +
                     "\nwindows: [ { name: w, size: 1m } ]\naggregates: { n: count }")
                    .mistakes,
                Contains(HasSubstr("decode.format: datagrams carry frames; expected binary")));
}

}  // namespace
}  // namespace trommel::tools
