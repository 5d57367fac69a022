#pragma once
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/cuda/device.h"
#include "tests/kernels/cuda/crew.h"
#include "tests/kernels/cuda/device_memory.h"
#include "tests/kit/random.h"

namespace trommel::cuda {

struct ShuffledOptions {
    uint64_t seed = 1;
    uint32_t threads = 4;
    size_t device_bytes = size_t{64} << 20;
    size_t pinned_bytes = size_t{64} << 20;
    bool is_lazy = false;  // Does nothing before it is asked for a ticket.
    bool pins = true;      // Memory that the host has already.
};

// A Device of threads of this machine that does as little for its user as a real one may. Queues
// run late and in any order that holds allow; items of a launch run on several threads in an order
// drawn from the seed; fresh memory holds anything; the host cannot touch device memory, and copies
// are from and to pinned memory only, which has to be pinned until they are done. Under
// ThreadSanitizer everything that items share without an atomic is a report.
class ShuffledDevice {
   public:
    struct Ticket {
        uint32_t index = 0;
    };

    explicit ShuffledDevice(const ShuffledOptions& options = {})
        : random_(options.seed),
          is_lazy_(options.is_lazy),
          pins_(options.pins),
          pinned_left_(options.pinned_bytes),
          memory_(options.device_bytes),
          crew_(options.threads) {}
    ~ShuffledDevice() {
        release(sort_room_);
        release(select_room_);
        if (memory_.allocations() + pinned_.size() + lent_.size() > 0) std::abort();  // Leaked.
    }

    void bind() { thread_ = std::this_thread::get_id(); }

    // --- Memory
    void* allocate(size_t bytes) {
        check_thread();
        ++times_.allocations;
        return is_lost() ? nullptr : memory_.allocate(bytes, any_byte());
    }
    void release(void* memory) { memory_.release(memory); }
    void* allocate_pinned(size_t bytes) {
        check_thread();
        ++times_.allocations;
        if (is_lost() || bytes > pinned_left_) return nullptr;
        void* const memory = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
        std::memset(memory, any_byte(), bytes);
        pinned_left_ -= bytes;
        pinned_[memory] = bytes;
        return memory;
    }
    void release_pinned(void* memory) {
        if (memory == nullptr) return;
        pinned_left_ += pinned_.at(memory);
        pinned_.erase(memory);
        std::free(memory);
    }
    bool pin(const void* memory, size_t bytes) {
        check_thread();
        if (is_lost() || !pins_ || bytes == 0) return false;
        if (!lent_.emplace(memory, bytes).second) std::abort();  // Twice.
        return true;
    }
    void unpin(const void* memory) {
        if (lent_.erase(memory) == 0) std::abort();
        (void)*static_cast<const volatile char*>(memory);  // It must be there still.
    }

    // --- Work
    void fill(Queue queue, void* memory, uint8_t value, size_t bytes) {
        put(queue, [=] { std::memset(memory, value, bytes); });
    }
    void copy_in(Queue queue, void* memory, const void* host, size_t bytes) {
        copies_of_lent_ += is_within(lent_, host, bytes);
        put(queue, [=, this] {
            check_pinned(host, bytes);
            std::memcpy(memory, host, bytes);
        });
    }
    void copy_out(Queue queue, void* host, const void* memory, size_t bytes) {
        put(queue, [=, this] {
            check_pinned(host, bytes);
            std::memcpy(host, memory, bytes);
        });
    }
    void copy(Queue queue, void* to, const void* from, size_t bytes) {
        put(queue, [=] { std::memcpy(to, from, bytes); });
    }
    template <ItemFunctor F>
    void launch(uint32_t count, const F& functor) {
        ++launches_;
        put(Queue::compute, [this, count, functor] {
            run_shuffled(count, [&functor](uint32_t item) { functor(item); });
        });
    }
    template <BlockFunctor F>
    void launch_blocks(uint32_t blocks, const F& functor) {
        put(Queue::compute, [this, blocks, functor] {
            for (uint32_t first = 0; first < blocks; first += kBlocksAtOnce) {
                std::vector<typename F::Shared> shared(std::min(blocks - first, kBlocksAtOnce));
                std::memset(static_cast<void*>(shared.data()), any_byte(),
                            shared.size() * sizeof(typename F::Shared));
                run_phases(functor, shared.data(), first, static_cast<uint32_t>(shared.size()),
                           std::make_integer_sequence<uint32_t, F::kPhases>());
            }
        });
    }

