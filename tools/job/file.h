#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/run.h"

#include "net/decode_options.h"
#include "net/dpdk_source.h"
#include "net/packet_source.h"
#include "net/row_format.h"
#include "net/stream_source.h"
#include "net/synthetic_stream.h"
#include "net/udp_source.h"
#include "tools/job/document.h"

namespace trommel::tools {

struct SourceJob {
    enum class Type : uint8_t {
        file,
        standard_input,
        synthetic,
        udp,
        tcp,
        unix_socket,
        pcap,
        dpdk
    };

    Type type = Type::standard_input;
    std::vector<std::string> paths;  // file, pcap: as written, globs and all.
    net::SyntheticOptions synthetic;
    uint64_t rate = 0;  // synthetic: records per second; 0: as fast as they are taken.
    net::UdpSourceOptions udp;
    net::StreamSourceOptions stream;   // tcp, unix_socket
    net::PacketSourceOptions packets;  // pcap, dpdk
    net::DpdkOptions dpdk;

    // Its records are frames in datagrams: there is no other format to choose.
    bool brings_datagrams() const {
        return type == Type::udp || type == Type::pcap || type == Type::dpdk;
    }
    bool is_stream() const { return type == Type::tcp || type == Type::unix_socket; }
};

struct SinkJob {
    enum class Type : uint8_t { file, standard_output, null };

    Type type = Type::standard_output;
    std::string path;  // file
    net::RowFormat format = net::RowFormat::csv;
    net::RowTimeFormat time_format = net::RowTimeFormat::us;
};

// What a job file says, with every default filled in.
struct Job {
    std::string name = "job";
    Config config;
    SourceJob source;
    net::DecodeOptions decode;   // Not used by a synthetic source.
    std::vector<SinkJob> sinks;  // Never empty after reading.
    std::optional<SinkJob> dlq;
    DeadLetters late =
        DeadLetters::drop;  // keep when there is a dlq, unless the job says otherwise.
    DeadLetters corrupt = DeadLetters::drop;  // The same.
};

// A "path=value" that replaces part of a job file, and how it was given: "-s engine.threads=2".
struct Override {
    std::string assignment;
    std::string origin;
};

// Reads a job. Everything wrong with it, contradictions included, goes to `mistakes`; the job is
// usable only when there are none. `origin` is what mistakes call the file. Relative paths stay
// relative.
void read_job(const std::string& text, const std::string& origin,
              const std::vector<Override>& overrides, Job& job, Mistakes& mistakes);

inline constexpr size_t kJobFileBytesMax = size_t{1} << 20;

// Files that become lanes of their own because no field names the partition; more are refused.
inline constexpr size_t kLanesMax = 256;

}  // namespace trommel::tools
