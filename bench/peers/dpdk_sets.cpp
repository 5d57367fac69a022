#include "bench/peers/dpdk_sets.h"

#include <array>
#include <map>
#include <memory>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_malloc.h>
#include <rte_member.h>
#include <sched.h>
#include <vector>

#include "bench/kit/huge_memory.h"
#include "kernels/cpu/memory.h"

namespace trommel::bench {
namespace {

// Without devices, privileges, reserved huge pages or files of its own.
bool start_dpdk() {
    static const bool started = [] {
        std::vector<std::string> words = {
            "peers_bench", "--no-huge", "--no-shconf", "--no-pci",    "--no-telemetry", "-m",
            "64",          "-l",        "0",           "--log-level", "*:error"};
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        // It keeps the calling thread on a core; nobody else here is kept on one.
        cpu_set_t cores;
        sched_getaffinity(0, sizeof cores, &cores);
        const bool good = rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) >= 0;
        sched_setaffinity(0, sizeof cores, &cores);
        return good;
    }();
    return started;
}

// Memory that DPDK allocates from under a name: its own cannot have huge pages unless the system
// has reserved some. It stays until the program ends, as DPDK wants it.
bool make_heap(const char* name, size_t bytes) {
    static std::map<std::string, std::unique_ptr<HugeMemory>> heaps;
    auto& memory = heaps[name];
    memory = std::make_unique<HugeMemory>((bytes + cpu::kHugePageBytes - 1) / cpu::kHugePageBytes *
                                          cpu::kHugePageBytes);
    return rte_malloc_heap_create(name) == 0 &&
           rte_malloc_heap_memory_add(name, memory->data(), memory->bytes(), nullptr, 0,
                                      cpu::kHugePageBytes) == 0;
}

std::string last_error() {
    return rte_strerror(rte_errno);
}

}  // namespace

DpdkHash::DpdkHash(const char* name, uint32_t key_bytes, uint64_t entries) : key_bytes_(key_bytes) {
    // Half of the places: 8 in a line of 64 bytes; an entry of key and pointer; its free number.
    const uint64_t places = std::bit_ceil(entries * 17 / 16);
    const uint64_t entry_bytes = (key_bytes + 8 + 15) / 16 * 16;
    const size_t bytes =
        places * 8 + places * 4 + entries * 17 / 16 * entry_bytes + 4 * cpu::kHugePageBytes;
    if (!start_dpdk() || !make_heap(name, bytes)) {
        error_ = last_error();
        return;
    }
    rte_hash_parameters parameters{};
    parameters.name = name;
    parameters.entries = static_cast<uint32_t>(entries * 17 / 16);
    parameters.key_len = key_bytes;
    parameters.socket_id = rte_malloc_heap_get_socket(name);
    table_ = rte_hash_create(&parameters);
    if (table_ == nullptr) error_ = last_error();
}

DpdkHash::~DpdkHash() {
    rte_hash_free(table_);
}

uint64_t DpdkHash::insert(const void* keys, const uint32_t* hashes, uint32_t count) {
    const auto* key = static_cast<const char*>(keys);
    const int32_t before = rte_hash_count(table_);
    std::array<const void*, kDpdkGroup> group;
    std::array<int32_t, kDpdkGroup> found;
    for (uint32_t begin = 0; begin < count; begin += kDpdkGroup) {
        for (uint32_t g = 0; g < kDpdkGroup; ++g, key += key_bytes_) group[g] = key;
        hash_sig_t* const sums = const_cast<hash_sig_t*>(hashes) + begin;  // Only read.
        rte_hash_lookup_with_hash_bulk(table_, group.data(), sums, kDpdkGroup, found.data());
        for (uint32_t g = 0; g < kDpdkGroup; ++g) {
            if (found[g] >= 0) continue;
            if (rte_hash_add_key_with_hash(table_, group[g], sums[g]) < 0) error_ = "it is full";
        }
    }
    return static_cast<uint64_t>(rte_hash_count(table_) - before);
}

DpdkFilter::DpdkFilter(const char* name, uint64_t keys, double error_rate) {
    // At most 16 bits for a key, rounded to a power of two.
    if (!start_dpdk() || !make_heap(name, std::bit_ceil(keys) * 4 + 4 * cpu::kHugePageBytes)) {
        error_ = last_error();
        return;
    }
    rte_member_parameters parameters{};
    parameters.name = name;
    parameters.type = RTE_MEMBER_TYPE_VBF;
    parameters.num_keys = static_cast<uint32_t>(keys);
    parameters.key_len = sizeof(uint64_t);
    parameters.num_set = 1;
    parameters.false_positive_rate = static_cast<float>(error_rate);
    parameters.prim_hash_seed = 1;
    parameters.sec_hash_seed = 2;
    parameters.socket_id = rte_malloc_heap_get_socket(name);
    filter_ = rte_member_create(&parameters);
    if (filter_ == nullptr) error_ = last_error();
}

DpdkFilter::~DpdkFilter() {
    rte_member_free(filter_);
}

uint64_t DpdkFilter::insert(const uint64_t* keys, uint32_t count) {
    uint64_t fresh = 0;
    for (uint32_t k = 0; k < count; ++k) {
        member_set_t set = RTE_MEMBER_NO_MATCH;
        if (rte_member_lookup(filter_, keys + k, &set) != 0) continue;
        rte_member_add(filter_, keys + k, 1);
        ++fresh;
    }
    return fresh;
}

}  // namespace trommel::bench
