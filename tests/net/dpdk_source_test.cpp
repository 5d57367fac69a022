#include "net/dpdk_source.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tests/kit/temporary_directory.h"
#include "tests/net/capture_bytes.h"
#include "tests/net/dpdk_ring.h"
#include "tests/net/frame_packets.h"

// A program of its own. The EAL starts once in a process, so whatever starts it does so in a child;
// the devices are virtual and need neither privileges nor huge pages.
namespace trommel::net {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using State = Source::State;

DpdkOptions dpdk_options(const std::string& device) {
    DpdkOptions options;
    options.device = device;
    options.eal = {"--no-huge", "-m", "256"};
    options.mbufs = 8191;
    return options;
}

// What a process of its own says, which is 0 when all is well.
template <class Body>
int outcome_of(Body body) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        const bool good = body();
        std::fflush(nullptr);
        _exit(good ? 0 : 1);
    }
    int outcome = -1;
    return child > 0 && waitpid(child, &outcome, 0) == child ? outcome : -1;
}

// Whether the EAL starts on this machine at all, with the device that needs least.
bool eal_starts() {
    return outcome_of([] {
               std::unique_ptr<Source> source;
               const PacketSourceOptions options{packet_options(), "probe", {}, false};
               const Config config = config_of(options.packets.intake.decode);
               return make_dpdk_source(dpdk_options("net_null0"), options, config, system_clock(),
                                       source)
                          .ok() &&
                      source->open().ok();
           }) == 0;
}

// Runs a test's body in a process of its own, and fails where it fails.
template <class Body>
void in_child(Body body) {
    if (!built_with_dpdk()) GTEST_SKIP() << "SKIPPED: built without DPDK (libdpdk-dev)";
    const int outcome = outcome_of([&] {
        body();
        return !testing::Test::HasFailure();
    });
    if (outcome == 0) return;
    if (!eal_starts()) GTEST_SKIP() << "SKIPPED: DPDK does not start on this machine";
    FAIL() << "outcome " << outcome << "; see above";
}

