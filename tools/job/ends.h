#pragma once
#include <memory>
#include <vector>

#include "trommel/clock.h"
#include "trommel/file_system.h"
#include "trommel/run.h"
#include "trommel/sink.h"
#include "trommel/source.h"
#include "trommel/status.h"

#include "net/synthetic_source.h"
#include "tools/job/file.h"

namespace trommel::tools {

// The ends of a job, made and owned: what a Run borrows.
struct Ends {
    std::vector<std::unique_ptr<Source>> sources;
    std::vector<std::unique_ptr<Sink>> sinks;
    std::unique_ptr<Sink> dlq;
    net::SyntheticSource* synthetic = nullptr;  // Among the sources, if there is one.
};

// Finds the files that the job's paths and globs name, in the order of the job. Code::no_input when
// a pattern matches none; whether a file exists that is named outright is seen when it is opened.
Status find_files(const std::vector<std::string>& patterns, FileSystem& files,
                  std::vector<std::string>& paths);

// Makes sources and sinks; opens nothing.
Status make_ends(const Job& job, FileSystem& files, Clock& clock, Ends& ends);

}  // namespace trommel::tools
