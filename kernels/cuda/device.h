#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/rules/host_device.h"

// What control code needs of the machine that runs functors, and nothing more. Control code
// (growth, lanes, replay) is written once, as templates over a Device, and is instantiated for CUDA
// (cuda_device.h), for Thrust's OpenMP backend and for a host device that runs functors on threads
// in shuffled order (both in tests/kernels/cuda). Essay: kernels/cuda/README.md.
namespace trommel::cuda {

// Work on one queue runs in the order in which it was given; between queues only hold() orders.
// Copies have queues of their own, so that they overlap with launches.
enum class Queue : uint8_t { in, compute, out };
inline constexpr uint32_t kQueues = 3;

// A functor of one item. Trivially copyable: it is copied to the device by value. Every pointer in
// it points to device memory, or to pinned memory; never to anything else of the host, never to
// itself. Items run in any order and at the same time; what they share they touch through
// atomics.h. An item waits for no other.
template <class F>
concept ItemFunctor = std::is_trivially_copyable_v<F> && sizeof(F) <= 4096 &&
                      requires(const F& functor, uint32_t index) {
    { functor(index) } -> std::same_as<void>;
};

// A functor of blocks of kThreads threads with memory that a block shares, cut into phases where a
// kernel would have a barrier: every thread of a block has ended phase p before one begins p+1.
// Shared memory holds anything at first, and is at most 48 KiB.
template <class F>
concept BlockFunctor = std::is_trivially_copyable_v<F> && sizeof(F) <= 4096 &&
                       sizeof(typename F::Shared) <= 49152 && F::kThreads % 32 == 0 &&
                       F::kThreads <= 1024 && F::kPhases >= 1 &&
                       requires(const F& functor, typename F::Shared& shared, uint32_t block,
                                uint32_t thread) {
    { functor.template phase<0>(shared, block, thread) } -> std::same_as<void>;
};

// For the concept to ask with.
struct NoItem {
    TROMMEL_HD void operator()(uint32_t) const {}
};
struct NoBlock {
    static constexpr uint32_t kThreads = 32, kPhases = 1;
    struct Shared {};
    template <uint32_t kPhase>
    TROMMEL_HD void phase(Shared&, uint32_t, uint32_t) const {}
};

// A device belongs to one host thread at a time: first to the one that made it, then to the one
// that called bind() last. Only the calls under "waits" wait for it.
//
// Memory. allocate() gives `bytes` of device memory, 256-byte aligned and holding anything, or null
// when there is none; the host must not touch it. allocate_pinned() gives host memory that the
// device copies from at full speed, 64-byte aligned and holding anything, or null. Both may wait
// and are for set-up and growth, not for batches. release*() takes null as well, and must not be
// given what queued work still uses. pin() makes memory that the host has already as good as
// allocate_pinned()'s until unpin(), both for set-up; false, and nothing changed, where it cannot.
//
// Work. fill() sets bytes, copy_in() goes from host to device and copy_out() back (host memory:
// pinned, and not written, or after copy_out() not touched, by the host until the work is done),
// copy() from device to device. launch() runs a functor for items 0..count-1, launch_blocks() for
// blocks; both on Queue::compute, and in order: a launch sees everything that the one before wrote.
//
// Sorting. sort() orders `count` values by their keys, ascending and stable, in place, on
// Queue::compute. `bits` is how many low bits of the keys count. select() writes the indices of
// the flags that are not zero, ascending, and their number to device memory. reserve_sort() and
// reserve_select() allocate what these need for so many items, which stays until the device goes:
// kSortBytes of device memory for each to be sorted, little for each to be selected from. Without
// them, or when they were false, sort() and select() must not be called.
//
// Tickets. A ticket is a place on a queue: record() puts it behind what was queued so far, hold()
// keeps what is queued after on another queue until it is reached. A ticket that was never recorded
// counts as reached. Made at set-up, at most kTicketsMax; they live as long as the device.
//
// Errors. A device that fails is lost: it stays so, its work does nothing, all its tickets are
// reached, and error() says why. Results that were copied out before are good only if the device
// was not lost when their ticket was looked at.
template <class D>
concept Device = requires(D& device, const D& seen, void* memory, const void* source, size_t bytes,
                          typename D::Ticket ticket, uint64_t* keys, uint32_t* values,
                          const uint8_t* flags, uint32_t count, uint32_t bits) {
    { device.bind() } -> std::same_as<void>;
    { device.allocate(bytes) } -> std::same_as<void*>;
    { device.release(memory) } -> std::same_as<void>;
    { device.allocate_pinned(bytes) } -> std::same_as<void*>;
    { device.release_pinned(memory) } -> std::same_as<void>;
    { device.pin(source, bytes) } -> std::same_as<bool>;
    { device.unpin(source) } -> std::same_as<void>;

    { device.fill(Queue::compute, memory, uint8_t{0}, bytes) } -> std::same_as<void>;
    { device.copy_in(Queue::in, memory, source, bytes) } -> std::same_as<void>;
    { device.copy_out(Queue::out, memory, source, bytes) } -> std::same_as<void>;
    { device.copy(Queue::compute, memory, source, bytes) } -> std::same_as<void>;
    { device.launch(count, NoItem()) } -> std::same_as<void>;
    { device.launch_blocks(count, NoBlock()) } -> std::same_as<void>;

    { device.reserve_sort(count) } -> std::same_as<bool>;
    { device.reserve_select(count) } -> std::same_as<bool>;
    { device.sort(keys, values, count, bits) } -> std::same_as<void>;
    { device.select(flags, count, values, values) } -> std::same_as<void>;

    { device.make_ticket() } -> std::same_as<typename D::Ticket>;
    { device.record(Queue::compute, ticket) } -> std::same_as<void>;
    { device.hold(Queue::compute, ticket) } -> std::same_as<void>;
    { device.is_reached(ticket) } -> std::same_as<bool>;
    { device.wait(ticket) } -> std::same_as<void>;  // Waits.
    { device.wait_all() } -> std::same_as<void>;    // Waits.

    { seen.is_lost() } -> std::same_as<bool>;
    { seen.error() } -> std::same_as<const char*>;
};

inline constexpr uint32_t kTicketsMax = 256;
// A copy of key and value, and what a sort by digits keeps of each block of them.
inline constexpr uint32_t kSortBytes = sizeof(uint64_t) + sizeof(uint32_t) + 1;

enum class Memory : uint8_t { device, pinned };

// An array in a device's memory or in pinned memory; empty when there was none. Not initialised.
template <class D, class T, Memory kMemory = Memory::device>
class Array {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);

