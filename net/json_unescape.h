#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trommel::net {

enum class Unescaped : uint8_t { ok, lone_surrogate, malformed };

// Resolves the escapes of what stands between a JSON string's quotes. `out` has room for
// text.size() bytes, or is null to check only. On lone_surrogate the text is a JSON string, but no
// Unicode text. Precondition: `text` is valid UTF-8 without unescaped quotes and control
// characters.
Unescaped unescape_json(std::string_view text, char* out, size_t& size);

}  // namespace trommel::net
