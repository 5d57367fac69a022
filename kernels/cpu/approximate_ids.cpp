#include "kernels/cpu/approximate_ids.h"

#include "kernels/cpu/block_filter.h"
#include "kernels/rules/filter.h"
#include "kernels/rules/window.h"

namespace trommel::cpu {

rules::FilterGeometry filter_geometry(const Config& config) {
    rules::FilterDemand demand;
    demand.error_rate = config.dedup.error_rate;
    demand.capacity = config.dedup.capacity;
    demand.horizon_us = config.dedup.horizon_us;
    demand.out_of_order_us = config.time.out_of_order_us.value_or(0);
    demand.lag_us = config.time.allowed_lateness_us + rules::lateness_pane_us(config);
    return rules::filter_geometry(demand);
}

std::unique_ptr<IdMemory> make_approximate_ids(const Config& config, uint32_t group_begin,
                                               uint32_t group_end, SimdLevel simd,
                                               MemoryBudget& budget) {
    BlockFilterOptions options;
    options.geometry = filter_geometry(config);
    options.group_begin = group_begin;
    options.group_end = group_end;
    options.simd = simd;
    options.forgets = config.engine.on_full == OnFull::forget;
    return BlockFilter::create(options, budget);
}

}  // namespace trommel::cpu