   public:
    Array() = default;
    Array(D& device, size_t count) : device_(&device) {
        void* const memory = kMemory == Memory::device ? device.allocate(count * sizeof(T))
                                                       : device.allocate_pinned(count * sizeof(T));
        data_ = static_cast<T*>(memory);
        count_ = data_ == nullptr ? 0 : count;
    }
    ~Array() { clear(); }
    Array(Array&& other) noexcept { swap(other); }
    Array& operator=(Array&& other) noexcept {
        swap(other);
        return *this;
    }

    void clear() {
        if (data_ != nullptr) {
            kMemory == Memory::device ? device_->release(data_) : device_->release_pinned(data_);
        }
        data_ = nullptr;
        count_ = 0;
    }
    T* data() const { return data_; }
    size_t count() const { return count_; }
    size_t bytes() const { return count_ * sizeof(T); }
    explicit operator bool() const { return data_ != nullptr; }
    T& operator[](size_t index) const requires(kMemory == Memory::pinned) { return data_[index]; }

   private:
    void swap(Array& other) {
        std::swap(device_, other.device_);
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
    }

    D* device_ = nullptr;
    T* data_ = nullptr;
    size_t count_ = 0;
};
template <class D, class T>
using PinnedArray = Array<D, T, Memory::pinned>;

}  // namespace trommel::cuda
