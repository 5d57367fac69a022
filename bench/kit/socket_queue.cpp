#include "bench/kit/socket_queue.h"

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>
#include <unistd.h>

namespace trommel::bench {

void add_socket_line(std::string_view line, SocketKind kind, uint16_t port, SocketQueue& queue) {
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
    unsigned local_port = 0, state = 0;
    uint64_t received = 0;
    int rest = 0;
    const std::string text(line);
    if (std::sscanf(text.c_str(), " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%" SCNx64 "%n",
                    &local_port, &state, &received, &rest) != 3 ||
        local_port != port) {
        return;
    }
    constexpr unsigned kListening = 10;  // TCP_LISTEN: its queue counts connections.
    if (kind == SocketKind::tcp && state == kListening) return;
    queue.bytes += received;
    uint64_t dropped = 0;
    const size_t last = text.find_last_not_of(" \n");
    const size_t blank = text.rfind(' ', last);
    if (kind == SocketKind::udp && blank != std::string::npos &&
        std::sscanf(text.c_str() + blank, "%" SCNu64, &dropped) == 1) {
        queue.dropped += dropped;
    }
}

SocketQueue look_at_sockets(SocketKind kind, uint16_t port) {
    SocketQueue queue;
    const bool udp = kind == SocketKind::udp;
    for (const char* path :
         {udp ? "/proc/net/udp" : "/proc/net/tcp", udp ? "/proc/net/udp6" : "/proc/net/tcp6"}) {
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);) {
            add_socket_line(line, kind, port, queue);
        }
    }
    return queue;
}

uint64_t resident_bytes() {
    uint64_t pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace trommel::bench
