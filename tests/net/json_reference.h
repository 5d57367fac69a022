#pragma once
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trommel::net {

// RFC 8259, production by production: whether a text is one JSON value. Knows nothing of UTF-8.
class JsonReference {
   public:
    static bool accepts(std::string_view text) {
        JsonReference reader(text);
        reader.space();
        if (!reader.value()) return false;
        reader.space();
        return reader.text_.empty();
    }

   private:
    explicit JsonReference(std::string_view text) : text_(text) {}

    char peek() const { return text_.empty() ? '\0' : text_[0]; }
    bool take(char c) {
        if (text_.empty() || text_[0] != c) return false;
        text_.remove_prefix(1);
        return true;
    }
    bool take_word(std::string_view word) {
        if (text_.substr(0, word.size()) != word) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    void space() {
        while (take(' ') || take('\t') || take('\r') || take('\n')) {
        }
    }

    bool value() {
        if (peek() == '{') return object();
        if (peek() == '[') return array();
        if (peek() == '"') return string();
        return take_word("true") || take_word("false") || take_word("null") || number();
    }
    bool object() {
        take('{');
        space();
        if (take('}')) return true;
        do {
            space();
            if (!string()) return false;
            space();
            if (!take(':')) return false;
            space();
            if (!value()) return false;
            space();
        } while (take(','));
        return take('}');
    }
    bool array() {
        take('[');
        space();
        if (take(']')) return true;
        do {
            space();
            if (!value()) return false;
            space();
        } while (take(','));
        return take(']');
    }
    bool string() {
        if (!take('"')) return false;
        while (!text_.empty() && peek() != '"') {
            if (static_cast<uint8_t>(peek()) < 0x20) return false;
            if (!take('\\')) {
                text_.remove_prefix(1);
            } else if (take('u')) {
                for (int i = 0; i < 4; ++i) {
                    if (text_.empty() || std::isxdigit(static_cast<uint8_t>(peek())) == 0)
                        return false;
                    text_.remove_prefix(1);
                }
            } else if (std::string_view("\"\\/bfnrt").find(peek()) == std::string_view::npos ||
                       text_.empty()) {
                return false;
            } else {
                text_.remove_prefix(1);
            }
        }
        return take('"');
    }
    bool digits() {
        size_t count = 0;
        for (; !text_.empty() && std::isdigit(static_cast<uint8_t>(peek())) != 0; ++count) {
            text_.remove_prefix(1);
        }
        return count > 0;
    }
    bool number() {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            if (!digits()) return false;
        }
        return true;
    }

    std::string_view text_;
};

}  // namespace trommel::net
