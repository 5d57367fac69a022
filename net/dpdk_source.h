#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/config.h"
#include "trommel/source.h"

#include "net/packet_source.h"

namespace trommel::net {

inline constexpr uint32_t kDpdkQueuesMax = 64;
inline constexpr uint32_t kDpdkMbufsMax = uint32_t{1} << 20;
inline constexpr size_t kDpdkArgumentsMax = 64;

struct DpdkOptions {
    // A virtual device with its arguments, "net_pcap0,rx_pcap=f.pcap", or the address of a PCI
    // device, "0000:03:00.0", with its own.
    std::string device;
    std::vector<std::string> eal = {};  // More arguments of the EAL, as they are: "--no-huge".
    uint16_t queues = 1;                // Receive queues; the device spreads flows over them (RSS).
    uint32_t mbufs = 16383;             // Packets that lie in memory at most; about 2.4 KiB each.
    bool promiscuous = false;           // Also packets that are addressed to other machines.
};

bool built_with_dpdk();

// What the EAL is started with: defaults, `core`, the device, then options.eal.
std::vector<std::string> eal_arguments(const DpdkOptions& options, uint32_t core);
// The name that the EAL gives the device.
std::string device_name(const std::string& device);
// What is wrong with the options; ok when they may be tried.
Status validate(const DpdkOptions& options);

// Frames from a device by DPDK. DPDK starts in open(), once in a process; it makes threads of its
// own that sleep, and writes to standard error when it does not start. Fails when DPDK is not in
// this build or the options do not fit.
Status make_dpdk_source(const DpdkOptions& options, const PacketSourceOptions& source_options,
                        const Config& config, Clock& clock, std::unique_ptr<Source>& source);

}  // namespace trommel::net
