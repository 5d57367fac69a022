#include "net/packet.h"

#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "tests/kit/random.h"
#include "tests/net/packet_bytes.h"

namespace trommel::net {
namespace {

using Kind = Packet::Kind;

constexpr uint16_t kPort = 4000;

Captured whole(const std::string& bytes) {
    return {bytes.data(), bytes.size(), bytes.size()};
}

// A packet with a payload of its own: the bytes may be gone.
struct Parsed {
    Kind kind = Kind::foreign;
    std::string_view why;
    Endpoint from;
    std::string payload;

    explicit Parsed(const Packet& packet)
        : kind(packet.kind), why(packet.why), from(packet.from), payload(packet.payload) {}
};
Parsed parse(const std::string& bytes, LinkType link = LinkType::ethernet, uint16_t port = kPort) {
    return Parsed(parse_packet(whole(bytes), {link, port, true}));
}

void expect_hello(const Parsed& packet, bool v6 = false) {
    EXPECT_EQ(packet.kind, Kind::datagram) << packet.why;
    EXPECT_EQ(packet.payload, "hello");
    EXPECT_EQ(packet.from.port, 5000);
    EXPECT_EQ(packet.from.v6, v6);
    const std::string address(packet.from.address.begin(), packet.from.address.end());
    EXPECT_EQ(address, v6 ? kFromV6 : std::string(10, '\0') + "\xff\xff" + kFromV4);
}
void expect(Kind kind, const std::string& why, const Parsed& packet) {
    EXPECT_EQ(packet.kind, kind) << packet.why;
    EXPECT_EQ(packet.why, why);
}

const std::string kUdpV4 = udp({});
std::string udp_v6() {
    UdpBytes u;
    u.v6 = true;
    return udp(u);
}

// Every kind of packet that holds a datagram for us.
struct Sample {
    std::string bytes;
    LinkType link = LinkType::ethernet;
    bool v6 = false;
};
std::vector<Sample> samples() {
    const std::string v4 = ipv4(kUdpV4), v6 = ipv6(udp_v6());
    Ipv4Bytes with_options;
    with_options.options = std::string(12, '\x01');
    return {
        {ethernet(0x0800, v4)},
        {ethernet(0x86dd, v6), LinkType::ethernet, true},
        {ethernet(0x8100, vlan(0x0800, v4))},
        {ethernet(0x88a8, vlan(0x8100, vlan(0x0800, v4)))},
        {ethernet(0x9100, vlan(0x8100, vlan(0x86dd, v6))), LinkType::ethernet, true},
        {ethernet(0x0800, ipv4(kUdpV4, with_options))},
        {ethernet(0x86dd, ipv6(extension(43, extension(60, extension(17, udp_v6(), 2)), 1), 0)),
         LinkType::ethernet, true},
        {v4, LinkType::ip},
        {v6, LinkType::ip, true},
        {big(2, 4) + v4, LinkType::loopback},
        {std::string("\x02\0\0\0", 4) + v4, LinkType::loopback},
        {std::string("\x1e\0\0\0", 4) + v6, LinkType::loopback, true},
        {big(10, 4) + v6, LinkType::loopback, true},
        {std::string(14, '\0') + big(0x0800, 2) + v4, LinkType::linux_cooked},
        {std::string(14, '\0') + big(0x8100, 2) + vlan(0x0800, v4), LinkType::linux_cooked},
        {big(0x86dd, 2) + std::string(18, '\0') + v6, LinkType::linux_cooked2, true},
    };
}

TEST(Packet, FindsTheDatagramBehindEveryKindOfHeader) {
    for (const Sample& sample : samples()) {
        expect_hello(parse(sample.bytes, sample.link), sample.v6);
        expect_hello(parse(sample.bytes, sample.link, 0), sample.v6);  // Any port.
    }
}

TEST(Packet, PaddingAfterTheDatagramIsNoPartOfIt) {
    for (const Sample& sample : samples()) {
        expect_hello(parse(sample.bytes + std::string(18, 'p'), sample.link), sample.v6);
    }
    EXPECT_EQ(parse(udp_packet("")).payload, "");
    EXPECT_EQ(parse(udp_packet("")).kind, Kind::datagram);
}

TEST(Packet, ACaptureThatEndsEarlyIsTruncatedAndAPacketThatDoesIsDamaged) {
    for (const Sample& sample : samples()) {
        for (size_t size = 0; size < sample.bytes.size(); ++size) {
            // In memory of its own: reading past the end is seen by the sanitizers.
            const std::unique_ptr<char[]> bytes(new char[size]);
            std::copy_n(sample.bytes.data(), size, bytes.get());
            const Packet cut =
                parse_packet({bytes.get(), size, sample.bytes.size()}, {sample.link, kPort, true});
            expect(Kind::truncated, "cut short by the capture", Parsed(cut));
            const Packet shorter =
                parse_packet({bytes.get(), size, size}, {sample.link, kPort, true});
            EXPECT_EQ(shorter.kind, Kind::damaged) << size << " " << shorter.why;
        }
    }
}

TEST(Packet, WhatIsSurelyNotOursIsForeignEvenWhenItIsCutShort) {
    const std::string other = udp_packet("hello", 5000, 4001);
    expect(Kind::foreign, "for another port", parse(other));
    const size_t ports = 14 + 20 + 4;
    expect(Kind::foreign, "for another port",
           Parsed(parse_packet({other.data(), ports, other.size()},
                               {LinkType::ethernet, kPort, true})));
    Ipv4Bytes tcp;
    tcp.protocol = 6;
    expect(Kind::foreign, "not UDP", parse(ethernet(0x0800, ipv4(std::string(20, 't'), tcp))));
    expect(Kind::foreign, "neither IPv4 nor IPv6", parse(ethernet(0x0806, std::string(28, 'a'))));
    expect(Kind::foreign, "no Ethernet II frame", parse(ethernet(46, std::string(46, 'l'))));
    expect(Kind::foreign, "neither IPv4 nor IPv6", parse(big(7, 4) + "x", LinkType::loopback));
    expect(Kind::foreign, "neither IPv4 nor IPv6",
           parse(big(0x00020002, 4) + ipv4(kUdpV4), LinkType::loopback));
}

TEST(Packet, MoreThanTwoVlanTagsAreForeign) {
    const std::string three = vlan(0x8100, vlan(0x8100, vlan(0x0800, ipv4(kUdpV4))));
    expect(Kind::foreign, "more VLAN tags than two", parse(ethernet(0x88a8, three)));
}

TEST(Packet, FragmentsAreForeign) {
    for (const int fragment : {0x2000, 0x0001, 0x2003}) {
        Ipv4Bytes ip;
        ip.fragment = static_cast<uint16_t>(fragment);
        expect(Kind::foreign, "a fragment", parse(ethernet(0x0800, ipv4(kUdpV4, ip))));
    }
    Ipv4Bytes whole_only;
    whole_only.fragment = 0x4000;  // "Do not fragment" is no fragment.
    expect_hello(parse(ethernet(0x0800, ipv4(kUdpV4, whole_only))));
    expect(Kind::foreign, "a fragment", parse(ethernet(0x86dd, ipv6(extension(17, udp_v6()), 44))));
}

TEST(Packet, Ipv4HeadersWithImpossibleLengthsAreDamaged) {
    const auto with = [](int Ipv4Bytes::*field, int value) {
        Ipv4Bytes ip;
        ip.*field = value;
        return parse(ethernet(0x0800, ipv4(kUdpV4, ip)));
    };
    expect(Kind::damaged, "an IPv4 header of impossible length", with(&Ipv4Bytes::header_words, 4));
    expect(Kind::damaged, "shorter than its IPv4 header", with(&Ipv4Bytes::header_words, 15));
    expect(Kind::damaged, "an IPv4 packet shorter than its header", with(&Ipv4Bytes::total, 19));
    expect(Kind::damaged, "an IPv4 packet shorter than it says", with(&Ipv4Bytes::total, 34));
    expect(Kind::damaged, "a UDP datagram shorter than it says", with(&Ipv4Bytes::total, 32));
    expect(Kind::damaged, "shorter than its UDP header", with(&Ipv4Bytes::total, 27));
    expect(Kind::damaged, "an IPv4 packet of another version",
           parse(ethernet(0x0800, ipv6(udp_v6()))));
    expect_hello(with(&Ipv4Bytes::total, 0));  // Not yet cut by the network card.
}

TEST(Packet, Ipv6HeadersWithImpossibleLengthsAreDamaged) {
    const std::string u = udp_v6();
    const int size = static_cast<int>(u.size());
    expect(Kind::damaged, "an IPv6 packet shorter than it says",
           parse(ethernet(0x86dd, ipv6(u, 17, size + 1))));
    expect(Kind::damaged, "a UDP datagram shorter than it says",
           parse(ethernet(0x86dd, ipv6(u, 17, size - 1))));
    expect(Kind::damaged, "shorter than its UDP header", parse(ethernet(0x86dd, ipv6(u, 17, 0))));
    expect(Kind::damaged, "an IPv6 packet of another version",
           parse(ethernet(0x86dd, ipv4(kUdpV4 + std::string(20, 'x')))));
    // An extension header that is longer than the packet.
    expect(Kind::damaged, "shorter than its IPv6 extension headers",
           parse(ethernet(0x86dd, ipv6(extension(17, u).replace(1, 1, "\xff"), 60))));
}

TEST(Packet, Ipv6ExtensionHeadersAreBoundedInNumber) {
    std::string u = udp_v6();
    for (int headers = 0; headers < 8; ++headers) u = extension(headers == 0 ? 17 : 60, u);
    expect_hello(parse(ethernet(0x86dd, ipv6(u, 60))), true);
    expect(Kind::foreign, "too many headers", parse(ethernet(0x86dd, ipv6(extension(60, u), 60))));
}

TEST(Packet, OtherIpv6PacketsAreForeign) {
    expect(Kind::foreign, "on its way to somebody else",
           parse(ethernet(0x86dd, ipv6(extension(17, udp_v6(), 0, 1), 43))));
    expect(Kind::foreign, "not UDP", parse(ethernet(0x86dd, ipv6(std::string(20, 't'), 6))));
    expect(Kind::foreign, "not UDP", parse(ethernet(0x86dd, ipv6(extension(59, ""), 0))));
    expect(Kind::foreign, "a jumbogram",
           parse(ethernet(0x86dd, ipv6(extension(17, udp_v6()), 0, 0))));
}

TEST(Packet, UdpLengthsThatAreImpossibleAreDamaged) {
    UdpBytes u;
    u.length = 7;
    expect(Kind::damaged, "a UDP datagram of impossible length",
           parse(ethernet(0x0800, ipv4(udp(u)))));
    u.length = 14;
    expect(Kind::damaged, "a UDP datagram shorter than it says",
           parse(ethernet(0x0800, ipv4(udp(u)))));
}

TEST(Packet, AChangedBitInHeaderOrPayloadIsDamagedWhenChecksumsAreVerified) {
    const std::string good = udp_packet("hello");
    for (size_t at = 14; at < good.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ 1 << bit);
            EXPECT_NE(parse(bad).kind, Kind::datagram) << at << " " << bit;
        }
    }
    std::string bad = good;
    bad.back() ^= 1;
    expect(Kind::damaged, "a UDP datagram with a wrong checksum", parse(bad));
    EXPECT_EQ(parse_packet(whole(bad), {LinkType::ethernet, kPort, false}).kind, Kind::datagram);
    Ipv4Bytes ip;
    ip.checksum = 1;
    bad = ethernet(0x0800, ipv4(kUdpV4, ip));
    expect(Kind::damaged, "an IPv4 header with a wrong checksum", parse(bad));
    EXPECT_EQ(parse_packet(whole(bad), {LinkType::ethernet, kPort, false}).kind, Kind::datagram);
}

