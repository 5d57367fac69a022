#include "tools/signals.h"

#include <atomic>
#include <signal.h>
#include <unistd.h>

#include "tools/exit_code.h"

namespace trommel::tools {
namespace {

// Written by the handler, on whichever thread it runs, and read by the one that runs the job;
// nothing else depends on it, so relaxed will do. Lock-free, as a handler needs it.
std::atomic<int> signals_seen{0};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int) {
    if (signals_seen.fetch_add(1, std::memory_order_relaxed) > 0) _exit(kExitInterrupted);
}

}  // namespace

void watch_signals() {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    // A reader that went away and a file at its size limit are errors of the write.
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
    sigaction(SIGXFSZ, &action, nullptr);
}

bool stop_requested() {
    return signals_seen.load(std::memory_order_relaxed) > 0;
}

}  // namespace trommel::tools
