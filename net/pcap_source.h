#pragma once
#include <memory>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/file_system.h"
#include "trommel/source.h"

#include "net/packet_intake.h"

namespace trommel::net {

struct PcapSourceOptions {
    // Captures (pcap or pcapng) that follow one another, as written by a capture that begins a new
    // file now and then. "-" is standard input; ".gz" and ".zst" are decompressed. At least one.
    std::vector<std::string> paths;
    PacketIntakeOptions packets;
};

// The frames of captured packets, as fast as they are taken. What the capture has missed shows as
// gaps of the senders' sequence numbers. Fails when options and config do not fit.
Status make_pcap_source(const PcapSourceOptions& options, const Config& config, FileSystem& files,
                        Clock& clock, std::unique_ptr<Source>& source);

}  // namespace trommel::net