TEST(Packet, AChecksumOfZeroMeansNoneAndIpv6WantsOne) {
    UdpBytes u;
    u.checksum = 0;
    expect_hello(parse(ethernet(0x0800, ipv4(udp(u)))));
    u.v6 = true;
    expect(Kind::damaged, "a UDP datagram with a wrong checksum",
           parse(ethernet(0x86dd, ipv6(udp(u)))));
}

// As on a loopback device, where nobody finishes what the kernel has begun.
TEST(Packet, AnUnfinishedChecksumIsNoDamage) {
    for (const bool v6 : {false, true}) {
        UdpBytes u;
        u.v6 = v6;
        const std::string pseudo =
            (v6 ? kFromV6 + kToV6 : kFromV4 + kToV4) + big(17, 2) + big(13, 2);
        u.checksum = static_cast<uint16_t>(~internet_checksum(pseudo));
        expect_hello(
            v6 ? parse(ethernet(0x86dd, ipv6(udp(u)))) : parse(ethernet(0x0800, ipv4(udp(u)))), v6);
        ++u.checksum;
        EXPECT_EQ(parse(ethernet(0x0800, ipv4(udp(u)))).kind, Kind::damaged);
    }
}

TEST(Packet, PayloadsOfEveryLengthPassTheirChecksum) {
    for (size_t size = 0; size < 70; ++size) {
        std::string payload;
        for (size_t i = 0; i < size; ++i) payload += static_cast<char>(251 * i + size);
        const std::string bytes = udp_packet(payload);
        const Parsed packet = parse(bytes);
        EXPECT_EQ(packet.kind, Kind::datagram) << size;
        EXPECT_EQ(packet.payload, payload);
    }
}

TEST(Packet, RandomChangesNeverReadOutsideAndAlwaysSayWhy) {
    testkit::Random random(20261128);
    const std::vector<Sample> all = samples();
    for (int round = 0; round < 200000; ++round) {
        const Sample& sample = all[random.below(all.size())];
        const size_t size = random.below(sample.bytes.size() + 1);
        const std::unique_ptr<char[]> bytes(new char[size]);
        std::copy_n(sample.bytes.data(), size, bytes.get());
        for (uint64_t change = random.below(4); change > 0 && size > 0; --change) {
            bytes[random.below(size)] = static_cast<char>(random.below(256));
        }
        const PacketOptions options{static_cast<LinkType>(random.below(5)),
                                    random.below(2) == 0 ? kPort : uint16_t{0},
                                    random.below(2) == 0};
        const Packet packet = parse_packet({bytes.get(), size, size + random.below(9)}, options);
        ASSERT_EQ(packet.kind == Kind::datagram, std::string_view(packet.why).empty());
        if (packet.kind != Kind::datagram) continue;
        ASSERT_GE(packet.payload.data(), bytes.get());
        ASSERT_LE(packet.payload.data() + packet.payload.size(), bytes.get() + size);
    }
}

}  // namespace
}  // namespace trommel::net
