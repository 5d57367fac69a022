#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"

// Encoded keys: the fields of a key as one byte string whose order under memcmp is the contract's
// order (E2: integers as numbers, strings by bytes, field by field), so that a key is hashed,
// compared and sorted as plain bytes.
//   integer: 8 bytes big-endian with the sign bit flipped
//   text:    the bytes, each 0x00 written as 0x00 0xFF, then 0x00 0x01
namespace trommel {

// Bytes that `text` takes when encoded: two more, and one for each NUL byte.
inline size_t encoded_text_size(std::string_view text) {
    size_t nuls = 0;
    for (const char c : text) nuls += c == '\0';
    return text.size() + nuls + 2;
}

// Write one field at `out` and return the end. `out` has room for 8 or encoded_text_size() bytes.
inline char* encode_integer(int64_t value, char* out) {
    const uint64_t ordered = static_cast<uint64_t>(value) ^ (uint64_t{1} << 63);
    for (int shift = 56; shift >= 0; shift -= 8) *out++ = static_cast<char>(ordered >> shift);
    return out;
}

inline char* encode_text(std::string_view text, char* out) {
    for (const char c : text) {
        *out++ = c;
        if (c == '\0') *out++ = static_cast<char>(0xFF);
    }
    *out++ = '\0';
    *out++ = '\1';
    return out;
}

struct KeyPart {
    FieldType type = FieldType::text;
    int64_t integer = 0;
    std::string text;
};

// Takes an encoded key apart; `fields` are the types that it was encoded with.
// Precondition: `encoded` was made by the functions above for the same fields.
inline void decode_key(std::string_view encoded, const std::vector<KeyField>& fields,
                       std::vector<KeyPart>& parts) {
    parts.resize(fields.size());
    size_t at = 0;
    for (size_t f = 0; f < fields.size(); ++f) {
        KeyPart& part = parts[f];
        part.type = fields[f].type;
        part.text.clear();
        if (part.type == FieldType::integer) {
            uint64_t ordered = 0;
            for (int i = 0; i < 8; ++i)
                ordered = ordered << 8 | static_cast<uint8_t>(encoded[at++]);
            part.integer = static_cast<int64_t>(ordered ^ (uint64_t{1} << 63));
            continue;
        }
        for (;; ++at) {
            if (encoded[at] != '\0') {
                part.text += encoded[at];
            } else if (static_cast<uint8_t>(encoded[++at]) == 0xFF) {
                part.text += '\0';
            } else {
                ++at;
                break;
            }
        }
    }
}

}  // namespace trommel