// A source and all that came from it.
class Station {
   public:
    explicit Station(const DpdkOptions& options, const PacketIntakeOptions& packets,
                     bool stop_with_senders = false) {
        PacketSourceOptions source_options{packets, "dpdk", 200'000, stop_with_senders};
        const Config config = config_of(packets.intake.decode);
        status = make_dpdk_source(options, source_options, config, system_clock(), source);
        if (status.ok()) status = source->open();
        batch = std::make_unique<RecordBatch>(config, 100);
    }

    State poll() {
        batch->clear();
        const Source::Poll poll = source->poll(*batch, INT64_MAX);
        for (uint32_t row = 0; row < batch->count; ++row) {
            records.push_back(record_of(*batch, row, *source));
        }
        EXPECT_TRUE(source->transport()->adds_up()) << to_text(*source->transport());
        return poll.state;
    }
    // Until the source ends by itself, as one whose device falls silent does.
    void drain() {
        ASSERT_TRUE(status.ok()) << status.message;
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        for (State state = poll(); state != State::ended; state = poll()) {
            ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "it does not end";
            if (state == State::nothing) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    const Transport& transport() const { return *source->transport(); }

    Status status;
    std::unique_ptr<Source> source;
    std::unique_ptr<RecordBatch> batch;
    std::vector<DecodedRecord> records;
};

std::string write_capture(const testkit::TemporaryDirectory& directory, const std::string& name,
                          const std::vector<std::string>& packets) {
    std::ofstream file(directory.file(name), std::ios::binary);
    file << PcapBytes().header();
    for (const std::string& packet : packets) file << PcapBytes().packet(packet);
    return directory.file(name);
}

TEST(DpdkArguments, AVirtualDeviceIsOpenedWithoutTouchingOthers) {
    const auto arguments = eal_arguments({.device = "net_null0,size=64", .eal = {"-n", "2"}}, 3);
    EXPECT_THAT(arguments,
                ElementsAre("trommel", "--no-telemetry", "--no-shconf", "--in-memory", "--lcores",
                            "0@3", "--no-pci", "--vdev=net_null0,size=64", "-n", "2"));
    EXPECT_EQ(device_name("net_null0,size=64"), "net_null0");
}

TEST(DpdkArguments, APciAddressIsAllowed) {
    for (const char* device : {"0000:03:00.0", "af:00.1", "0000:03:00.0,dv_flow_en=1"}) {
        const auto arguments = eal_arguments({.device = device}, 0);
        EXPECT_THAT(arguments, Contains(device));
        EXPECT_THAT(arguments, Contains("-a"));
        EXPECT_THAT(arguments, Not(Contains("--no-pci")));
    }
    EXPECT_THAT(eal_arguments({.device = "net_pci0"}, 0), Contains("--no-pci"));
}

TEST(DpdkArguments, WhatTheJobSaysOfMemoryAndCoresReplacesTheDefaults) {
    for (const char* memory : {"--no-huge", "--huge-dir=/mnt/huge", "--legacy-mem"}) {
        EXPECT_THAT(eal_arguments({.device = "net_null0", .eal = {memory}}, 0),
                    Not(Contains("--in-memory")));
    }
    for (const char* cores : {"-l2", "-l", "-c", "--lcores=0@1"}) {
        EXPECT_THAT(eal_arguments({.device = "net_null0", .eal = {cores}}, 0),
                    Not(Contains("--lcores")));
    }
}

TEST(DpdkArguments, ImpossibleOptionsAreRefusedWithWhatWouldBeRight) {
    const auto wrong = [](auto change) {
        DpdkOptions options = dpdk_options("net_null0");
        change(options);
        const Status status = validate(options);
        EXPECT_EQ(status.code, Code::invalid_config);
        return status.message;
    };
    EXPECT_TRUE(validate(dpdk_options("net_null0")).ok());
    EXPECT_THAT(wrong([](auto& o) { o.device = ",size=64"; }), HasSubstr("device: none"));
    EXPECT_THAT(wrong([](auto& o) { o.queues = 0; }), HasSubstr("queues: 0 is not 1 to 64"));
    EXPECT_THAT(wrong([](auto& o) { o.mbufs = 2'000'000; }), HasSubstr("mbufs: 2000000"));
    EXPECT_THAT(wrong([](auto& o) { o.eal.push_back("--help"); }), HasSubstr("--help"));
    EXPECT_THAT(wrong([](auto& o) { o.eal.assign(65, "-n"); }), HasSubstr("more than 64"));
}

TEST(DpdkSource, WithoutDpdkTheBuildSaysSo) {
    if (built_with_dpdk()) GTEST_SKIP() << "built with DPDK";
    Station station(dpdk_options("net_null0"), packet_options());
    EXPECT_EQ(station.status.code, Code::no_input);
    EXPECT_THAT(station.status.message, HasSubstr("this build has no DPDK"));
}

TEST(DpdkSource, DeliversThePacketsOfACaptureExactly) {
    in_child([] {
        const testkit::TemporaryDirectory directory;
        std::vector<std::string> packets;
        for (uint64_t n = 0; n < 500; ++n) packets.push_back(frame_packet(n * 40, 40));
        const std::string path = write_capture(directory, "f.pcap", packets);
        Station station(dpdk_options("net_pcap0,rx_pcap=" + path), packet_options());
        station.drain();
        ASSERT_EQ(station.records.size(), 20'000u);
        for (uint64_t n = 0; n < 20'000; ++n) {
            ASSERT_EQ(station.records[n].id_lo, n);
            ASSERT_EQ(station.records[n].number, n);
        }
        EXPECT_EQ(station.records[0].partition, "10.1.2.3:5000/1");
        EXPECT_EQ(station.transport().lost(), 0u);
        EXPECT_EQ(station.transport().frames, 500u);
        EXPECT_EQ(station.transport().dropped_device, 0u);
    });
}

TEST(DpdkSource, EveryPacketIsCountedInOnePlace) {
    in_child([] {
        const testkit::TemporaryDirectory directory;
        const std::string v4 = ipv4(udp({.payload = frame_of(1, 1), .from = {}, .to = {}}));
        Ipv4Bytes fragment;
        fragment.fragment = 0x2000;
        const std::string path =
            write_capture(directory, "f.pcap",
                          {frame_packet(0, 1), ethernet(0x88a8, vlan(0x8100, vlan(0x0800, v4))),
                           ethernet(0x0800, ipv4(udp({}), fragment)), ethernet(0x0806, "arp"),
                           "short", udp_packet("no frame"), frame_packet(4, 1)});
        Station station(dpdk_options("net_pcap0,rx_pcap=" + path), packet_options());
        station.drain();
        EXPECT_THAT(words_of(station.records),
                    ElementsAre("0", "1", "!shorter than its link header",
                                "!a datagram that is too short for a frame", "4"));
        EXPECT_EQ(station.transport().foreign, 2u);
        EXPECT_EQ(station.transport().malformed, 2u);
        EXPECT_EQ(station.transport().lost_gaps, 2u);
        EXPECT_EQ(station.transport().datagrams, 7u);
    });
}

// A packet of more than one buffer: a chain, which is joined.
TEST(DpdkSource, APacketThatLiesInSeveralBuffersIsWhole) {
    in_child([] {
        const testkit::TemporaryDirectory directory;
        const std::string path =
            write_capture(directory, "f.pcap", {frame_packet(0, 200), frame_packet(200, 270)});
        Station station(dpdk_options("net_pcap0,rx_pcap=" + path), packet_options());
        station.drain();
        ASSERT_EQ(station.records.size(), 470u);
        EXPECT_EQ(station.records.back().id_lo, 469u);
        EXPECT_EQ(station.transport().malformed, 0u);
    });
}

TEST(DpdkSource, TwoFilesAreTwoQueues) {
    in_child([] {
        const testkit::TemporaryDirectory directory;
        std::vector<std::string> first, second;
        for (uint64_t n = 0; n < 300; ++n) {
            first.push_back(frame_packet(n, 1, 6000));
            second.push_back(frame_packet(n, 1, 7000));
        }
        DpdkOptions options =
            dpdk_options("net_pcap0,rx_pcap=" + write_capture(directory, "a.pcap", first) +
                         ",rx_pcap=" + write_capture(directory, "b.pcap", second));
        options.queues = 2;
        Station station(options, packet_options());
        station.drain();
        EXPECT_EQ(station.records.size(), 600u);
        EXPECT_EQ(station.transport().senders, 2u);
        EXPECT_EQ(station.transport().lost(), 0u);
    });
}

#if defined(TROMMEL_TEST_DPDK)
TEST(DpdkSource, QueuesOfARingAreAllReadWhileItRuns) {
    in_child([] {
        DpdkOptions options = dpdk_options("net_ring0");
        options.queues = 4;
        Station station(options, packet_options(), true);
        ASSERT_TRUE(station.status.ok()) << station.status.message;
        EXPECT_EQ(station.poll(), State::nothing);
        for (uint64_t round = 0; round < 50; ++round) {
            for (uint16_t queue = 0; queue < 4; ++queue) {
                const auto port = static_cast<uint16_t>(6000 + queue);
                for (uint64_t n = 0; n < 100; ++n) {
                    const std::string packet = frame_packet((round * 100 + n) * 3, 3, port);
                    ASSERT_TRUE(put_in_ring(queue, packet, n % 10 == 0 ? 50 : SIZE_MAX));
                }
            }
            while (station.poll() == State::records) {
            }
        }
        EXPECT_EQ(station.records.size(), 60'000u);
        EXPECT_EQ(station.transport().frames, 20'000u);
        EXPECT_EQ(station.transport().lost(), 0u);
        for (uint16_t queue = 0; queue < 4; ++queue) {
            const std::string end = frame_of(15'000, 0, 1, kFrameEnd);
            ASSERT_TRUE(put_in_ring(queue, udp_packet(end, static_cast<uint16_t>(6000 + queue))));
        }
        station.drain();
    });
}

#endif

// More packets than there are buffers, one run of them after another: each is given back.
TEST(DpdkSource, BuffersAreGivenBack) {
    in_child([] {
        DpdkOptions options = dpdk_options("net_null0,size=64,copy=1");
        options.mbufs = 2'047;
        Station station(options, packet_options());
        ASSERT_TRUE(station.status.ok()) << station.status.message;
        for (int polls = 0; polls < 100; ++polls) EXPECT_EQ(station.poll(), State::nothing);
        // Zeros, of no protocol. The device always has some.
        EXPECT_EQ(station.transport().foreign, 100u * 256 * 64) << to_text(station.transport());
    });
}

TEST(DpdkSource, LeavesTheThreadOnTheCoresThatItHad) {
    in_child([] {
        cpu_set_t before, after;
        ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
        Station station(dpdk_options("net_null0"), packet_options());
        ASSERT_TRUE(station.status.ok()) << station.status.message;
        ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
        EXPECT_TRUE(CPU_EQUAL(&before, &after));
    });
}

TEST(DpdkSource, PrintsNothingWhileItWorks) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    in_child([] {
        Station station(dpdk_options("net_null0"), packet_options());
        EXPECT_TRUE(station.status.ok()) << station.status.message;
    });
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(DpdkSource, TheEalStartsOnlyOnceInAProcess) {
    in_child([] {
        { Station first(dpdk_options("net_null0"), packet_options()); }
        const Station second(dpdk_options("net_null1"), packet_options());
        EXPECT_EQ(second.status.code, Code::no_input);
        EXPECT_EQ(second.status.message,
                  "cannot open net_null1: DPDK was started before, and can be only once in a "
                  "process");
    });
}

// How a device fails to open, from a process of its own.
template <class Change>
void expect_failure(const std::string& device, const std::vector<std::string>& parts,
                    Change change) {
    in_child([&] {
        DpdkOptions options = dpdk_options(device);
        change(options);
        const Station station(options, packet_options());
        EXPECT_EQ(station.status.code, Code::no_input);
        for (const std::string& part : parts) EXPECT_THAT(station.status.message, HasSubstr(part));
    });
}

TEST(DpdkSource, AFileThatIsNotThereIsTold) {
    expect_failure("net_pcap0,rx_pcap=gone.pcap", {"the device has no port", "gone.pcap: No such"},
                   [](DpdkOptions&) {});
}
TEST(DpdkSource, ADeviceThatIsNotKnownIsTold) {
    expect_failure("net_nonsense0", {"DPDK does not start: No such device", "net_nonsense0"},
                   [](DpdkOptions&) {});
}
TEST(DpdkSource, MoreQueuesThanTheDeviceHasAreTold) {
    expect_failure("net_ring0", {"queues: the device has 16, not 17"},
                   [](DpdkOptions& options) { options.queues = 17; });
}
TEST(DpdkSource, TooFewBuffersAreTold) {
    expect_failure("net_null0", {"mbufs: 500 are too few for 1 queues of 1024 descriptors", "1600"},
                   [](DpdkOptions& options) { options.mbufs = 500; });
}
TEST(DpdkSource, BuffersForWhichThereIsNoMemoryAreTold) {
    expect_failure("net_null0", {"no memory for 1000000 mbufs", "nr_hugepages", "raise -m"},
                   [](DpdkOptions& options) { options.mbufs = 1'000'000; });
}

}  // namespace
}  // namespace trommel::net
