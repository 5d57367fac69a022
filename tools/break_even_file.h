#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/status.h"

#include "kernels/cuda/devices.h"

// Where `trommel bench --engine cpu,gpu --save` keeps from which rate on a GPU pays on this
// machine, so that `engine.type: auto` can go by it.
namespace trommel::tools {

struct StoredBreakEven {
    std::string processor, gpu;   // What it was measured on: describe_processor(), Gpu::name.
    std::string commit, written;  // For people.
    struct Workload {
        std::string name;                       // As EngineWorkloads has them.
        uint32_t threads = 1;                   // Of the CPU's side.
        std::optional<uint64_t> gpu_pays_from;  // Events per second. Nothing: never.
    };
    std::vector<Workload> workloads;
};

std::string to_json(const StoredBreakEven& stored);  // One object, without a line's end.
// What is wrong with the text, or "".
std::string read_break_even(const std::string& text, const std::string& origin,
                            StoredBreakEven& stored);

// $TROMMEL_BREAK_EVEN, else trommel/break-even.json in $XDG_CONFIG_HOME or ~/.config; "": nowhere.
std::string break_even_path();

// The file is there whole or not at all; its folder is made.
Status save_break_even(const std::string& path, const StoredBreakEven& stored);

// The machine at hand.
struct ThisMachine {
    std::string processor;
    cuda::Devices devices;
};
ThisMachine this_machine();  // Asks the driver.

struct KnownBreakEven {
    std::optional<uint64_t> gpu_pays_from;  // For EngineOptions.
    std::string says;          // Where it is from, or why there is none; without a full stop.
    bool is_unusable = false;  // There is a file, and it cannot be used: says tells why.
};
// What the file says of a job: that of windows if it has any, else that of deduplication.
KnownBreakEven known_break_even(const std::string& path, const Config& config,
                                const ThisMachine& machine);

// Has `auto` go by the stored measurement. Looks only where it could matter: the job says auto, and
// which rate to expect. What a person should know, or "".
std::string take_break_even(Config& config);

}  // namespace trommel::tools
