#pragma once
#include <cstdint>
#include <memory>

#include "trommel/config.h"

#include "kernels/cpu/id_memory.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/rules/filter.h"

namespace trommel::cpu {

// The filter that a job in approximate mode needs.
rules::FilterGeometry filter_geometry(const Config& config);

// The approximate memory of ids of the hash groups [group_begin, group_end): a Bloom filter
// (block_filter.md). Null when the budget does not cover it: a filter has its whole size from the
// start.
std::unique_ptr<IdMemory> make_approximate_ids(const Config& config, uint32_t group_begin,
                                               uint32_t group_end, SimdLevel simd,
                                               MemoryBudget& budget);

}  // namespace trommel::cpu
