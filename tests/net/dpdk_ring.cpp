#include "tests/net/dpdk_ring.h"

#include <algorithm>
#include <cstring>
#include <rte_mbuf.h>
#include <rte_ring.h>

namespace trommel::net {

bool put_in_ring(unsigned queue, const std::string& packet, size_t segment_bytes) {
    const std::string name = "ETH_RXTX" + std::to_string(queue) + "_net_ring0";
    rte_ring* const ring = rte_ring_lookup(name.c_str());
    rte_mempool* const pool = rte_mempool_lookup("trommel");
    if (ring == nullptr || pool == nullptr) return false;
    rte_mbuf* head = nullptr;
    for (size_t at = 0; at < packet.size();) {
        rte_mbuf* const mbuf = rte_pktmbuf_alloc(pool);
        if (mbuf == nullptr) return false;
        const size_t room = std::min<size_t>(rte_pktmbuf_tailroom(mbuf), segment_bytes);
        const auto size = static_cast<uint16_t>(std::min(room, packet.size() - at));
        std::memcpy(rte_pktmbuf_append(mbuf, size), packet.data() + at, size);
        at += size;
        if (head == nullptr) {
            head = mbuf;
        } else if (rte_pktmbuf_chain(head, mbuf) != 0) {
            return false;
        }
    }
    return rte_ring_enqueue(ring, head) == 0;
}

}  // namespace trommel::net
