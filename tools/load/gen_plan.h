#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trommel/status.h"

#include "net/send_target.h"
#include "net/synthetic_stream.h"
#include "tools/commands.h"
#include "tools/console.h"

namespace trommel::tools {

enum class GenFormat : uint8_t { json, csv, binary };

// What `trommel gen` is to do, read from its flags.
struct GenPlan {
    net::SyntheticOptions stream;
    GenFormat format = GenFormat::json;
    uint64_t rate = 0;  // Records per second; 0: as fast as they can be written.

    std::optional<net::SendTarget> network;  // Absent: a file or standard output.
    uint16_t frame_events = 0;
    int64_t linger_us = 0;
    uint32_t source_id = 0, epoch = 0;
    bool stamp = false, segments = true;
    std::string key_path;  // Empty: frames are not signed.
};

// Everything wrong with the flags at once, one message each. `wall_us` is the time of day: the
// epoch of a sender that names none.
std::vector<std::string> read_gen_plan(const GenCommand& command, int64_t wall_us, GenPlan& plan);

// Sends the stream to the plan's network target, until its end or a signal, and reports.
ExitCode send_stream(const GenPlan& plan, Console& console);

}  // namespace trommel::tools
