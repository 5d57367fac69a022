#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What a measurement of a GPU is made of besides the GPU: which sizes, which median, how it is
// written down. No CUDA in here, so that it is tested everywhere.
namespace trommel::bench {

// One thing that was measured, several times. Its unit is what the numbers count per second.
struct GpuFigure {
    std::string name;    // "h2d", "random-read".
    uint64_t bytes = 0;  // Of one transfer, or of the table that is visited.
    std::string unit;    // "bytes", "accesses".
    double median = 0, least = 0, most = 0;
};

// `per_second` must not be empty. The median of an even number is the mean of the middle two.
GpuFigure make_figure(std::string name, uint64_t bytes, std::string unit,
                      std::vector<double> per_second);

// Those of `sizes` that may be taken of `free_bytes`, with a tenth left for others.
std::vector<uint64_t> sizes_that_fit(const std::vector<uint64_t>& sizes, uint64_t free_bytes);

// How often a transfer of `bytes` is repeated between two events: at least 8 times, and about
// 256 MiB in all, so that what starting costs does not count.
uint32_t transfers_for(uint64_t bytes);

// The best of those of one name, whatever their size; nothing when there is none.
std::optional<double> best_figure(const std::vector<GpuFigure>& figures, const std::string& name);
// That of the smallest table with at least so many bytes, else of the largest.
std::optional<double> figure_in_table(const std::vector<GpuFigure>& figures,
                                      const std::string& name, uint64_t bytes);

// Where figures come from; they must not be quoted without it.
struct GpuMachine {
    std::string gpu;          // As cuda::to_text() says.
    std::string host;         // As describe_machine() says.
    int runtime_version = 0;  // 13000 is CUDA 13.0.
    int driver_version = 0;
    std::string commit;  // Of the sources; empty: not known.
};

// One object, without a line's end: {"format":"trommel gpu figures 1","machine":{…},"figures":[…]}.
std::string to_json(const GpuMachine& machine, const std::vector<GpuFigure>& figures);

// One aligned line for each, with a head: name, size, median, least and most.
std::string to_table(const std::vector<GpuFigure>& figures);

}  // namespace trommel::bench
