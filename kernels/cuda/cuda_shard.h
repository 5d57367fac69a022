#pragma once
#include <memory>

#include "trommel/config.h"
#include "trommel/status.h"

#include "kernels/cpu/backend.h"

namespace trommel::cuda {

// Makes a shard on the first GPU that is able to run one, with streams and memory of its own. The
// calling thread need not be the one that will use it. An error says why there is none: no GPU, no
// memory there, or a build without CUDA.
Status make_cuda_shard(const Config& config, const cpu::ShardOptions& options,
                       std::unique_ptr<cpu::Backend>& shard);

}  // namespace trommel::cuda
