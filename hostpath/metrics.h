#pragma once
#include <atomic>
#include <cstdint>

#include "kernels/rules/lateness.h"

namespace trommel::hostpath {

// A number that one thread writes and any thread may read. Relaxed: a reader wants a recent value,
// and nothing else is published by it.
class Gauge {
   public:
    explicit Gauge(int64_t value = 0) : value_(value) {}
    void set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(uint64_t value) { set(get() + static_cast<int64_t>(value)); }
    int64_t get() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<int64_t> value_;
};

// What can be watched while a run goes on. Fields of different writers lie on different cache
// lines.
struct Metrics {
    alignas(64) Gauge records;  // Written by the receiver.
    Gauge bytes, bytes_total;
    Gauge watermark_us{rules::kUnknownUs}, newest_us{rules::kUnknownUs};
    alignas(64) Gauge unique;  // Written by the emitter.
    Gauge duplicate, rows;
};

}  // namespace trommel::hostpath
