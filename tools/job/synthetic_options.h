#pragma once
#include <span>
#include <string>
#include <string_view>

#include "net/synthetic_stream.h"

namespace trommel::tools {

// One setting of a made-up stream: a field of `source` in a job file and a flag of `trommel gen`.
struct SyntheticSetting {
    const char* name;  // "duplicate_distance"; the flag is --duplicate-distance.
    const char* preset;
    const char* help;
    // Sets the option; returns what is wrong with the text, or "".
    std::string (*set)(net::SyntheticOptions& options, std::string_view text);
};

std::span<const SyntheticSetting> synthetic_settings();

// "in=… unique=… duplicate=… late=… corrupt=…", in the ledger's words.
std::string to_text(const net::Truth& truth);

}  // namespace trommel::tools
