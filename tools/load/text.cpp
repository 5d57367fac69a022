#include "tools/load/text.h"

#include <cstdio>

#include "bench/kit/machine.h"
#include "tools/load/json.h"

namespace trommel::tools {

bench::LoadReport load_report(const std::string& command) {
    bench::LoadReport report;
    report.command = command;
    report.machine = bench::describe_machine();
    report.version = TROMMEL_VERSION;
    report.commit = TROMMEL_COMMIT;
    return report;
}

ExitCode refuse(const Status& status) {
    std::fprintf(stderr, "trommel: error: %s\n", status.message.c_str());
    return exit_code(status.code);
}

void print(const bench::LoadReport& report, bool json) {
    const std::string text = json ? to_json(report) + "\n" : to_table(report);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

}  // namespace trommel::tools
