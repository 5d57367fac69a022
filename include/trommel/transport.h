#pragma once
#include <cstdint>
#include <string>

namespace trommel {

// What became of the events of a source whose transport can lose some (contract L3). Events are
// counted by their senders' sequence numbers, which alone see every loss; the counters after them
// say where datagrams were lost, as far as the places tell. Plain numbers, taken at one moment.
struct Transport {
    // Of all senders: sent = delivered + lost(), checked at the end of a run.
    uint64_t sent = 0;         // Up to the highest sequence number that each has shown.
    uint64_t delivered = 0;    // Events of accepted frames; each is one record of the ledger.
    uint64_t lost_gaps = 0;    // Missing between frames that came.
    uint64_t lost_before = 0;  // Numbered before the first frame that came of a sender's epoch.

    uint64_t senders = 0;           // Known: partitions.
    uint64_t frames = 0;            // Accepted.
    uint64_t frames_reordered = 0;  // Of them, those that came after a later one.
    uint64_t frames_duplicate = 0;  // Whole frames that had come before; dropped.
    uint64_t events_duplicate = 0;  // Their events: neither sent again nor delivered.
    uint64_t frames_stale = 0;      // Of an epoch that is over, or too old to tell; dropped.
    uint64_t datagrams = 0;         // Taken from the kernel, device or file; streams: reads.
    uint64_t bytes = 0;

    // Datagrams (or packets) that are not frames of anybody, each counted once.
    uint64_t truncated = 0;        // Longer than there was room for.
    uint64_t malformed = 0;        // Damaged, or no frame; each is a corrupt record.
    uint64_t denied = 0;           // From an address that is not allowed; not looked at.
    uint64_t unauthentic = 0;      // Without the signature that its sender must give.
    uint64_t senders_refused = 0;  // From a sender more than there may be.
    uint64_t foreign = 0;          // Packets of other protocols, ports or fragments.

    // Lost below us, in datagrams or packets; what the places themselves report.
    uint64_t dropped_kernel = 0;  // The socket's memory was full.
    uint64_t dropped_device = 0;  // The device or its driver had no room, or an error.

    // Streams.
    uint64_t connections = 0;          // Accepted.
    uint64_t connections_refused = 0;  // More than there may be, or not allowed.
    uint64_t connections_ended = 0;    // By us: idle too long, or damaged.

    uint64_t lost() const { return lost_gaps + lost_before; }
    bool adds_up() const { return sent == delivered + lost(); }
};

// The counters beyond sent, delivered and lost, by the names that reports give them.
struct TransportCounter {
    const char* name;
    uint64_t Transport::*member;
};
inline constexpr TransportCounter kTransportCounters[] = {
    {"lost_gaps", &Transport::lost_gaps},
    {"lost_before", &Transport::lost_before},
    {"senders", &Transport::senders},
    {"frames", &Transport::frames},
    {"frames_reordered", &Transport::frames_reordered},
    {"frames_duplicate", &Transport::frames_duplicate},
    {"events_duplicate", &Transport::events_duplicate},
    {"frames_stale", &Transport::frames_stale},
    {"datagrams", &Transport::datagrams},
    {"bytes", &Transport::bytes},
    {"truncated", &Transport::truncated},
    {"malformed", &Transport::malformed},
    {"denied", &Transport::denied},
    {"unauthentic", &Transport::unauthentic},
    {"senders_refused", &Transport::senders_refused},
    {"foreign", &Transport::foreign},
    {"dropped_kernel", &Transport::dropped_kernel},
    {"dropped_device", &Transport::dropped_device},
    {"connections", &Transport::connections},
    {"connections_refused", &Transport::connections_refused},
    {"connections_ended", &Transport::connections_ended},
};

// "sent=… delivered=… lost=…", then each further counter that is not zero.
inline std::string to_text(const Transport& transport) {
    std::string text = "sent=" + std::to_string(transport.sent) +
                       " delivered=" + std::to_string(transport.delivered) +
                       " lost=" + std::to_string(transport.lost());
    for (const TransportCounter& counter : kTransportCounters) {
        const uint64_t count = transport.*counter.member;
        if (count > 0) text += std::string(" ") + counter.name + "=" + std::to_string(count);
    }
    return text;
}

}  // namespace trommel
