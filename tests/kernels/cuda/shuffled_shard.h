#pragma once
#include <memory>

#include "kernels/cuda/device_shard.h"
#include "tests/kernels/cuda/shuffled_device.h"

namespace trommel::cuda {

// Makes shards, each on a device of threads; the n-th device has the seed `seed` + n, and every
// third is a lazy one. For hostpath's MakeShard.
struct ShuffledShards {
    uint64_t seed = 1;
    uint32_t lanes = kLanes;

    Status operator()(const Config& config, const cpu::ShardOptions& options,
                      std::unique_ptr<cpu::Backend>& shard) const {
        auto device = std::make_unique<ShuffledDevice>(
            ShuffledOptions{.seed = seed + options.index,
                            .threads = 2,
                            .is_lazy = (seed + options.index) % 3 == 0});
        return DeviceShard<ShuffledDevice>::create(std::move(device), config, options, shard,
                                                   lanes);
    }
};

}  // namespace trommel::cuda
