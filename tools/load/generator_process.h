#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "trommel/status.h"

#include "bench/kit/load_report.h"
#include "net/synthetic_stream.h"

namespace trommel::tools {

// `trommel gen --json` as a process of its own, so that what it costs and how late it is are not
// the engine's. Killed by the destructor if it still runs.
class GeneratorProcess {
   public:
    GeneratorProcess() = default;
    ~GeneratorProcess();
    GeneratorProcess(const GeneratorProcess&) = delete;
    GeneratorProcess& operator=(const GeneratorProcess&) = delete;

    // `arguments` are those of `trommel`, from "gen" on.
    Status start(std::vector<std::string> arguments);
    // Takes what it has said so far; never waits.
    void listen();
    bool has_ended();
    // Asks it to end, unless it does so by itself: a signal from a terminal reaches both of us.
    void stop();
    // Waits for its end; an error when it failed or said nothing.
    Status finish();

    uint64_t sent() const { return sent_; }  // So far, by its last word.
    // After finish().
    const bench::GeneratorFigures& figures() const { return figures_; }
    const net::Truth& truth() const { return truth_; }

    // One line of its: a number in an object of objects. Public for its tests.
    void hear(const std::string& line);

   private:
    void take_lines();

    pid_t pid_ = -1;
    int pipe_ = -1;
    int exit_status_ = 0;
    std::string heard_;  // Not yet a whole line.
    std::string error_;
    bool reported_ = false;
    uint64_t sent_ = 0;
    bench::GeneratorFigures figures_;
    net::Truth truth_;
};

}  // namespace trommel::tools
