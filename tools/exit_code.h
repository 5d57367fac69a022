#pragma once
#include "trommel/status.h"

namespace trommel::tools {

// What the program exits with; after sysexits.h where that has a number.
enum ExitCode : int {
    kExitDone = 0,    // Also after SIGINT or SIGTERM, and when the reader of stdout went away.
    kExitUsage = 64,  // A bad command line.
    kExitCorruptInput = 65,  // A corrupt record under on_error: fail.
    kExitNoInput = 66,       // A job file or a source that cannot be opened.
    kExitUnreachable = 69,   // A broker or remote sink does not answer.
    kExitInternal = 70,      // A mistake of ours, such as a ledger that does not add up.
    kExitIo = 74,            // Reading, writing, syncing or renaming failed.
    kExitMemoryFull = 75,    // A share of memory is used up under on_full: stop.
    kExitJobFile = 78,       // A job file with mistakes.
    kExitUnmet = 99,         // A --require was not met.
    kExitInterrupted = 130,  // A second SIGINT or SIGTERM.
};

constexpr ExitCode exit_code(Code code) {
    switch (code) {
        case Code::ok:
        case Code::closed:
            return kExitDone;
        case Code::invalid_config:
            return kExitJobFile;
        case Code::no_input:
            return kExitNoInput;
        case Code::io:
            return kExitIo;
        case Code::unreachable:
            return kExitUnreachable;
        case Code::memory_full:
            return kExitMemoryFull;
        case Code::corrupt_input:
            return kExitCorruptInput;
        case Code::internal:
            return kExitInternal;
    }
    return kExitInternal;
}

}  // namespace trommel::tools
