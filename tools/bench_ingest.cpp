#include "tools/commands.h"
namespace trommel::tools {
ExitCode bench_ingest(const IngestCommand&) {
    return kExitDone;
}
}  // namespace trommel::tools
