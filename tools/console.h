#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "trommel/report.h"
#include "trommel/run.h"

#include "tools/job/document.h"

namespace trommel::tools {

// Everything that goes to stderr: lines for people, or with `json` one object per line for
// programs.
class Console {
   public:
    struct Options {
        bool json = false;
        bool quiet = false;  // Errors only; with json, errors and the report.
    };
    explicit Console(const Options& options);
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    void error(std::string_view text);
    void mistakes(const std::vector<Mistake>& mistakes);
    void note(std::string_view text);
    // For programs: with json an object of this kind, and nothing without. Also when quiet.
    void object(std::string_view kind, std::string_view members);
    // A line that overwrites itself on a terminal; an object per second in JSON; else nothing.
    void progress(const Progress& progress);
    // The last line: the ledger, or the full report in JSON. `extra` is more JSON members, or "".
    void report(const Report& report, uint64_t memory_bytes, std::string_view extra);

   private:
    void print(std::string_view text);
    void event(std::string_view kind, std::string_view members);

    Options options_;
    bool live_ = false;     // stderr is a terminal.
    bool on_line_ = false;  // The status line is on the screen.
    double shown_s_ = -1;
};

// " 12,345,678 records  1.2 GiB  2.31 M/s  duplicate 9.1%  lag 30d  rows 120  45%", cut to
// `columns`.
std::string status_line(const Progress& progress, size_t columns);

}  // namespace trommel::tools
