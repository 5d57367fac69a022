#include "tools/job/network.h"

#include "tools/job/parts.h"

namespace trommel::tools {
namespace {

Parsed<net::ListenAddress> parse_listen(std::string_view text) {
    Parsed<net::ListenAddress> parsed;
    parsed.error = net::parse_listen_address(std::string(text), parsed.value).message;
    return parsed;
}

Parsed<uint64_t> parse_receive_buffer(std::string_view text) {
    const Parsed<uint64_t> parsed = parse_bytes(text);
    if (!parsed.ok() || (parsed.value > 0 && parsed.value <= net::kReceiveBufferBytesMax)) {
        return parsed;
    }
    return Parsed<uint64_t>::fail("'" + std::string(text) + "' is not a size from 1 byte to " +
                                  bytes_text(net::kReceiveBufferBytesMax));
}

// What is for us among packets, and who may send it.
void read_packets(Section& section, net::PacketIntakeOptions& packets) {
    section.require("port", "port: 4000");
    read_limit(section, "port", uint16_t{1}, uint16_t{65535}, packets.port);
    section.read("verify_checksums", packets.verify_checksums, parse_bool);
    read_allow(section, packets.intake.allow);
    read_limit(section, "senders_max", 1u, net::SenderTable::kSendersMax,
               packets.intake.senders_max);
    section.read_text("keys", packets.keys_path);
}

void read_eal(Section& section, std::vector<std::string>& arguments) {
    const Node* const node = section.find("eal");
    if (node == nullptr) return;
    const std::string name = section.path_of("eal");
    if (node->kind != Node::Kind::list) {
        section.report(node->place, name,
                       name + " is not a list of arguments; expected [--no-huge, -m, 512]");
        return;
    }
    for (size_t i = 0; i < node->items.size(); ++i) {
        section.convert(node->items[i], name + "[" + std::to_string(i) + "]",
                        arguments.emplace_back(), parse_text);
    }
}

}  // namespace

void read_allow(Section& section, net::AccessList& allow) {
    const Node* const node = section.find("allow");
    if (node == nullptr) return;
    const auto parse = [&](std::string_view text) {
        return Parsed<bool>{true, allow.add(std::string(text)).message};
    };
    bool added = false;
    const std::string name = section.path_of("allow");
    if (node->kind != Node::Kind::list) {
        section.convert(*node, name, added, parse);
        return;
    }
    if (node->items.empty()) {
        section.report(node->place, name, name + " is an empty list, which would allow nobody");
    }
    for (size_t i = 0; i < node->items.size(); ++i) {
        section.convert(node->items[i], name + "[" + std::to_string(i) + "]", added, parse);
    }
}

void read_listen(Section& section, net::ListenAddress& listen, net::AccessList& allow) {
    section.refuse("path", "belongs to sources of files and to unix sockets");
    const Node* const node = section.require("listen", "listen: 127.0.0.1:4000");
    read_allow(section, allow);
    bool insecure = false;
    section.read("insecure_listen", insecure, parse_bool);
    if (!section.read("listen", listen, parse_listen)) return;
    if (listen.is_loopback() || insecure || !allow.empty()) return;
    section.report(node->place, section.path_of("listen"),
                   section.path_of("listen") + ": others than this machine can reach " +
                       to_text(listen.endpoint) +
                       "; say who may send (allow: [10.0.0.0/8]), or insecure_listen: true");
}

void read_ending(Section& section, std::optional<int64_t>& stop_after_us, bool& stop_with_senders) {
    int64_t after_us = 0;
    if (section.read("stop_after", after_us, parse_duration_us)) stop_after_us = after_us;
    section.read("stop_with_senders", stop_with_senders, parse_bool);
}

void read_pcap(Section& section, Job& job) {
    read_paths(section, job.source.paths);
    job.source.packets.packets.verify_checksums = true;
    read_packets(section, job.source.packets.packets);
    for (const char* name : {"stop_after", "stop_with_senders"}) {
        section.refuse(name, "belongs to live sources; a capture ends by itself");
    }
}

void read_dpdk(Section& section, Job& job) {
    net::DpdkOptions& dpdk = job.source.dpdk;
    section.refuse("path",
                   "belongs to sources that read files; a device of a capture is "
                   "\"net_pcap0,rx_pcap=f.pcap\"");
    section.require("device", "device: \"0000:03:00.0\"");
    section.read_text("device", dpdk.device);
    read_eal(section, dpdk.eal);
    read_limit(section, "queues", uint16_t{1}, static_cast<uint16_t>(net::kDpdkQueuesMax),
               dpdk.queues);
    read_limit(section, "mbufs", 1u, net::kDpdkMbufsMax, dpdk.mbufs);
    section.read("promiscuous", dpdk.promiscuous, parse_bool);
    read_packets(section, job.source.packets.packets);
    read_ending(section, job.source.packets.stop_after_us, job.source.packets.stop_with_senders);
    if (const Status status = net::validate(dpdk); !dpdk.device.empty() && !status.ok()) {
        section.report(section.place(), section.path(), section.path() + ": " + status.message);
    }
}

void read_udp(Section& section, Job& job) {
    net::UdpSourceOptions& udp = job.source.udp;
    read_listen(section, udp.socket.listen, udp.intake.allow);
    read_limit(section, "sockets", 1u, net::kUdpSocketsMax, udp.socket.sockets);
    section.read("receive_buffer", udp.socket.receive_buffer_bytes, parse_receive_buffer);
    section.read("receive", udp.receive,
                 one_of<net::UdpReceive>({{"auto", net::UdpReceive::automatic},
                                          {"recvmmsg", net::UdpReceive::recvmmsg},
                                          {"io_uring", net::UdpReceive::io_uring}}));
    read_limit(section, "senders_max", 1u, net::SenderTable::kSendersMax, udp.intake.senders_max);
    section.read_text("keys", udp.keys_path);
    read_ending(section, udp.stop_after_us, udp.stop_with_senders);
}

}  // namespace trommel::tools
