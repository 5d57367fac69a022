#pragma once

namespace trommel::tools {

// From now on SIGINT and SIGTERM ask to stop; a second one ends the process at once with exit code
// 130. A closed pipe and a file at its size limit are errors of the write and no signals.
void watch_signals();

// Whether a stop was asked for. Any thread.
bool stop_requested();

}  // namespace trommel::tools
