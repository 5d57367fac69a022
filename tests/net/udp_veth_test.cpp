// Frames from another network namespace, over a pair of virtual interfaces, with one datagram in
// ten dropped at random on the way. It makes namespaces, so it needs root and is asked for:
//
//   TROMMEL_TEST_NAMESPACES=1 build/dev/tests/net_test --gtest_filter='UdpVeth.*'
#include <array>
#include <atomic>
#include <chrono>
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
#include "tests/net/numbered_frames.h"
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
        // Addresses that are known: the first datagrams would wait for an answer, or be dropped
        // where nobody counts.
        tell_address(receiver_, "192.0.2.2", sender_);
        tell_address(sender_, "192.0.2.1", receiver_);
        usable_ = usable_ && is_up(sender_) && is_up(receiver_);
    }
    ~Namespaces() {
        usable_ = true;  // What there is of them.
        run("ip netns del " + sender_);
        usable_ = true;
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
    // A kernel that is still taking another namespace apart may make it wait.
    void run(const std::string& command) {
        usable_ = usable_ && std::system(("timeout 20 " + command).c_str()) == 0;
    }
    void tell_address(const std::string& of, const std::string& address, const std::string& to) {
        const std::string link = output_of("ip -n " + of + " -br link show veth0");
        const size_t at = link.find(':');  // "veth0@if2  UP  2e:8b:…  <…>"
        if (at == std::string::npos || at < 2) return;
        run("ip -n " + to + " neigh replace " + address + " dev veth0 lladdr " +
            link.substr(at - 2, 17));
    }
    // The interface carries something only when the kernel has noticed that both ends are up.
    static bool is_up(const std::string& name) {
        for (int naps = 0; naps < 500; ++naps) {
            if (output_of("ip -n " + name + " -br link show up veth0").find(" UP ") !=
                std::string::npos) {
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return false;
    }
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

// Lets the sender go, also when the receiver has failed.
struct Release {
    std::atomic<bool>&heard, &listening;
    ~Release() {
        listening.store(true);
        heard.store(true);
    }
};

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
        const Release release{heard, listening};
        ASSERT_TRUE(spaces.enter_receiver());
        testkit::FakeClock clock(0, 10);
        const UdpSourceOptions options = veth_options(receive);
        UdpSource source(options, clock);
        const Status opened = source.open();
        listening.store(true);
        ASSERT_TRUE(opened.ok()) << opened.message;
        RecordBatch batch(config_of(options.intake.decode), 4096);
        const auto hopeless = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        for (Source::State state = Source::State::nothing; state != Source::State::ended;) {
            ASSERT_LT(std::chrono::steady_clock::now(), hopeless) << to_text(*source.transport());
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
