#include "net/stream_io.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <sys/resource.h>
#include <vector>

#include "net/stream_listener.h"
#include "net/udp_receiver.h"
#include "tests/net/stream_peers.h"

namespace trommel::net {
namespace {

enum class Way : uint8_t { poll, ring };

// Both ways must answer alike. Connections are numbered as they come.
class StreamIoTest : public testing::TestWithParam<Way> {
   protected:
    static constexpr uint32_t kSlots = 64;

    void SetUp() override {
        Status why;
        io = GetParam() == Way::poll ? make_stream_poll() : make_stream_ring(why);
        if (io == nullptr) GTEST_SKIP() << why.message;
        ListenAddress address;
        ASSERT_TRUE(parse_listen_address("127.0.0.1:0", address).ok());
        const Status status = listener.listen_tcp(address);
        ASSERT_TRUE(status.ok()) << status.message;
        ASSERT_TRUE(io->open(listener.descriptor(), kSlots).ok());
    }
    void TearDown() override {
        io.reset();
        for (const int descriptor : descriptors) {
            if (descriptor >= 0) close(descriptor);
        }
    }

    StreamPeer connect() { return StreamPeer::connect(listener.bound()); }

    void look() {
        const StreamIo::Told told = io->poll();
        ASSERT_TRUE(told.failure.ok()) << told.failure.message;
        for (const StreamIo::Event& event : told.events) {
            if (event.kind == StreamIo::Event::Kind::refused) ++refusals;
            if (event.kind == StreamIo::Event::Kind::readable) ready.insert(event.value);
            if (event.kind != StreamIo::Event::Kind::accepted) continue;
            const auto slot = static_cast<uint32_t>(descriptors.size());
            descriptors.push_back(static_cast<int>(event.value));
            ASSERT_TRUE(io->add(slot, descriptors.back()));
        }
    }
    // Reads what there is from all that are ready.
    void read_all() {
        for (const uint32_t slot : std::set<uint32_t>(ready)) {
            for (;;) {
                const StreamIo::Read read = io->read(slot, 1000);
                if (read.kind == StreamIo::Read::Kind::nothing) break;
                EXPECT_LE(read.bytes.size(), 1000u);
                came[slot] += read.bytes;
                if (read.kind == StreamIo::Read::Kind::bytes) continue;
                ended[slot] = read.kind;
                break;
            }
            ready.erase(slot);
        }
    }
    // Until something holds, which it must in the end.
    template <class Condition>
    void look_until(Condition condition) {
        for (int i = 0; i < 2'000'000 && !condition(); ++i) {
            look();
            read_all();
        }
        ASSERT_TRUE(condition());
    }

