#include <cstdio>

#include "tools/command_line.h"
#include "tools/exit_code.h"

int main(int argc, char** argv) {
    const trommel::tools::ExitCode code = trommel::tools::run_command_line(argc, argv);
    // Only now does stdio tell whether the help or the answer of `check` could be written.
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    std::perror("trommel: error: cannot write stdout");
    return trommel::tools::kExitIo;
}
