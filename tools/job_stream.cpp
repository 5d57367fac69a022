// Stream connections as a source: TCP and unix sockets.
#include <algorithm>

#include "tools/job_parts.h"

namespace trommel::tools {
namespace {

using net::StreamSourceOptions;

// A parser of what has one of its own, which says in a Status what is wrong.
template <class T, class Read>
Parsed<T> parsed_by(Read read, std::string_view text) {
    Parsed<T> parsed;
    parsed.error = read(std::string(text), parsed.value).message;
    return parsed;
}

Parsed<net::ListenAddress> parse_listen(std::string_view text) {
    return parsed_by<net::ListenAddress>(net::parse_listen_address, text);
}

// One network or a list of them.
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
    for (size_t i = 0; i < node->items.size(); ++i) {
        section.convert(node->items[i], name + "[" + std::to_string(i) + "]", added, parse);
    }
}

void read_tcp_address(Section& section, StreamSourceOptions& stream) {
    section.refuse("path", "belongs to type: unix and type: file");
    section.require("listen", "listen: 127.0.0.1:4000");
    read_allow(section, stream.allow);
    bool insecure = false;
    section.read("insecure_listen", insecure, parse_bool);
    if (!section.read("listen", stream.listen, parse_listen)) return;
    if (stream.listen.is_loopback() || insecure || !stream.allow.empty()) return;
    section.report(section.find("listen")->place, section.path_of("listen"),
                   "source.listen: others than this machine can reach " +
                       to_text(stream.listen.endpoint) +
                       "; say who may send (allow: [10.0.0.0/8]), or insecure_listen: true");
}

void read_unix_address(Section& section, StreamSourceOptions& stream) {
    for (const char* name : {"listen", "allow", "insecure_listen"}) {
        section.refuse(name,
                       "belongs to type: tcp; the file of a unix socket is its owner's alone");
    }
    section.require("path", "path: /run/trommel.sock");
    section.read_text("path", stream.path);
}

template <class T>
void read_limit(Section& section, std::string_view name, T& limit) {
    const auto parse = [](std::string_view text) {
        const Parsed<uint64_t> parsed = parse_count(text);
        if (!parsed.ok()) return Parsed<T>::fail(parsed.error);
        return Parsed<T>{static_cast<T>(std::min<uint64_t>(parsed.value, UINT32_MAX)), {}};
    };
    section.read(name, limit, parse);
}

}  // namespace

void read_stream(Section& section, Job& job) {
    StreamSourceOptions& stream = job.source.stream;
    const bool tcp = job.source.type == SourceJob::Type::tcp;
    tcp ? read_tcp_address(section, stream) : read_unix_address(section, stream);
    section.read("receive", stream.receive,
                 one_of<StreamSourceOptions::Receive>(
                     {{"auto", StreamSourceOptions::Receive::automatic},
                      {"poll", StreamSourceOptions::Receive::poll},
                      {"io_uring", StreamSourceOptions::Receive::io_uring}}));
    read_limit(section, "connections_max", stream.connections_max);
    read_limit(section, "senders_max", stream.senders_max);
    section.read("connection_buffer", stream.connection_buffer_bytes, parse_bytes);
    section.read("idle_timeout", stream.idle_timeout_us, parse_duration_us);
    section.read("header_timeout", stream.header_timeout_us, parse_duration_us);
    section.read_text("keys", stream.keys_path);
    int64_t stop_after_us = 0;
    if (section.read("stop_after", stop_after_us, parse_duration_us)) {
        stream.stop_after_us = stop_after_us;
    }
    section.read("stop_with_senders", stream.stop_with_senders, parse_bool);
}

void check_stream(const Node& root, Job& job, Mistakes& mistakes) {
    if (!job.source.is_stream() || !mistakes.empty()) return;
    // A connection's buffer holds a whole record. Unless the job says how long a record may be, the
    // buffer does.
    if (job.config.engine.record_bytes_max == 0) {
        job.decode.record_bytes_max = std::min<uint64_t>(job.decode.record_bytes_max,
                                                         job.source.stream.connection_buffer_bytes);
    }
    job.source.stream.decode = job.decode;
    const Status status = net::validate(job.source.stream, job.config);
    if (status.ok()) return;
    const std::string path = status.message.substr(0, status.message.find(':'));
    mistakes.add(place_of(root, path), "source", status.message);
}

}  // namespace trommel::tools
