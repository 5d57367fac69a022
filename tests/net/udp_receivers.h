#pragma once
#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "net/udp_receiver.h"
#include "net/udp_socket.h"
#include "tests/net/udp_sender.h"

// What every way of receiving must do; udp_mmsg_test and udp_ring_test run it for theirs.
namespace trommel::net {

struct ReceivedDatagram {
    std::string bytes;
    Endpoint from;
    bool truncated = false;
};

// Sockets on the loopback, and a receiver made by `make(options, receiver)`.
template <class Make>
struct ReceivingEnd {
    ReceivingEnd(const std::string& listen, uint32_t count, size_t buffer_bytes, Make make) {
        UdpSocketOptions options;
        EXPECT_TRUE(parse_listen_address(listen, options.listen).ok());
        options.sockets = count;
        options.receive_buffer_bytes = size_t{1} << 20;
        const Status opened = open_udp_sockets(options, sockets);
        EXPECT_TRUE(opened.ok()) << opened.message;
        const Status made = make(UdpReceiverOptions{sockets.all, buffer_bytes}, receiver);
        EXPECT_TRUE(made.ok()) << made.message;
    }

    // All that has come, cut into datagrams. Loopback brings what was sent before send() returns.
    std::vector<ReceivedDatagram> take_all() {
        std::vector<ReceivedDatagram> all;
        while (true) {
            std::span<const UdpMessage> messages;
            const Status status = receiver->receive(messages);
            EXPECT_TRUE(status.ok()) << status.message;
            if (messages.empty()) return all;
            for (const UdpMessage& message : messages) append(message, all);
        }
    }

    static void append(const UdpMessage& message, std::vector<ReceivedDatagram>& all) {
        size_t at = 0;
        do {
            const size_t size = std::min(message.segment, message.size - at);
            all.push_back({std::string(message.bytes + at, size), message.from,
                           message.truncated && at + size == message.size});
            at += size;
        } while (at < message.size);
    }

    UdpSockets sockets;
    std::unique_ptr<UdpReceiver> receiver;
};

inline std::string numbered(size_t number, size_t bytes) {
    std::string text = std::to_string(number);
    text.resize(bytes, '.');
    return text;
}

template <class Make>
void check_order_and_senders(const std::string& listen, Make make) {
    ReceivingEnd end(listen, 1, size_t{64} << 10, make);
    EXPECT_TRUE(end.take_all().empty());
    UdpSender one(end.sockets.bound), two(end.sockets.bound);
    for (size_t round = 0; round < 3; ++round) {
        for (size_t i = 0; i < 100; ++i) (i % 2 == 0 ? one : two).send(numbered(i, 5 + i));
        const auto all = end.take_all();
        ASSERT_EQ(all.size(), 100u);
        for (size_t i = 0; i < 100; ++i) {
            ASSERT_EQ(all[i].bytes, numbered(i, 5 + i));
            ASSERT_EQ(all[i].from, (i % 2 == 0 ? one : two).endpoint());
            ASSERT_FALSE(all[i].truncated);
        }
    }
    EXPECT_TRUE(end.take_all().empty());
    EXPECT_FALSE(one.was_answered());
}

template <class Make>
void check_sizes(Make make) {
    ReceivingEnd end("127.0.0.1:0", 1, size_t{64} << 10, make);
    UdpSender sender(end.sockets.bound);
    const std::vector<size_t> sizes = {0, 1, 1472, 9000, 65507, 0, 3};
    for (const size_t size : sizes) sender.send(std::string(size, 'x'));
    const auto all = end.take_all();
    ASSERT_EQ(all.size(), sizes.size());
    for (size_t i = 0; i < sizes.size(); ++i) {
        EXPECT_EQ(all[i].bytes.size(), sizes[i]);
        EXPECT_FALSE(all[i].truncated);
    }
}

template <class Make>
void check_truncation(Make make) {
    ReceivingEnd end("127.0.0.1:0", 1, 2048, make);
    UdpSender sender(end.sockets.bound);
    for (const size_t size : {size_t{2048}, size_t{2049}, size_t{10}}) {
        sender.send(std::string(size, 'x'));
    }
    const auto all = end.take_all();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_FALSE(all[0].truncated);
    EXPECT_TRUE(all[1].truncated);
    EXPECT_EQ(all[1].bytes.size(), 2048u);
    EXPECT_FALSE(all[2].truncated);
}

// What was sent as one and cut by the kernel comes as the datagrams that it is.
template <class Make>
void check_segments(Make make) {
    ReceivingEnd end("127.0.0.1:0", 1, size_t{64} << 10, make);
    UdpSender sender(end.sockets.bound);
    std::string bytes;
    for (size_t i = 0; i < 40; ++i) bytes += numbered(i, 1440);
    bytes += "short";
    if (!sender.send_segments(bytes, 1440)) GTEST_SKIP() << "this system has no UDP_SEGMENT";
    const auto all = end.take_all();
    ASSERT_EQ(all.size(), 41u);
    for (size_t i = 0; i < 40; ++i) EXPECT_EQ(all[i].bytes, numbered(i, 1440));
    EXPECT_EQ(all[40].bytes, "short");
}

// More than there are buffers, and from more senders than one socket serves.
template <class Make>
void check_many_sockets(Make make) {
    ReceivingEnd end("127.0.0.1:0", 4, 2048, make);
    std::vector<UdpSender> senders;
    for (int i = 0; i < 20; ++i) senders.emplace_back(end.sockets.bound);
    for (size_t i = 0; i < 2000; ++i) senders[i % senders.size()].send(numbered(i, 20));
    std::vector<bool> seen(2000);
    for (const ReceivedDatagram& datagram : end.take_all()) {
        seen[std::stoul(datagram.bytes)] = true;
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 2000);
}

}  // namespace trommel::net
