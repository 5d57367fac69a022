#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "trommel/status.h"

#include "bench/kit/gpu_figures.h"

// What this machine's GPU and the link to it can do at most: the figures that every other GPU
// figure is a share of.
namespace trommel::bench {

// `full` takes about a minute and tables of up to 64 GiB, `rates` what the engine's parts are
// shares of (gpu_rates.h), up to 8 GiB, `quick` a second and means nothing.
enum class GpuScale : uint8_t { full, rates, quick };

struct GpuLimits {
    GpuMachine machine;
    std::vector<GpuFigure> figures;
};

// Status: unreachable, and why, where there is no GPU that could be measured; internal when a CUDA
// call failed. Then there are no figures. `commit`: of the sources; may be empty.
Status measure_gpu_limits(GpuScale scale, const std::string& commit, GpuLimits& limits);

}  // namespace trommel::bench
