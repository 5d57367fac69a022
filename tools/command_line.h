#pragma once

#include "tools/exit_code.h"

namespace trommel::tools {

// Reads the command line, runs the command that it names, and returns what to exit with.
ExitCode run_command_line(int argc, char** argv);

}  // namespace trommel::tools
