#include <gtest/gtest.h>

#include "tests/net/udp_receivers.h"

namespace trommel::net {
namespace {

constexpr auto kMake = [](const UdpReceiverOptions& options,
                          std::unique_ptr<UdpReceiver>& receiver) {
    receiver = make_mmsg_receiver(options);
    return Status();
};

TEST(UdpMmsg, DatagramsComeInOrderWithTheirSenders) {
    check_order_and_senders("127.0.0.1:0", kMake);
}
TEST(UdpMmsg, AndSoTheyDoByIpv6) {
    check_order_and_senders("[::1]:0", kMake);
}
TEST(UdpMmsg, EverySizeThereIsIsReceivedWhole) {
    check_sizes(kMake);
}
TEST(UdpMmsg, ADatagramLongerThanTheBufferIsMarked) {
    check_truncation(kMake);
}
TEST(UdpMmsg, WhatTheKernelPutTogetherIsKnownApart) {
    check_segments(kMake);
}
TEST(UdpMmsg, AllSocketsAreAsked) {
    check_many_sockets(kMake);
}

}  // namespace
}  // namespace trommel::net
