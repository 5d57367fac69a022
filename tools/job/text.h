#pragma once
#include <string>
#include <vector>

#include "trommel/status.h"

#include "tools/job/file.h"

namespace trommel::tools {

// Reads a job file whole; "-" is stdin. Code::no_input says why it cannot be read.
Status read_job_text(const std::string& path, std::string& text);

// The overrides of the environment and of the command line, in the order in which they apply:
// TROMMEL_ENGINE, TROMMEL_SET (several are parted by ';'), then -s, then
// --engine (empty: not given).
std::vector<Override> all_overrides(const std::vector<std::string>& flags,
                                    const std::string& engine_flag = {});

// A job without a file: a made-up stream with duplicates, late and corrupt records.
extern const char kDemoJob[];

// Every field of a job file with its default; itself a job.
std::string reference_job();

}  // namespace trommel::tools
