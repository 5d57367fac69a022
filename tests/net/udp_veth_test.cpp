// Frames from another network namespace, over a pair of virtual interfaces, with one datagram in
// ten dropped at random on the way. It makes namespaces, so it needs root and is asked for:
//
//   TROMMEL_TEST_NAMESPACES=1 build/dev/tests/net_test --gtest_filter='UdpVeth.*'
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <sched.h>
#include <thread>
#include <unistd.h>

#include "net/udp_source.h"
#include "tests/kit/fake_clock.h"
#include "tests/net/decoded_records.h"
#include "tests/net/udp_sender.h"

namespace trommel::net {
namespace {

// What a command prints; empty when it fails.
std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
    std::string text;
    std::array<char, 256> part;
    while (pipe && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) text += part.data();
    return text;
}

// Two namespaces that a veth pair joins: 192.0.2.1 sends, 192.0.2.2 receives and drops.
class Namespaces {
   public:
    Namespaces() {
        run("ip netns add " + sender_);
        run("ip netns add " + receiver_);
        run("ip link add veth0 netns " + sender_ + " type veth peer name veth0 netns " + receiver_);
        run("ip -n " + sender_ + " addr add 192.0.2.1/24 dev veth0");
        run("ip -n " + receiver_ + " addr add 192.0.2.2/24 dev veth0");
        run("ip -n " + sender_ + " link set veth0 up");
        run("ip -n " + receiver_ + " link set veth0 up");
    }
    ~Namespaces() {
        run("ip netns del " + sender_);
        run("ip netns del " + receiver_);
    }
    void drop_one_in_ten() {
        run("ip netns exec " + receiver_ +
            " nft 'add table inet t; "
            "add chain inet t c { type filter hook input priority 0; }; "
            "add rule inet t c meta l4proto udp numgen random mod 100 < 10 counter drop'");
    }
    uint64_t dropped() const {
        const std::string rules =
            output_of("ip netns exec " + receiver_ + " nft list chain inet t c");
        const size_t at = rules.find("packets ");
        return at == std::string::npos ? 0 : std::strtoull(rules.c_str() + at + 8, nullptr, 10);
    }
    bool usable() const { return usable_; }

    // The calling thread, and the sockets that it opens, are in the namespace from now on.
    bool enter_sender() const { return enter(sender_); }
    bool enter_receiver() const { return enter(receiver_); }

   private:
    void run(const std::string& command) { usable_ &= std::system(command.c_str()) == 0; }
    static bool enter(const std::string& name) {
        const Descriptor space(open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
        return space.is_open() && setns(space.get(), CLONE_NEWNET) == 0;
    }

    const std::string sender_ = "trommel-s" + std::to_string(getpid());
    const std::string receiver_ = "trommel-r" + std::to_string(getpid());
    bool usable_ = true;
};

UdpSourceOptions veth_options(UdpReceive receive) {
    UdpSourceOptions options;
    EXPECT_TRUE(parse_listen_address("192.0.2.2:4000", options.socket.listen).ok());
    EXPECT_TRUE(options.intake.allow.add("192.0.2.0/24").ok());
    options.receive = receive;
    options.socket.receive_buffer_bytes = size_t{1} << 20;
    options.intake.decode.format = Format::binary;
    options.intake.decode.id.form = IdForm::u64;
    options.stop_with_senders = true;
    return options;
}

// Sends so many frames, and then its last word until it is heard. Returns the datagrams.
uint64_t send_all(const Namespaces& spaces, uint64_t count, const std::atomic<bool>& heard) {
    EXPECT_TRUE(spaces.enter_sender());
    Endpoint to;
    EXPECT_TRUE(parse_address("192.0.2.2", to));
    to.port = 4000;
    UdpSender sender(to);
    NumberedFrames frames;
    uint64_t sent = 0;
    for (; sent < count; ++sent) sender.send(frames.frame(44));
    for (; !heard.load(); ++sent) {
        sender.send(frames.frame(0, kFrameEnd));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return sent;
}

void check_conservation(UdpReceive receive) {
    if (std::getenv("TROMMEL_TEST_NAMESPACES") == nullptr) {
        GTEST_SKIP() << "makes network namespaces as root: set TROMMEL_TEST_NAMESPACES=1";
    }
    if (receive == UdpReceive::io_uring && !probe_ring_receiver().ok()) {
        GTEST_SKIP() << probe_ring_receiver().message;
    }
    Namespaces spaces;
    ASSERT_TRUE(spaces.usable()) << "needs root, and iproute2 with veth";
    spaces.drop_one_in_ten();
    ASSERT_TRUE(spaces.usable()) << "needs nft";
    constexpr uint64_t kFrames = 20'000;
    std::atomic<bool> heard{false}, listening{false};
    uint64_t datagrams = 0, records = 0;
    Transport transport;
    std::jthread receiving([&] {
        ASSERT_TRUE(spaces.enter_receiver());
        testkit::FakeClock clock(0, 10);
        const UdpSourceOptions options = veth_options(receive);
        UdpSource source(options, clock);
        const Status opened = source.open();
        listening.store(true);
        ASSERT_TRUE(opened.ok()) << opened.message;
        RecordBatch batch(config_of(options.intake.decode), 4096);
        for (Source::State state = Source::State::nothing; state != Source::State::ended;) {
            batch.clear();
            state = source.poll(batch, INT64_MAX).state;
            ASSERT_NE(state, Source::State::failed);
            records += batch.count;
            if (source.transport()->sent == kFrames * 44) heard.store(true);
        }
        // Its last words went on for a moment; the kernel's part of the way has to be over too.
        transport = *source.transport();
    });
    while (!listening.load()) std::this_thread::yield();
    std::jthread sending([&] { datagrams = send_all(spaces, kFrames, heard); });
    sending.join();
    receiving.join();

    SCOPED_TRACE(to_text(transport) + " of " + std::to_string(datagrams) + " datagrams, " +
                 std::to_string(spaces.dropped()) + " dropped on the way");
    EXPECT_EQ(transport.sent, kFrames * 44);
    EXPECT_EQ(transport.sent, transport.delivered + transport.lost());
    EXPECT_EQ(transport.delivered, records);
    // Each frame that is missing was dropped by the network or by the kernel; last words were too.
    const uint64_t frames_lost = transport.lost() / 44;
    const uint64_t dropped = spaces.dropped() + transport.dropped_kernel;
    EXPECT_LE(frames_lost, dropped);
    EXPECT_LE(dropped, frames_lost + (datagrams - kFrames));
    EXPECT_GT(frames_lost, kFrames / 20);
}

TEST(UdpVeth, EveryDatagramThatTheNetworkDropsIsCountedAsLost) {
    check_conservation(UdpReceive::recvmmsg);
}
TEST(UdpVeth, AndSoItIsByIoUring) {
    check_conservation(UdpReceive::io_uring);
}

}  // namespace
}  // namespace trommel::net
