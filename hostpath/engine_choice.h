#pragma once
#include <optional>
#include <string>

#include "trommel/config.h"

#include "kernels/cuda/devices.h"

// Which engine runs a job, and why.
namespace trommel::hostpath {

// What a choice depends on besides the job.
struct EngineFacts {
    cuda::Devices devices;
    // Events per second above which a GPU pays, as `trommel bench` measures it on the machine at
    // hand, and the rate that is expected. Nothing: unknown, and then automatic keeps to the CPU.
    std::optional<double> break_even_per_second;
    std::optional<double> expected_per_second;
};

struct EngineChoice {
    EngineType type = EngineType::cpu;  // cpu or gpu, never automatic.
    std::string reason;                 // Why, for a person, without a full stop.
    bool is_possible = true;  // False: the job asks for gpu and cannot have it; reason says why.
};

// Why the job cannot run on any GPU, whatever the machine; empty if it can.
std::string why_not_on_gpu(const Config& config);

// Pure: the same job and facts give the same choice.
EngineChoice choose_engine(const Config& config, const EngineFacts& facts);

// The facts of this process. Any thread; asks the driver.
EngineFacts engine_facts();

const char* to_text(EngineType type);  // "auto", "cpu", "gpu": as a job file has it.

}  // namespace trommel::hostpath
