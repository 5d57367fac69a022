#pragma once
#include <string>

#include "trommel/status.h"

namespace trommel::tools {

// Writes a file that is there whole or not at all.
Status write_whole(const std::string& path, const std::string& text);

}  // namespace trommel::tools