    StreamListener listener;
    std::unique_ptr<StreamIo> io;
    std::vector<int> descriptors;
    std::set<uint32_t> ready;
    std::map<uint32_t, std::string> came;
    std::map<uint32_t, StreamIo::Read::Kind> ended;
    int refusals = 0;
};

INSTANTIATE_TEST_SUITE_P(, StreamIoTest, testing::Values(Way::poll, Way::ring),
                         [](const auto& param) {
                             return param.param == Way::poll ? "poll" : "io_uring";
                         });

TEST_P(StreamIoTest, BytesOfEachConnectionComeInTheirOrder) {
    const StreamPeer a = connect(), b = connect();
    look_until([&] { return descriptors.size() == 2; });
    std::string sent_a, sent_b;
    for (int i = 0; i < 200; ++i) {
        sent_a += std::to_string(i) + ",";
        sent_b += std::to_string(-i) + ";";
    }
    for (size_t at = 0; at < sent_a.size(); at += 7) {
        ASSERT_TRUE(a.send(std::string_view(sent_a).substr(at, 7)));
        look();
        read_all();
    }
    ASSERT_TRUE(b.send(sent_b));
    look_until([&] { return came[0] == sent_a && came[1] == sent_b; });
}

TEST_P(StreamIoTest, AnEndComesAfterTheBytesAndOnlyOnce) {
    StreamPeer a = connect();
    ASSERT_TRUE(a.send("all"));
    a.close();
    look_until([&] { return ended.count(0) == 1; });
    EXPECT_EQ(came[0], "all");
    EXPECT_EQ(ended[0], StreamIo::Read::Kind::end);
}

TEST_P(StreamIoTest, ABrokenConnectionIsNoEnd) {
    StreamPeer a = connect();
    look_until([&] { return descriptors.size() == 1; });
    a.reset();
    look_until([&] { return ended.count(0) == 1; });
    EXPECT_EQ(ended[0], StreamIo::Read::Kind::failed);
}

TEST_P(StreamIoTest, AConnectionThatIsNotReadFromHoldsNobodyElseUp) {
    const StreamPeer full = connect(), other = connect();
    look_until([&] { return descriptors.size() == 2; });
    const std::string much(1 << 20, 'x');
    size_t sent = 0;
    for (int i = 0; i < 1000; ++i) {
        sent += full.send_now(much);
        look();
    }
    ASSERT_GT(sent, 0u);
    EXPECT_EQ(full.send_now(much), 0u) << "its window is closed";
    ASSERT_TRUE(other.send("here"));
    // Only the other is read from, as far as its bytes are not behind those of the full one.
    for (int i = 0; i < 100'000 && came[1] != "here"; ++i) {
        look();
        if (ready.count(1) == 0 && ready.count(0) == 1) {
            const StreamIo::Read read = io->read(0, 1000);
            came[0] += read.bytes;
        } else {
            ready.erase(0);
            read_all();
            ready.insert(0);
        }
    }
    EXPECT_EQ(came[1], "here");
    ready.insert(0);
    look_until([&] { return came[0].size() == sent; });
}

TEST_P(StreamIoTest, ARemovedNumberIsFreeForAnotherConnection) {
    const StreamPeer old = connect();
    look_until([&] { return descriptors.size() == 1; });
    ASSERT_TRUE(old.send("old bytes that nobody reads"));
    look();
    io->remove(0);
    close(descriptors[0]);
    descriptors.clear();
    ready.clear();
    StreamPeer young = connect();
    look_until([&] { return descriptors.size() == 1; });
    ASSERT_TRUE(young.send("young"));
    young.close();
    look_until([&] { return ended.count(0) == 1; });
    EXPECT_EQ(came[0], "young");
    EXPECT_TRUE(old.sees_end());
}

TEST_P(StreamIoTest, ManyConnectionsCanComeAndGo) {
    for (int round = 0; round < 300; ++round) {
        StreamPeer peer = connect();
        const std::string text = std::to_string(round);
        ASSERT_TRUE(peer.send(text));
        peer.close();
        came.clear();
        ended.clear();
        look_until([&] { return ended.count(0) == 1; });
        ASSERT_EQ(came[0], text);
        io->remove(0);
        close(descriptors[0]);
        descriptors.clear();
    }
}

TEST_P(StreamIoTest, LackOfDescriptorsIsToldAndAcceptingGoesOnLater) {
    StreamPeer peer = connect();
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next = dup(0);
    close(next);
    const rlimit none_left{static_cast<rlim_t>(next), before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none_left), 0);
    for (int i = 0; i < 1000 && refusals == 0 && descriptors.empty(); ++i) look();
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_EQ(refusals, 1);
    for (int i = 0; i < 1000; ++i) look();
    EXPECT_EQ(descriptors.size(), 0u) << "not before it is told to";
    io->resume();
    ASSERT_TRUE(peer.send("patient"));
    look_until([&] { return came[0] == "patient"; });
}

TEST_P(StreamIoTest, AcceptsNobodyWhenToldNotTo) {
    look();
    io->stop_accepting();
    look();
    const StreamPeer peer = connect();
    for (int i = 0; i < 1000; ++i) look();
    EXPECT_EQ(descriptors.size(), 0u);
    io->resume();
    look_until([&] { return descriptors.size() == 1; });
}

TEST(StreamRing, SaysWhyWhenThereIsNone) {
    Status why;
    const std::unique_ptr<StreamIo> ring = make_stream_ring(why);
    EXPECT_EQ(ring != nullptr, why.ok());
    if (ring == nullptr) {
        EXPECT_NE(why.message.find("io_uring"), std::string::npos) << why.message;
    }
    if (!built_with_io_uring()) {
        EXPECT_EQ(ring, nullptr);
    }
}

}  // namespace
}  // namespace trommel::net
