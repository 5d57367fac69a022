#pragma once
#include <cstddef>
#include <cstdint>

#include "net/packet.h"

// One receiving port of a DPDK device: everything that needs DPDK's headers, behind plain types.
// Its .cpp is compiled for the processor that those headers ask for; since the linker may keep any
// one copy of an inline function for the whole program, it uses none of the standard library's.
namespace trommel::net {

inline constexpr uint32_t kDpdkBurstPackets = 64;

struct DpdkPortOptions {
    char** arguments = nullptr;  // For the EAL, with the program's name first. DPDK reorders them.
    int argument_count = 0;
    const char* device = "";  // The name of the device: of its port.
    uint16_t queues = 1;
    uint32_t mbufs = 0;
    bool promiscuous = false;
};

// Why a port could not be opened: a sentence, and what DPDK itself said on the way.
struct DpdkFailure {
    char what[256];
    char log[512];
};

class DpdkPort;

// Starts the EAL and the port. Null when that failed; then the EAL may have been started all the
// same, and cannot be again in this process: that is DPDK's own rule. Keeps the calling thread
// where it may run, though the EAL pins it.
DpdkPort* open_dpdk_port(const DpdkPortOptions& options, DpdkFailure& failure);
// Stops the port and the EAL.
void close_dpdk_port(DpdkPort* port);

// Takes up to kDpdkBurstPackets packets of a queue; returns how many. Their bytes are there until
// release_packets(), which comes before the next call.
uint32_t receive_packets(DpdkPort& port, uint16_t queue, ReceivedPacket* packets);
void release_packets(DpdkPort& port);

// Packets that device or driver say they have lost since the port was opened.
uint64_t dropped_packets(DpdkPort& port);

}  // namespace trommel::net
