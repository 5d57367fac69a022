#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/job/file.h"

namespace trommel::tools {

// What a job does, with the values in effect, for a person to compare with what was meant.
std::string summary(const Job& job);

// What a job takes and what fits into its memory. Estimates of the kernels, for their usual case.
std::string memory_summary(const Config& config);

// The least engine.memory that the job can start with.
uint64_t minimum_memory(const Config& config);

// What is allowed but perhaps not meant. Looks for the source's files.
std::vector<std::string> warnings(const Job& job);

}  // namespace trommel::tools
