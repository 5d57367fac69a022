#pragma once
#include <atomic>
#include <bit>
#include <cstddef>
#include <vector>

namespace trommel::hostpath {

// The only hop between threads: a queue for one producer and one consumer. Each side keeps a copy
// of the other's index on its own cache line and looks at the original only when the copy says full
// or empty (the technique of rigtorp/SPSCQueue).
template <class T>
class SpscRing {
   public:
    // Holds at least `capacity` items.
    explicit SpscRing(size_t capacity)
        : slots_(std::bit_ceil(capacity + 1)), mask_(slots_.size() - 1) {}

    // Producer only. False: full.
    bool try_push(const T& item) {
        const size_t tail = tail_.load(std::memory_order_relaxed);
        const size_t next = (tail + 1) & mask_;
        if (next == head_seen_) {
            head_seen_ = head_.load(std::memory_order_acquire);  // Pairs with try_pop's release.
            if (next == head_seen_) return false;
        }
        slots_[tail] = item;
        tail_.store(next, std::memory_order_release);  // Pairs with try_pop's acquire.
        return true;
    }

    // Consumer only. False: empty.
    bool try_pop(T& item) {
        const size_t head = head_.load(std::memory_order_relaxed);
        if (head == tail_seen_) {
            tail_seen_ = tail_.load(std::memory_order_acquire);  // Pairs with try_push's release.
            if (head == tail_seen_) return false;
        }
        item = slots_[head];
        head_.store((head + 1) & mask_,
                    std::memory_order_release);  // Pairs with try_push's acquire.
        return true;
    }

   private:
    static constexpr size_t kLine = 64;
    std::vector<T> slots_;
    const size_t mask_;
    alignas(kLine) std::atomic<size_t> tail_{0};
    size_t head_seen_ = 0;  // Producer's.
    alignas(kLine) std::atomic<size_t> head_{0};
    size_t tail_seen_ = 0;  // Consumer's.
};

}  // namespace trommel::hostpath