    // --- Sorting
    bool reserve_sort(uint32_t count_max) {
        return reserve(sort_room_, sort_max_, count_max, size_t{count_max} * kSortBytes);
    }
    bool reserve_select(uint32_t count_max) {
        return reserve(select_room_, select_max_, count_max, count_max / 256 + 1);
    }
    void sort(uint64_t* keys, uint32_t* values, uint32_t count, uint32_t bits) {
        if (count > sort_max_) std::abort();
        put(Queue::compute, [=] {
            const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
            std::vector<std::pair<uint64_t, uint32_t>> pairs(count);
            for (uint32_t i = 0; i < count; ++i) pairs[i] = {keys[i], values[i]};
            std::stable_sort(pairs.begin(), pairs.end(), [mask](const auto& a, const auto& b) {
                return (a.first & mask) < (b.first & mask);
            });
            for (uint32_t i = 0; i < count; ++i) std::tie(keys[i], values[i]) = pairs[i];
        });
    }
    void select(const uint8_t* flags, uint32_t count, uint32_t* indices, uint32_t* selected) {
        if (count > select_max_) std::abort();
        put(Queue::compute, [=] {
            uint32_t found = 0;
            for (uint32_t i = 0; i < count; ++i) {
                if (flags[i] != 0) indices[found++] = i;
            }
            *selected = found;
        });
    }

    // --- Tickets
    Ticket make_ticket() {
        check_thread();
        if (tickets_.size() == kTicketsMax) std::abort();
        tickets_.emplace_back();
        return {static_cast<uint32_t>(tickets_.size() - 1)};
    }
    void record(Queue queue, Ticket ticket) {
        const uint64_t number = ++tickets_[ticket.index].recorded;
        put(queue, [this, ticket, number] { tickets_[ticket.index].reached = number; });
    }
    void hold(Queue queue, Ticket ticket) {
        if (is_lost()) return;
        queues_[static_cast<size_t>(queue)].push_back(
            {{}, ticket.index, tickets_[ticket.index].recorded});
    }
    bool is_reached(Ticket ticket) {
        run_some();
        return has_reached(ticket);
    }
    void wait(Ticket ticket) {
        ++times_.waits;
        while (!has_reached(ticket)) run_one();
    }
    void wait_all() {
        ++times_.waits;
        while (run_one()) {
        }
    }

    // What a batch must not do in the good case.
    struct Times {
        uint64_t waits = 0, allocations = 0;
        bool operator==(const Times&) const = default;
    };
    const Times& times() const { return times_; }
    uint64_t launches() const { return launches_; }  // Of items.
    // Copies from memory that was given to pin().
    uint64_t copies_of_lent() const { return copies_of_lent_; }

    // --- Errors
    bool is_lost() const { return error_ != nullptr; }
    const char* error() const { return error_ == nullptr ? "" : error_; }
    // From now on: what is queued is never done.
    void lose(const char* why) {
        error_ = why;
        for (auto& queue : queues_) queue.clear();
    }

   private:
    struct Work {
        std::function<void()> run;  // Or empty: a hold.
        uint32_t ticket = 0;
        uint64_t number = 0;
    };
    struct TicketState {
        uint64_t recorded = 0, reached = 0;
    };
    static constexpr uint32_t kBlocksAtOnce = 4;

    uint8_t any_byte() { return static_cast<uint8_t>(random_.next()); }

    // What sorting takes is taken from the device's memory.
    bool reserve(void*& room, uint32_t& max, uint32_t count_max, size_t bytes) {
        if (count_max <= max) return true;
        release(room);
        room = allocate(bytes);
        max = room == nullptr ? 0 : count_max;
        return room != nullptr;
    }

