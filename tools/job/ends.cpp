#include "tools/job/ends.h"

#include <utility>

#include "net/dpdk_source.h"
#include "net/file_sink.h"
#include "net/file_source.h"
#include "net/null_sink.h"
#include "net/pcap_source.h"
#include "net/udp_source.h"

namespace trommel::tools {
namespace {

Status add_file_source(const Job& job, std::vector<std::string> paths, FileSystem& files,
                       Clock& clock, Ends& ends) {
    net::FileSourceOptions options;
    options.paths = std::move(paths);
    options.decode = job.decode;
    return net::make_file_source(options, job.config, files, clock, ends.sources.emplace_back());
}

// With a partition field one source reads the files in order; without one each file is a partition,
// and a lane that can be paused when it runs ahead of the others (contract T7).
Status make_file_sources(const Job& job, FileSystem& files, Clock& clock, Ends& ends) {
    std::vector<std::string> paths;
    if (Status status = find_files(job.source.paths, files, paths); !status.ok()) return status;
    if (job.decode.partition) return add_file_source(job, std::move(paths), files, clock, ends);
    if (paths.size() > kLanesMax) {
        return Status::error(Code::invalid_config,
                             "source.path: " + std::to_string(paths.size()) +
                                 " files, each a partition of its own, are more than " +
                                 std::to_string(kLanesMax) +
                                 "; name a partition field (decode.fields.partition) to have them "
                                 "read one after another");
    }
    for (std::string& path : paths) {
        Status status = add_file_source(job, {std::move(path)}, files, clock, ends);
        if (!status.ok()) return status;
    }
    return {};
}

void make_synthetic_source(const Job& job, Clock& clock, Ends& ends) {
    net::SyntheticSourceOptions options;
    options.stream = job.source.synthetic;
    options.rate = job.source.rate;
    options.with_raw = job.config.output == Output::unique;
    auto source = std::make_unique<net::SyntheticSource>(options, clock);
    ends.synthetic = source.get();
    ends.sources.push_back(std::move(source));
}

void make_udp_source(const Job& job, Clock& clock, Ends& ends) {
    net::UdpSourceOptions options = job.source.udp;
    options.intake.decode = job.decode;
    ends.sources.push_back(std::make_unique<net::UdpSource>(options, clock));
}

Status make_pcap_source(const Job& job, FileSystem& files, Clock& clock, Ends& ends) {
    net::PcapSourceOptions options{{}, job.source.packets.packets};
    options.packets.intake.decode = job.decode;
    if (Status status = find_files(job.source.paths, files, options.paths); !status.ok()) {
        return status;
    }
    return net::make_pcap_source(options, job.config, files, clock, ends.sources.emplace_back());
}

Status make_dpdk_source(const Job& job, Clock& clock, Ends& ends) {
    net::PacketSourceOptions options = job.source.packets;
    options.name = "dpdk:" + net::device_name(job.source.dpdk.device);
    options.packets.intake.decode = job.decode;
    return net::make_dpdk_source(job.source.dpdk, options, job.config, clock,
                                 ends.sources.emplace_back());
}

Status make_stream_source(const Job& job, Clock& clock, Ends& ends) {
    std::unique_ptr<net::StreamSource> source;
    Status status = net::make_stream_source(job.source.stream, job.config, clock, source);
    if (status.ok()) ends.sources.push_back(std::move(source));
    return status;
}

Status make_sources(const Job& job, FileSystem& files, Clock& clock, Ends& ends) {
    switch (job.source.type) {
        case SourceJob::Type::file:
        case SourceJob::Type::standard_input:
            break;
        case SourceJob::Type::synthetic:
            make_synthetic_source(job, clock, ends);
            return {};
        case SourceJob::Type::udp:
            make_udp_source(job, clock, ends);
            return {};
        case SourceJob::Type::tcp:
        case SourceJob::Type::unix_socket:
            return make_stream_source(job, clock, ends);
        case SourceJob::Type::pcap:
            return make_pcap_source(job, files, clock, ends);
        case SourceJob::Type::dpdk:
            return make_dpdk_source(job, clock, ends);
    }
    return make_file_sources(job, files, clock, ends);
}

std::unique_ptr<Sink> make_sink(const SinkJob& sink, std::optional<net::RowFormatter> rows,
                                FileSystem& files) {
    switch (sink.type) {
        case SinkJob::Type::file:
            return std::make_unique<net::FileSink>(sink.path, std::move(rows), files);
        case SinkJob::Type::standard_output:
            return std::make_unique<net::FileSink>("-", std::move(rows), files);
        case SinkJob::Type::null:
            break;
    }
    return std::make_unique<net::NullSink>();
}

}  // namespace

Status find_files(const std::vector<std::string>& patterns, FileSystem& files,
                  std::vector<std::string>& paths) {
    for (const std::string& pattern : patterns) {
        if (pattern.find_first_of("*?[") == std::string::npos) {
            paths.push_back(pattern);
            continue;
        }
        std::vector<std::string> found = files.glob(pattern);
        if (found.empty()) {
            return Status::error(Code::no_input, "source.path: no file matches '" + pattern + "'");
        }
        std::move(found.begin(), found.end(), std::back_inserter(paths));
    }
    return {};
}

Status make_ends(const Job& job, FileSystem& files, Clock& clock, Ends& ends) {
    if (Status status = make_sources(job, files, clock, ends); !status.ok()) return status;
    for (const SinkJob& sink : job.sinks) {
        std::optional<net::RowFormatter> rows;
        if (job.config.output == Output::windows) {
            rows.emplace(job.config, sink.format, sink.time_format);
        }
        ends.sinks.push_back(make_sink(sink, std::move(rows), files));
    }
    if (job.dlq) ends.dlq = make_sink(*job.dlq, std::nullopt, files);
    return {};
}

}  // namespace trommel::tools
