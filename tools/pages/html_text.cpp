#include "tools/pages/html_text.h"

#include <charconv>
#include <cmath>

#include "trommel/json_text.h"

namespace trommel::tools {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string_view escaped(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

bool is_forbidden(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

}  // namespace

void append_html(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const size_t size = utf8_character_size(text);
        const std::string_view character = text.substr(0, size > 0 ? size : 1);
        const std::string_view entity = escaped(character[0]);
        if (size == 0 || is_forbidden(character[0])) {
            out += kReplacement;
        } else {
            out += entity.empty() ? character : entity;
        }
        text.remove_prefix(character.size());
    }
}

std::string html(std::string_view text) {
    std::string out;
    append_html(out, text);
    return out;
}

void append_json_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

std::string json_for_script(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (const char c : json) {
        // A "<" of JSON stands within a string, where its number means the same.
        if (c == '<') {
            out += "\\u003c";
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace trommel::tools
