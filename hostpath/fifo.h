#pragma once
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

namespace trommel::hostpath {

// A queue of one owner that keeps its memory: once it has held as many items as it ever will, it
// allocates nothing more (a std::deque does, again and again).
template <class T>
class Fifo {
   public:
    bool empty() const { return count_ == 0; }
    size_t size() const { return count_; }
    T& front() { return slots_[first_]; }
    const T& front() const { return slots_[first_]; }

    void push_back(const T& item) {
        if (count_ == slots_.size()) grow();
        slots_[(first_ + count_) & (slots_.size() - 1)] = item;
        ++count_;
    }
    void pop_front() {
        first_ = (first_ + 1) & (slots_.size() - 1);
        --count_;
    }

   private:
    void grow() {
        std::vector<T> grown(std::bit_ceil(count_ + 8));
        for (size_t i = 0; i < count_; ++i) {
            grown[i] = slots_[(first_ + i) & (slots_.size() - 1)];
        }
        slots_ = std::move(grown);
        first_ = 0;
    }

    std::vector<T> slots_;  // A power of two, or none.
    size_t first_ = 0, count_ = 0;
};

}  // namespace trommel::hostpath
