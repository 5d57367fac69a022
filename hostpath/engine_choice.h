#pragma once
#include <string>

#include "trommel/config.h"

#include "kernels/cuda/devices.h"

// Which engine runs a job, and why.
namespace trommel::hostpath {

struct EngineChoice {
    EngineType type = EngineType::cpu;  // cpu or gpu, never automatic.
    std::string reason;                 // Why, for a person, without a full stop.
    bool is_possible = true;  // False: the job asks for gpu and cannot have it; reason says why.
};

// Why the job cannot run on any GPU, whatever the machine; empty if it can.
std::string why_not_on_gpu(const Config& config);

// Pure: the same job and GPUs give the same choice.
EngineChoice choose_engine(const Config& config, const cuda::Devices& devices);

// The choice for this process. Any thread. Asks the driver only where a GPU could come of it.
EngineType engine_here(const Config& config);

const char* to_text(EngineType type);  // "auto", "cpu", "gpu": as a job file has it.

}  // namespace trommel::hostpath
