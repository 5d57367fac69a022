#include "hostpath/dead_letter.h"

#include "trommel/json_text.h"

namespace trommel::hostpath {

void append_base64(std::string& out, std::string_view bytes) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
    for (size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; ++i) {
            bits = bits << 8 | (i < group.size() ? static_cast<uint8_t>(group[i]) : 0u);
        }
        for (size_t i = 0; i < 4; ++i) {
            out += i <= group.size() ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
        }
    }
}

void append_dead_letter(std::string& out, const DeadLetter& letter) {
    out += "{\"reason\":";
    append_json_string(out, letter.reason);
    out += ",\"source\":";
    append_json_string(out, letter.source);
    out += ",\"partition\":";
    append_json_string(out, letter.partition);
    out += ",\"record\":";
    out += std::to_string(letter.record);
    out += ",\"offset\":";
    out += std::to_string(letter.offset);
    if (is_utf8(letter.raw)) {
        out += ",\"raw\":";
        append_json_string(out, letter.raw);
    } else {
        out += ",\"raw_base64\":\"";
        append_base64(out, letter.raw);
        out += '"';
    }
    if (!letter.detail.empty()) {
        out += ",\"detail\":";
        append_json_string(out, letter.detail);
    }
    out += '}';
}

}  // namespace trommel::hostpath