    using Ranges = std::map<const void*, size_t>;  // Begin to bytes.
    static bool is_within(const Ranges& ranges, const void* memory, size_t bytes) {
        auto range = ranges.upper_bound(memory);
        if (range == ranges.begin()) return false;
        --range;
        return static_cast<const char*>(memory) + bytes <=
               static_cast<const char*>(range->first) + range->second;
    }
    void check_pinned(const void* memory, size_t bytes) const {
        if (!is_within(pinned_, memory, bytes) && !is_within(lent_, memory, bytes)) std::abort();
    }
    void check_thread() const {
        if (std::this_thread::get_id() != thread_) std::abort();  // bind() is missing.
    }
    void put(Queue queue, std::function<void()> run) {
        check_thread();
        if (is_lost()) return;
        queues_[static_cast<size_t>(queue)].push_back({std::move(run)});
        if (!is_lazy_ && random_.one_in(2)) run_some();
    }
    bool has_reached(Ticket ticket) const {
        const TicketState& state = tickets_[ticket.index];
        return is_lost() || state.reached >= state.recorded;
    }
    void run_some() {
        for (uint64_t left = random_.below(6); left > 0 && run_one(); --left) {
        }
    }
    // Does the first work of one of the queues that nothing holds; false when there is none.
    bool run_one() {
        std::array<size_t, kQueues> ready{};
        size_t count = 0;
        for (size_t q = 0; q < kQueues; ++q) {
            auto& queue = queues_[q];
            while (!queue.empty() && !queue.front().run &&
                   tickets_[queue.front().ticket].reached >= queue.front().number) {
                queue.pop_front();
            }
            if (!queue.empty() && queue.front().run) ready[count++] = q;
        }
        if (count == 0) {
            for (const auto& queue : queues_) {
                if (!queue.empty()) std::abort();  // Holds that wait for each other.
            }
            return false;
        }
        auto& queue = queues_[ready[random_.below(count)]];
        const std::function<void()> run = std::move(queue.front().run);
        queue.pop_front();
        const DeviceMemory::Visit visit(memory_);
        run();
        return true;
    }

    void run_shuffled(uint32_t count, const std::function<void(uint32_t)>& item) {
        order_.resize(count);
        std::iota(order_.begin(), order_.end(), 0u);
        const uint64_t kind = random_.below(8);
        if (kind == 1) std::reverse(order_.begin(), order_.end());
        for (uint32_t i = count; kind > 1 && i > 1; --i) {
            std::swap(order_[i - 1], order_[random_.below(i)]);
        }
        if (count < 2) {
            for (const uint32_t i : order_) item(i);
            return;
        }
        crew_.run([&](uint32_t thread) {
            for (uint32_t at = thread; at < count; at += crew_.size()) item(order_[at]);
        });
    }
    template <class F, uint32_t... kPhases>
    void run_phases(const F& functor, typename F::Shared* shared, uint32_t first, uint32_t blocks,
                    std::integer_sequence<uint32_t, kPhases...>) {
        (run_shuffled(blocks * F::kThreads,
                      [&](uint32_t item) {
                          const uint32_t block = item / F::kThreads;
                          functor.template phase<kPhases>(shared[block], first + block,
                                                          item % F::kThreads);
                      }),
         ...);
    }

    std::thread::id thread_ = std::this_thread::get_id();
    testkit::Random random_;
    const bool is_lazy_, pins_;
    Times times_;
    size_t pinned_left_;
    DeviceMemory memory_;
    Ranges pinned_, lent_;
    uint64_t launches_ = 0, copies_of_lent_ = 0;
    std::array<std::deque<Work>, kQueues> queues_;
    std::vector<TicketState> tickets_;
    std::vector<uint32_t> order_;
    void *sort_room_ = nullptr, *select_room_ = nullptr;
    uint32_t sort_max_ = 0, select_max_ = 0;
    const char* error_ = nullptr;
    Crew crew_;
};
static_assert(Device<ShuffledDevice>);

}  // namespace trommel::cuda
