#pragma once
#include <cstdint>
#include <string>

struct rte_hash;
struct rte_member_setsum;

namespace trommel::bench {

inline constexpr uint32_t kDpdkGroup = 64;  // The most that DPDK looks up at once.

// DPDK's hash table for keys of a fixed size, in memory on huge pages that was touched before. Asks
// for 64 keys at a time and adds those that are not there.
class DpdkHash {
   public:
    DpdkHash(const char* name, uint32_t key_bytes, uint64_t entries);
    ~DpdkHash();
    DpdkHash(const DpdkHash&) = delete;
    DpdkHash& operator=(const DpdkHash&) = delete;

    // `keys` lie one behind the other; `count` is a multiple of kDpdkGroup. Returns how many are
    // new.
    uint64_t insert(const void* keys, const uint32_t* hashes, uint32_t count);
    // Why it could not be made, or that it was full.
    const std::string& error() const { return error_; }

   private:
    const uint32_t key_bytes_;
    rte_hash* table_ = nullptr;
    std::string error_;
};

// DPDK's Bloom filter for 64-bit keys, in memory of the same kind. Hashes by itself.
class DpdkFilter {
   public:
    DpdkFilter(const char* name, uint64_t keys, double error_rate);
    ~DpdkFilter();
    DpdkFilter(const DpdkFilter&) = delete;
    DpdkFilter& operator=(const DpdkFilter&) = delete;

    uint64_t insert(const uint64_t* keys, uint32_t count);
    const std::string& error() const { return error_; }

   private:
    rte_member_setsum* filter_ = nullptr;
    std::string error_;
};

}  // namespace trommel::bench
