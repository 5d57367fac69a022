#include "net/dpdk_port.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

namespace trommel::net {
namespace {

constexpr uint16_t kDescriptors = 1024;  // Per queue, where the driver leaves the choice.
constexpr uint32_t kPoolCache = 256;
constexpr size_t kJoinedBytesMax = 65'600;  // Of a packet that lies in several mbufs.
constexpr int kCountersMax = 64;
constexpr uint32_t kLogBytesMax = 4096;

}  // namespace

// Plain memory: made by calloc, so that no operator new is compiled here.
class DpdkPort {
   public:
    bool eal_started;
    bool started;  // The port.
    uint16_t number;
    rte_mempool* pool;
    char* joined;  // kDpdkBurstPackets times kJoinedBytesMax; pages come when they are used.

    rte_mbuf* burst[kDpdkBurstPackets];
    uint32_t burst_packets;

    // The driver's own counters of losses, by number.
    uint64_t counters[kCountersMax];
    int counter_count;
    uint64_t dropped_before;  // What the counters were when the port was opened.

    // What DPDK logs goes here and not to the process's error output; the last part of it is kept.
    FILE* log_stream;
    char log[kLogBytesMax];
    uint32_t log_bytes;
};

namespace {

ssize_t keep_log(void* cookie, const char* text, size_t size) {
    auto& port = *static_cast<DpdkPort*>(cookie);
    const auto bytes = static_cast<uint32_t>(size < kLogBytesMax ? size : kLogBytesMax);
    if (port.log_bytes + bytes > kLogBytesMax) {
        const uint32_t gone = port.log_bytes + bytes - kLogBytesMax;
        memmove(port.log, port.log + gone, port.log_bytes - gone);
        port.log_bytes -= gone;
    }
    memcpy(port.log + port.log_bytes, text + (size - bytes), bytes);
    port.log_bytes += bytes;
    return static_cast<ssize_t>(size);
}

void begin_log(DpdkPort& port) {
    cookie_io_functions_t functions{};
    functions.write = keep_log;
    port.log_stream = fopencookie(&port, "w", functions);
    if (port.log_stream == nullptr) return;  // Then it goes where DPDK sends it.
    setvbuf(port.log_stream, nullptr, _IOLBF, 0);
    rte_openlog_stream(port.log_stream);
}

bool tells_of_trouble(const char* line) {
    constexpr const char* kWords[] = {"fail",    "cannot",  "couldn't", "could not", "error",
                                      "no free", "invalid", "unable",   "no such",   "not "};
    for (const char* word : kWords) {
        if (strcasestr(line, word) != nullptr) return true;
    }
    return false;
}

// The lines of the log that say what went wrong, as far as there is room.
void tell_log(DpdkPort& port, char* out, size_t size) {
    out[0] = '\0';
    if (port.log_stream == nullptr) return;
    flockfile(port.log_stream);
    size_t used = 0;
    for (uint32_t at = 0; at < port.log_bytes;) {
        char line[256];
        uint32_t bytes = 0;
        for (; at < port.log_bytes && port.log[at] != '\n'; ++at) {
            if (bytes + 1 < sizeof line) line[bytes++] = port.log[at];
        }
        ++at;
        line[bytes] = '\0';
        if (!tells_of_trouble(line)) continue;
        const int wrote = snprintf(out + used, size - used, "%s%s", used == 0 ? "" : "; ", line);
        if (wrote < 0 || used + static_cast<size_t>(wrote) >= size) break;
        used += static_cast<size_t>(wrote);
    }
    funlockfile(port.log_stream);
}

// Says what went wrong; false, for the caller to return.
[[gnu::format(printf, 2, 3)]] bool fail(DpdkFailure& failure, const char* format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(failure.what, sizeof failure.what, format, values);
    va_end(values);
    return false;
}

bool start_eal(DpdkPort& port, const DpdkPortOptions& options, DpdkFailure& failure) {
    // One thread at a time opens sources; the EAL itself has the last word.
    static bool started = false;
    if (!started) {
        cpu_set_t cores;
        const bool known = sched_getaffinity(0, sizeof cores, &cores) == 0;
        const int result = rte_eal_init(options.argument_count, options.arguments);
        const int error = rte_errno;
        if (known) sched_setaffinity(0, sizeof cores, &cores);
        port.eal_started = result >= 0;
        started = result >= 0 || error == EALREADY;
        if (result < 0 && error != EALREADY) {
            return fail(failure, "DPDK does not start: %s", rte_strerror(error));
        }
        if (result >= 0) return true;
    }
    return fail(failure, "DPDK was started before, and can be only once in a process");
}

bool find_port(DpdkPort& port, const DpdkPortOptions& options, DpdkFailure& failure) {
    if (rte_eth_dev_get_port_by_name(options.device, &port.number) == 0) return true;
    char with_domain[64];
    snprintf(with_domain, sizeof with_domain, "0000:%s", options.device);
    if (rte_eth_dev_get_port_by_name(with_domain, &port.number) == 0) return true;
    return fail(failure, "the device has no port");
}

uint32_t mbufs_min(const DpdkPortOptions& options, uint16_t descriptors) {
    return options.queues * (descriptors + kDpdkBurstPackets) + 2 * kPoolCache;
}

bool make_pool(DpdkPort& port, const DpdkPortOptions& options, uint16_t descriptors,
               DpdkFailure& failure) {
    const uint32_t least = mbufs_min(options, descriptors);
    if (options.mbufs < least) {
        fail(failure, "mbufs: %u are too few for %u queues of %u descriptors; at least %u",
             options.mbufs, options.queues, descriptors, least);
        return false;
    }
    port.pool =
        rte_pktmbuf_pool_create("trommel", options.mbufs, kPoolCache, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                rte_eth_dev_socket_id(port.number));
    if (port.pool != nullptr) return true;
    constexpr uint32_t kMbufBytes = RTE_MBUF_DEFAULT_BUF_SIZE + 256;
    return fail(failure,
                "no memory for %u mbufs, about %u MiB (%s): reserve more huge pages "
                "(vm.nr_hugepages), raise -m in eal, or lower mbufs",
                options.mbufs, options.mbufs / 1024 * kMbufBytes / 1024 + 1,
                rte_strerror(rte_errno));
}

bool configure(DpdkPort& port, const DpdkPortOptions& options, DpdkFailure& failure) {
    rte_eth_dev_info device{};
    int error = rte_eth_dev_info_get(port.number, &device);
    if (error == 0 && device.max_rx_queues < options.queues) {
        return fail(failure, "queues: the device has %u, not %u", device.max_rx_queues,
                    options.queues);
    }
    rte_eth_conf conf{};
    constexpr uint64_t kWanted =
        RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_SCATTER;
    conf.rxmode.offloads = device.rx_offload_capa & kWanted;
    constexpr uint64_t kSpread = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP;
    if (options.queues > 1 && (device.flow_type_rss_offloads & kSpread) != 0) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf = device.flow_type_rss_offloads & kSpread;
    }
    uint16_t descriptors = kDescriptors;
    if (error == 0) error = rte_eth_dev_configure(port.number, options.queues, 0, &conf);
    if (error == 0) {
        error = rte_eth_dev_adjust_nb_rx_tx_desc(port.number, &descriptors, nullptr);
    }
    if (error == 0 && !make_pool(port, options, descriptors, failure)) return false;
    for (uint16_t queue = 0; error == 0 && queue < options.queues; ++queue) {
        error = rte_eth_rx_queue_setup(port.number, queue, descriptors,
                                       static_cast<unsigned>(rte_eth_dev_socket_id(port.number)),
                                       nullptr, port.pool);
    }
    if (error == 0) error = rte_eth_dev_start(port.number);
    port.started = error == 0;
    // Not every driver knows it; one that does not delivers everything anyway.
    if (error == 0 && options.promiscuous) rte_eth_promiscuous_enable(port.number);
    if (error != 0) fail(failure, "the port does not start: %s", rte_strerror(-error));
    return error == 0;
}

bool is_loss(const char* name) {
    if (strstr(name, "tx") != nullptr) return false;
    for (const char* word : {"drop", "miss", "discard", "out_of_buffer"}) {
        if (strcasestr(name, word) != nullptr) return true;
    }
    return false;
}

// Which of the driver's own counters tell of losses. Without memory or names: none.
void find_counters(DpdkPort& port) {
    const int all = rte_eth_xstats_get_names(port.number, nullptr, 0);
    if (all <= 0) return;
    auto* const names = static_cast<rte_eth_xstat_name*>(
        calloc(static_cast<size_t>(all), sizeof(rte_eth_xstat_name)));
    if (names == nullptr) return;
    const int count = rte_eth_xstats_get_names(port.number, names, static_cast<unsigned>(all));
    for (int i = 0; i < count && i < all && port.counter_count < kCountersMax; ++i) {
        if (is_loss(names[i].name)) {
            port.counters[port.counter_count++] = static_cast<uint64_t>(i);
        }
    }
    free(names);
}

// The larger of what all drivers count and of what this one counts by names of its own: most repeat
// the former in the latter, some know more. Drivers also say nothing of losses that they do have.
uint64_t count_dropped(DpdkPort& port) {
    uint64_t usual = 0, own = 0;
    rte_eth_stats stats;
    if (rte_eth_stats_get(port.number, &stats) == 0) {
        usual = stats.imissed + stats.rx_nombuf + stats.ierrors;
    }
    uint64_t values[kCountersMax];
    const auto count = static_cast<unsigned>(port.counter_count);
    if (count > 0 && rte_eth_xstats_get_by_id(port.number, port.counters, values, count) ==
                         static_cast<int>(count)) {
        for (unsigned i = 0; i < count; ++i) own += values[i];
    }
    return usual > own ? usual : own;
}

// "Bad" is one of four values of two bits.
bool is_damaged(const rte_mbuf& mbuf) {
    return (mbuf.ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD ||
           (mbuf.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD;
}

}  // namespace

DpdkPort* open_dpdk_port(const DpdkPortOptions& options, DpdkFailure& failure) {
    failure = {};
    auto* const port = static_cast<DpdkPort*>(calloc(1, sizeof(DpdkPort)));
    if (port != nullptr) {
        port->joined = static_cast<char*>(malloc(kDpdkBurstPackets * kJoinedBytesMax));
    }
    if (port == nullptr || port->joined == nullptr) {
        fail(failure, "no memory");
        free(port);
        return nullptr;
    }
    begin_log(*port);
    if (start_eal(*port, options, failure) && find_port(*port, options, failure) &&
        configure(*port, options, failure)) {
        find_counters(*port);
        port->dropped_before = count_dropped(*port);
        return port;
    }
    tell_log(*port, failure.log, sizeof failure.log);
    close_dpdk_port(port);
    return nullptr;
}

void close_dpdk_port(DpdkPort* port) {
    release_packets(*port);
    if (port->started) {
        rte_eth_dev_stop(port->number);
        rte_eth_dev_close(port->number);
    }
    rte_mempool_free(port->pool);
    if (port->eal_started) rte_eal_cleanup();
    if (port->log_stream != nullptr) {
        rte_openlog_stream(nullptr);
        fclose(port->log_stream);
    }
    free(port->joined);
    free(port);
}

uint32_t receive_packets(DpdkPort& port, uint16_t queue, ReceivedPacket* packets) {
    port.burst_packets = rte_eth_rx_burst(port.number, queue, port.burst, kDpdkBurstPackets);
    for (uint32_t i = 0; i < port.burst_packets; ++i) {
        const rte_mbuf* const mbuf = port.burst[i];
        Captured& captured = packets[i].captured;
        packets[i].damaged = is_damaged(*mbuf);
        captured.bytes = rte_pktmbuf_mtod(mbuf, const char*);
        captured.size = captured.wire_size = mbuf->pkt_len;
        if (mbuf->nb_segs == 1) continue;
        if (captured.size > kJoinedBytesMax) captured.size = kJoinedBytesMax;
        char* const joined = port.joined + i * kJoinedBytesMax;
        captured.bytes = static_cast<const char*>(
            rte_pktmbuf_read(mbuf, 0, static_cast<uint32_t>(captured.size), joined));
    }
    return port.burst_packets;
}

void release_packets(DpdkPort& port) {
    if (port.burst_packets == 0) return;
    rte_pktmbuf_free_bulk(port.burst, port.burst_packets);
    port.burst_packets = 0;
}

uint64_t dropped_packets(DpdkPort& port) {
    const uint64_t dropped = count_dropped(port);
    return dropped > port.dropped_before ? dropped - port.dropped_before : 0;
}

}  // namespace trommel::net
