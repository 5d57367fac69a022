#include "tests/tools/json_reader.h"

#include <charconv>
#include <cmath>
#include <gtest/gtest.h>

namespace trommel::tools {
namespace {

class Reader {
   public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool document(Json& json) { return value(json) && (skip_blanks(), text_.empty()); }

   private:
    void skip_blanks() {
        text_.remove_prefix(std::min(text_.find_first_not_of(" \n\r\t"), text_.size()));
    }
    bool take(std::string_view word) {
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    bool value(Json& json) {
        skip_blanks();
        if (text_.empty()) return false;
        if (text_[0] == '{') return object(json);
        if (text_[0] == '[') return list(json);
        if (text_[0] == '"') return json.kind = Json::Kind::text, string(json.text);
        if (take("null")) return true;
        if (take("true")) return json.kind = Json::Kind::flag, json.number = 1, true;
        if (take("false")) return json.kind = Json::Kind::flag, true;
        return number(json);
    }
    bool number(Json& json) {
        json.kind = Json::Kind::number;
        // from_chars knows "inf" and "nan", JSON does not.
        if (text_[0] != '-' && (text_[0] < '0' || text_[0] > '9')) return false;
        const auto [end, error] =
            std::from_chars(text_.data(), text_.data() + text_.size(), json.number);
        if (error != std::errc() || !std::isfinite(json.number)) return false;
        text_.remove_prefix(static_cast<size_t>(end - text_.data()));
        return true;
    }
    bool string(std::string& out) {
        text_.remove_prefix(1);
        while (!text_.empty() && text_[0] != '"') {
            if (static_cast<unsigned char>(text_[0]) < 0x20) return false;
            if (text_[0] == '\\') {
                if (!escape(out)) return false;
            } else {
                out += text_[0];
                text_.remove_prefix(1);
            }
        }
        return take("\"");
    }
    bool escape(std::string& out) {
        constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
        if (text_.size() < 2) return false;
        const size_t at = kNames.find(text_[1]);
        if (at != std::string_view::npos) {
            out += kMeanings[at];
            text_.remove_prefix(2);
            return true;
        }
        unsigned code = 0;
        if (text_.size() < 6 || text_[1] != 'u') return false;
        const char* const begin = text_.data() + 2;
        if (std::from_chars(begin, begin + 4, code, 16).ptr != begin + 4 || code > 0x7f) {
            return false;  // We write no others.
        }
        out += static_cast<char>(code);
        text_.remove_prefix(6);
        return true;
    }
    bool list(Json& json) {
        json.kind = Json::Kind::list;
        take("[");
        skip_blanks();
        if (take("]")) return true;
        do {
            if (!value(json.items.emplace_back())) return false;
            skip_blanks();
        } while (take(","));
        return take("]");
    }
    bool object(Json& json) {
        json.kind = Json::Kind::object;
        take("{");
        skip_blanks();
        if (take("}")) return true;
        do {
            auto& [name, member] = json.members.emplace_back();
            skip_blanks();
            if (text_.empty() || text_[0] != '"' || !string(name)) return false;
            skip_blanks();
            if (!take(":") || !value(member)) return false;
            skip_blanks();
        } while (take(","));
        return take("}");
    }

    std::string_view text_;
};

const Json kNone;

}  // namespace

const Json& Json::operator[](std::string_view name) const {
    for (const auto& [key, value] : members) {
        if (key == name) return value;
    }
    ADD_FAILURE() << "no member " << name;
    return kNone;
}

const Json& Json::operator[](size_t index) const {
    if (index < items.size()) return items[index];
    ADD_FAILURE() << "no item " << index;
    return kNone;
}

std::vector<double> Json::numbers() const {
    std::vector<double> out;
    for (const Json& item : items) out.push_back(item.kind == Kind::number ? item.number : NAN);
    return out;
}

bool read_json(std::string_view text, Json& json) {
    return Reader(text).document(json);
}

}  // namespace trommel::tools
