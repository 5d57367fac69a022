#pragma once
#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <utility>

#include "kernels/rules/hash.h"

// What peers_bench makes of other people's containers: the programs that one would write with them.
namespace trommel::bench {

inline const rules::HashSeed kSeed = rules::hash_seed(1, rules::Purpose::id);

struct Id128 {
    uint64_t lo, hi;
    bool operator==(const Id128&) const = default;
};
struct Hash {
    using is_avalanching = void;  // For boost: the bits are good as they are.
    size_t operator()(uint64_t id) const { return rules::hash_u64(id, kSeed); }
    size_t operator()(const Id128& id) const { return rules::hash_u128(id.lo, id.hi, kSeed); }
};

// Large blocks from huge pages, as our own tables have them.
template <class T>
struct HugePages {
    using value_type = T;
    HugePages() = default;
    template <class U>
    HugePages(const HugePages<U>&) {}
    static size_t bytes(size_t count) {
        constexpr size_t kHuge = size_t{2} << 20;
        return (count * sizeof(T) + kHuge - 1) / kHuge * kHuge;
    }
    T* allocate(size_t count) {
        void* const at = std::aligned_alloc(size_t{2} << 20, bytes(count));
        if (at == nullptr) throw std::bad_alloc();
        madvise(at, bytes(count), MADV_HUGEPAGE);
        return static_cast<T*>(at);
    }
    void deallocate(T* at, size_t) { std::free(at); }
    template <class U>
    bool operator==(const HugePages<U>&) const {
        return true;
    }
};

// Two sets that take turns: an id is remembered for one horizon to two.
struct Rotating {
    boost::unordered_flat_set<uint64_t, Hash> sets[2];
    int64_t horizon_us, turn = 0;

    explicit Rotating(uint64_t live, int64_t horizon) : horizon_us(horizon) {
        for (auto& set : sets) set.reserve(live);
    }
    bool insert(uint64_t id, int64_t time_us) {
        if (time_us / horizon_us != turn) {
            turn = time_us / horizon_us;
            std::swap(sets[0], sets[1]);
            sets[0].clear();
        }
        return !sets[1].contains(id) && sets[0].insert(id).second;
    }
};

struct Cell {
    uint64_t count;
    int64_t sum, min, max;
};

// A map for each window, as one would write it.
struct Windows {
    boost::unordered_flat_map<int64_t, Cell, Hash> windows[2];
    int64_t size_us, open = 0;
    uint64_t closed = 0;

    Windows(uint64_t keys, int64_t size) : size_us(size) {
        for (auto& window : windows) window.reserve(keys);
    }
    void add(int64_t key, int64_t time_us, int64_t value) {
        const int64_t number = time_us / size_us;
        auto& window = windows[static_cast<size_t>(number & 1)];
        if (number != open) {
            open = number;
            for (const auto& [k, cell] : window) closed += cell.count;
            window.clear();
        }
        const auto [at, is_new] = window.try_emplace(key, Cell{1, value, value, value});
        if (is_new) return;
        Cell& cell = at->second;
        ++cell.count;
        cell.sum += value;
        cell.min = std::min(cell.min, value);
        cell.max = std::max(cell.max, value);
    }
};

}  // namespace trommel::bench
