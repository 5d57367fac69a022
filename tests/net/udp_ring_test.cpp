#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/udp_receivers.h"

namespace trommel::net {
namespace {

class UdpRing : public testing::Test {
   protected:
    void SetUp() override {
        const Status status = probe_ring_receiver();
        if (!status.ok()) GTEST_SKIP() << status.message;
    }
};

TEST_F(UdpRing, DatagramsComeInOrderWithTheirSenders) {
    check_order_and_senders("127.0.0.1:0", make_ring_receiver);
}
TEST_F(UdpRing, AndSoTheyDoByIpv6) {
    check_order_and_senders("[::1]:0", make_ring_receiver);
}
TEST_F(UdpRing, EverySizeThereIsIsReceivedWhole) {
    check_sizes(make_ring_receiver);
}
TEST_F(UdpRing, ADatagramLongerThanTheBufferIsMarked) {
    check_truncation(make_ring_receiver);
}
TEST_F(UdpRing, WhatTheKernelPutTogetherIsKnownApart) {
    check_segments(make_ring_receiver);
}
TEST_F(UdpRing, AllSocketsAreAsked) {
    check_many_sockets(make_ring_receiver);
}

TEST(UdpRingBuild, WithoutLiburingTheReasonIsSaid) {
    if (built_with_io_uring()) GTEST_SKIP() << "built with liburing";
    std::unique_ptr<UdpReceiver> receiver;
    EXPECT_THAT(make_ring_receiver({}, receiver).message, testing::HasSubstr("no liburing"));
}

}  // namespace
}  // namespace trommel::net
