#include "net/udp_message.h"

#include <gtest/gtest.h>

namespace trommel::net {
namespace {

TEST(UdpMessage, SaysWhoSentItAndHowItIsCut) {
    UdpControl control;
    const uint8_t address[4] = {192, 0, 2, 7};
    sockaddr_storage name;
    msghdr header = {};
    header.msg_namelen = Endpoint::from_v4(address, 4000).to_socket(name);
    header.msg_name = &name;
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    cmsghdr* const part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_UDP;
    part->cmsg_type = UDP_GRO;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    const int segment = 100;
    std::memcpy(CMSG_DATA(part), &segment, sizeof segment);
    const UdpMessage message = message_of(header, "bytes", 5);
    EXPECT_EQ(to_text(message.from), "192.0.2.7:4000");
    EXPECT_EQ(message.segment, 100u);
    EXPECT_EQ(message.size, 5u);
    EXPECT_FALSE(message.truncated);
    header.msg_flags = MSG_TRUNC;
    EXPECT_TRUE(message_of(header, "bytes", 5).truncated);
}

TEST(UdpMessage, WithoutAWordItIsOneDatagram) {
    msghdr header = {};
    EXPECT_EQ(message_of(header, "bytes", 5).segment, 5u);
    EXPECT_EQ(message_of(header, "", 0).segment, 1u);
}

TEST(UdpMessage, WhatPassesIsNoFailure) {
    for (const int error : {EAGAIN, EINTR, ECONNREFUSED, ENOBUFS}) EXPECT_TRUE(is_nothing(error));
    EXPECT_FALSE(is_nothing(EBADF));
    EXPECT_EQ(receive_error(EBADF).code, Code::io);
}

}  // namespace
}  // namespace trommel::net
