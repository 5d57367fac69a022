// Stream connections as a source: TCP and unix sockets.
#include <algorithm>

#include "tools/job/network.h"
#include "tools/job/parts.h"

namespace trommel::tools {
namespace {

using net::StreamSourceOptions;

void read_unix_address(Section& section, StreamSourceOptions& stream) {
    for (const char* name : {"listen", "allow", "insecure_listen"}) {
        section.refuse(name,
                       "belongs to type: tcp; the file of a unix socket is its owner's alone");
    }
    section.require("path", "path: /run/trommel.sock");
    section.read_text("path", stream.path);
}

}  // namespace

void read_stream(Section& section, Job& job) {
    StreamSourceOptions& stream = job.source.stream;
    const bool tcp = job.source.type == SourceJob::Type::tcp;
    tcp ? read_listen(section, stream.listen, stream.allow) : read_unix_address(section, stream);
    section.read("receive", stream.receive,
                 one_of<StreamSourceOptions::Receive>(
                     {{"auto", StreamSourceOptions::Receive::automatic},
                      {"poll", StreamSourceOptions::Receive::poll},
                      {"io_uring", StreamSourceOptions::Receive::io_uring}}));
    read_limit(section, "connections_max", 1u, net::kConnectionsMax, stream.connections_max);
    read_limit(section, "senders_max", 1u, net::SenderTable::kSendersMax, stream.senders_max);
    section.read("connection_buffer", stream.connection_buffer_bytes, parse_bytes);
    section.read("idle_timeout", stream.idle_timeout_us, parse_duration_us);
    section.read("header_timeout", stream.header_timeout_us, parse_duration_us);
    section.read_text("keys", stream.keys_path);
    read_ending(section, stream.stop_after_us, stream.stop_with_senders);
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
