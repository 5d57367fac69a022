#pragma once
#include "tools/job/file.h"
#include "tools/job/section.h"

// The readers of a job file's sections. Each takes what it knows from its section and reports the
// rest.
namespace trommel::tools {

// input.cpp
void read_source(Section& section, Job& job);
void read_synthetic(Section& section, Job& job);  // Part of read_source; synthetic.cpp
// The same; network.cpp
void read_udp(Section& section, Job& job);
void read_stream(Section& section, Job& job);
void read_pcap(Section& section, Job& job);
void read_dpdk(Section& section, Job& job);
void read_paths(Section& section, std::vector<std::string>& paths);  // `path`: one or a list.
void read_decode(Section& section, Job& job);  // Before the sections that name its fields.

// engine.cpp
void read_dedup(Section& section, DedupOptions& dedup);
void read_time(Section& section, Job& job);
void read_aggregates(Section& section, Config& config);
void read_windows(Section& root, Config& config);
void read_engine(Section& section, EngineOptions& engine);

// The settings that decoding takes from other sections, and what does not fit together then.
void check_decode(const Node& root, Job& job, Mistakes& mistakes);
// The same for stream connections, after check_decode().
void check_stream(const Node& root, Job& job, Mistakes& mistakes);
// Reports what is wrong with the made-up stream, once everything that it keeps to is read.
void check_synthetic(const Node& root, Job& job, Mistakes& mistakes);

// output.cpp
void read_sinks(Section& root, Job& job);
void read_dlq(Section& section, Job& job);  // Before read_time and read_decode.

// Reports files that two parts of the job would write, or one writes that another reads.
void check_outputs(const Node& root, const Job& job, Mistakes& mistakes);

// Reports `name: dlq` in a job without a dlq.
void require_dlq(Section& section, std::string_view name, const Job& job);

// Cores that this process may use, 1 to kShardsMax.
uint32_t available_threads();

Parsed<uint64_t> parse_seed(std::string_view text);

}  // namespace trommel::tools
