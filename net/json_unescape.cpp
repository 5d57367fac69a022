#include "net/json_unescape.h"

namespace trommel::net {
namespace {

// Four hexadecimal digits at text[at]; negative when there are none.
int32_t code_unit(std::string_view text, size_t at) {
    if (text.size() - at < 4) return -1;
    int32_t unit = 0;
    for (size_t i = at; i < at + 4; ++i) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

bool is_high_surrogate(int32_t unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low_surrogate(int32_t unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

// The byte that "\c" stands for; 0 when it is no such escape.
char simple_escape(char c) {
    switch (c) {
        case '"':
        case '\\':
        case '/':
            return c;
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return 0;
    }
}

// UTF-8 of a code point takes at most as many bytes as its escape.
class Writer {
   public:
    explicit Writer(char* out) : out_(out) {}
    void byte(int32_t value) {
        if (out_ != nullptr) out_[size_] = static_cast<char>(value);
        ++size_;
    }
    void code_point(int32_t c) {
        if (c < 0x80) return byte(c);
        if (c < 0x800) {
            byte(0xC0 | c >> 6);
        } else {
            if (c < 0x10000) {
                byte(0xE0 | c >> 12);
            } else {
                byte(0xF0 | c >> 18);
                byte(0x80 | (c >> 12 & 0x3F));
            }
            byte(0x80 | (c >> 6 & 0x3F));
        }
        byte(0x80 | (c & 0x3F));
    }
    size_t size() const { return size_; }

   private:
    char* out_;
    size_t size_ = 0;
};

}  // namespace

Unescaped unescape_json(std::string_view text, char* out, size_t& size) {
    Writer writer(out);
    Unescaped outcome = Unescaped::ok;
    for (size_t at = 0; at < text.size();) {
        if (text[at] != '\\') {
            writer.byte(text[at++]);
            continue;
        }
        if (++at == text.size()) return Unescaped::malformed;
        const char letter = text[at++];
        if (letter != 'u') {
            const char meant = simple_escape(letter);
            if (meant == 0) return Unescaped::malformed;
            writer.byte(meant);
            continue;
        }
        int32_t code = code_unit(text, at);
        if (code < 0) return Unescaped::malformed;
        at += 4;
        if (is_high_surrogate(code) && text.substr(at, 2) == "\\u") {
            const int32_t low = code_unit(text, at + 2);
            if (low < 0) return Unescaped::malformed;
            if (is_low_surrogate(low)) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                at += 6;
            }
        }
        if (is_high_surrogate(code) || is_low_surrogate(code)) outcome = Unescaped::lone_surrogate;
        writer.code_point(code);
    }
    size = writer.size();
    return outcome;
}

}  // namespace trommel::net
