#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// Text on its way into JSON (RFC 8259) and the UTF-8 check (RFC 3629) that this takes.
namespace trommel {

// Bytes of the UTF-8 character at the start of `text`, 1 to 4; 0 when there is none: a stray or
// missing continuation byte, an overlong form, a surrogate, a number above U+10FFFF, a cut
// character. Precondition: `text` is not empty.
inline size_t utf8_character_size(std::string_view text) {
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(text[at]); };
    const uint8_t lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    const size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < size) return 0;
    // The second byte's range is what rules out overlong forms, surrogates and too large numbers.
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < low || byte(1) > high) return 0;
    for (size_t at = 2; at < size; ++at) {
        if ((byte(at) & 0xC0) != 0x80) return 0;
    }
    return size;
}

inline bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        uint64_t eight = 0x80;  // Most text is ASCII, eight bytes of which are one comparison.
        if (text.size() >= sizeof eight) std::memcpy(&eight, text.data(), sizeof eight);
        if ((eight & 0x8080808080808080u) == 0) {
            text.remove_prefix(sizeof eight);
            continue;
        }
        const size_t size = utf8_character_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

// Appends `text` as a JSON string with its quotes. Characters beyond ASCII stay as they are. The
// result is valid JSON whatever the bytes: each byte that is not UTF-8 becomes U+FFFD, which cannot
// be undone, so whoever needs such bytes back asks is_utf8() first and writes them another way.
inline void append_json_string(std::string& out, std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    size_t copied = 0;  // text[0, copied) is in `out`.
    for (size_t at = 0; at < text.size();) {
        const auto byte = static_cast<uint8_t>(text[at]);
        const size_t size = byte < 0x80 ? 1 : utf8_character_size(text.substr(at));
        const bool plain = size > 0 && byte >= 0x20 && byte != '"' && byte != '\\';
        if (plain) {
            at += size;
            continue;
        }
        out.append(text, copied, at - copied);
        copied = ++at;
        switch (byte) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\b':
                out += "\\b";
                break;
            case '\f':
                out += "\\f";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (byte >= 0x80) {
                    out += "\xEF\xBF\xBD";
                } else {
                    out += "\\u00";
                    out += kHex[byte >> 4];
                    out += kHex[byte & 15];
                }
        }
    }
    out.append(text, copied, text.size() - copied);
    out += '"';
}

}  // namespace trommel
