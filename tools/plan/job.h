#pragma once
#include <string>

#include "tools/job/file.h"
#include "tools/plan/inputs.h"

namespace trommel::tools {

// Takes from a job what it says: all of its config, how records come, and the rate of a made-up
// stream.
void take_job(const Job& job, PlanInputs& inputs);

// A job file for a plan that was made without one: records from stdin, the planned config.
std::string planned_job_text(const PlanInputs& inputs, const Config& planned);

// A job file as it was, with the planned memory, shares, threads and capacity; comments are lost.
// Precondition: `text` was read without mistakes.
std::string with_planned_memory(const std::string& text, const std::string& origin,
                                const Config& planned);

}  // namespace trommel::tools
