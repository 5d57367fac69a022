#include <cstdio>

#include "tools/break_even_file.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/job/summary.h"
#include "tools/job/text.h"

namespace trommel::tools {

ExitCode check(const CheckCommand& command) {
    Console console({});
    std::string text;
    if (Status status = read_job_text(command.job_path, text); !status.ok()) {
        console.error(status.message);
        return exit_code(status.code);
    }
    Job job;
    Mistakes mistakes;
    read_job(text, command.job_path, all_overrides(command.overrides, command.engine), job,
             mistakes);
    if (!mistakes.empty()) {
        const std::vector<Mistake> sorted = mistakes.sorted();
        console.mistakes(sorted);
        console.note(std::to_string(sorted.size()) + (sorted.size() == 1 ? " error" : " errors"));
        return kExitJobFile;
    }
    const std::string unusable = take_break_even(job.config);
    const std::string report = summary(job) + memory_summary(job.config);
    std::fputs(report.c_str(), stdout);
    if (!unusable.empty()) console.note(command.job_path + ": warning: " + unusable);
    for (const std::string& warning : warnings(job)) {
        console.note(command.job_path + ": warning: " + warning);
    }
    return kExitDone;
}

}  // namespace trommel::tools
