#include "net/json_decoder.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <simdjson.h>
#include <utility>

#include "net/flat_line.h"
#include "net/json_unescape.h"
#include "net/number.h"
#include "net/record_decoder.h"

namespace trommel::net {
namespace {

namespace ondemand = simdjson::ondemand;

// What simdjson parses in: six bytes for each byte of the longest line.
class JsonScratch final : public DecodeScratch {
   public:
    ondemand::parser parser;
};

// simdjson checks UTF-8 and finds the tokens of a whole line at once. Its lazy iteration checks
// only what is asked for, so that every value is walked here, used or not, and every token's own
// grammar is checked (E5: valid JSON as a whole).
class JsonFormat {
   public:
    JsonFormat(const DecodeOptions&, const DecodeContext& context, RowWriter& writer)
        : writer_(writer), flat_(writer) {
        if (context.scratch == nullptr) own_scratch_ = std::make_unique<JsonScratch>();
        DecodeScratch* const scratch =
            context.scratch == nullptr ? own_scratch_.get() : context.scratch;
        parser_ = &static_cast<JsonScratch*>(scratch)->parser;
    }

    void begin_stream() {}
    void begin_record() {}
    void skip_record() {}

    static size_t find_end(std::string_view bytes, size_t& scanned) {
        const void* const found = std::memchr(bytes.data() + scanned, '\n', bytes.size() - scanned);
        scanned = bytes.size();
        if (found == nullptr) return std::string_view::npos;
        return static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
    }

    Outcome decode(std::string_view line, RecordBatch& batch) {
        if (flat_.read(line)) return writer_.finish() ? Outcome::row : Outcome::corrupt;
        writer_.begin(batch);
        const std::string_view problem = walk_line(line, batch);
        if (!problem.empty()) writer_.reject(problem);
        const bool readable = problem.empty() && writer_.finish();
        if (parser_->capacity() > kKeptCapacity) *parser_ = ondemand::parser();
        return readable ? Outcome::row : Outcome::corrupt;
    }

   private:
    static constexpr size_t kFirstCapacity = size_t{64} << 10;
    static constexpr size_t kKeptCapacity = size_t{1} << 20;  // It takes six bytes per byte.
    static constexpr int kDepthMax = 1000;                    // simdjson allows 1024.

    // What is wrong with the line as a whole, or nothing.
    std::string_view walk_line(std::string_view line, RecordBatch& batch) {
        constexpr std::string_view kNotJson = "not valid JSON";
        if (line.size() > parser_->capacity()) {
            const size_t wanted = std::max({line.size(), 2 * parser_->capacity(), kFirstCapacity});
            if (parser_->allocate(wanted, simdjson::DEFAULT_MAX_DEPTH) != simdjson::SUCCESS) {
                return "no memory to parse it";
            }
        }
        ondemand::document document;
        const simdjson::padded_string_view padded(line.data(), line.size(),
                                                  line.size() + kPaddingBytes);
        const simdjson::error_code error = parser_->iterate(padded).get(document);
        if (error == simdjson::UTF8_ERROR) return "not valid UTF-8";
        if (error != simdjson::SUCCESS) return kNotJson;
        if (line[line.find_first_not_of(" \t\r")] != '{') return "not a JSON object";
        ondemand::object object;
        if (document.get_object().get(object) != simdjson::SUCCESS) return kNotJson;
        if (!walk_record(object, batch)) return kNotJson;
        // The record is a value; a location means that something follows it.
        return document.current_location().error() == simdjson::OUT_OF_BOUNDS
                   ? std::string_view()
                   : "more than one value on the line";
    }

    bool walk_record(ondemand::object& object, RecordBatch& batch) {
        for (auto member : object) {
            ondemand::field field;
            if (std::move(member).get(field) != simdjson::SUCCESS) return false;
            uint32_t used = RowWriter::kUnused;
            if (!find_field(field.key().raw(), batch, used)) return false;
            ondemand::value& value = field.value();
            const bool good = used == RowWriter::kUnused ? walk(value, 1) : use(used, value, batch);
            if (!good) return false;
        }
        return true;
    }

    // The field that a key names. `key` is behind the opening quote; the closing one is there.
    bool find_field(const char* key, RecordBatch& batch, uint32_t& used) {
        const char* end = key;
        while (*end != '"' && *end != '\\') ++end;
        std::string_view name(key, static_cast<size_t>(end - key));
        if (*end == '\\') {
            while (*end != '"') end += *end == '\\' ? 2 : 1;
            const std::string_view escaped(key, static_cast<size_t>(end - key));
            char* const text = batch.allocate_text(escaped.size());
            size_t size = 0;
            const Unescaped outcome = unescape_json(escaped, text, size);
            if (outcome != Unescaped::ok) return outcome != Unescaped::malformed;
            name = {text, size};
        }
        used = writer_.field(name);
        return true;
    }

    // A value that counts. False when it is not JSON.
    bool use(uint32_t field, ondemand::value& value, RecordBatch& batch) {
        const std::string_view token = trimmed(value);
        if (token.empty()) return false;
        if (token[0] == '"') return use_string(field, value, token, batch);
        const bool number = token[0] == '-' || (token[0] >= '0' && token[0] <= '9');
        if (number) return writer_.put(field, Lexeme::number, token) || is_json_number(token);
        writer_.put(field, token[0] == 'n' ? Lexeme::null : Lexeme::other, token);
        return walk(value, 1);
    }

    bool use_string(uint32_t field, ondemand::value& value, std::string_view token,
                    RecordBatch& batch) {
        if (!consume_string(value, token)) return false;
        std::string_view text = token.substr(1, token.size() - 2);
        Lexeme lexeme = Lexeme::string;
        if (has_escape(text)) {
            char* const out = batch.allocate_text(text.size());
            size_t size = 0;
            const Unescaped outcome = unescape_json(text, out, size);
            if (outcome == Unescaped::malformed) return false;
            if (outcome == Unescaped::lone_surrogate) lexeme = Lexeme::lone_surrogate;
            text = {out, size};
        }
        writer_.put(field, lexeme, text);
        return true;
    }

    // Whether a value is JSON to its last byte.
    bool walk(ondemand::value& value, int depth) {
        const std::string_view token = trimmed(value);
        if (token.empty() || depth > kDepthMax) return false;
        switch (token[0]) {
            case '{':
                return walk_object(value, depth);
            case '[':
                return walk_array(value, depth);
            case '"': {
                if (!consume_string(value, token)) return false;
                const std::string_view text = token.substr(1, token.size() - 2);
                size_t size = 0;
                return !has_escape(text) ||
                       unescape_json(text, nullptr, size) != Unescaped::malformed;
            }
            case 't':
                return token == "true";
            case 'f':
                return token == "false";
            case 'n':
                return token == "null";
            default:
                return is_json_number(token);
        }
    }

    bool walk_object(ondemand::value& value, int depth) {
        ondemand::object object;
        if (value.get_object().get(object) != simdjson::SUCCESS) return false;
        for (auto member : object) {
            ondemand::field field;
            if (std::move(member).get(field) != simdjson::SUCCESS) return false;
            const char* const key = field.key().raw();
            const char* end = key;
            bool escaped = false;
            for (; *end != '"'; end += *end == '\\' ? 2 : 1) escaped |= *end == '\\';
            size_t size = 0;
            if (escaped && unescape_json({key, static_cast<size_t>(end - key)}, nullptr, size) ==
                               Unescaped::malformed) {
                return false;
            }
            if (!walk(field.value(), depth + 1)) return false;
        }
        return true;
    }

    bool walk_array(ondemand::value& value, int depth) {
        ondemand::array array;
        if (value.get_array().get(array) != simdjson::SUCCESS) return false;
        for (auto element : array) {
            ondemand::value inner;
            if (std::move(element).get(inner) != simdjson::SUCCESS) return false;
            if (!walk(inner, depth + 1)) return false;
        }
        return true;
    }

    // A token reaches to the next one: white space may follow it.
    static std::string_view trimmed(ondemand::value& value) {
        std::string_view token = value.raw_json_token();
        while (!token.empty() && is_space(token.back())) token.remove_suffix(1);
        return token;
    }
    static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

    // Moves past a string. Left to itself, iteration would take "a":"b":"c" for a member.
    static bool consume_string(ondemand::value& value, std::string_view token) {
        return token.size() >= 2 && token.back() == '"' &&
               value.get_raw_json_string().error() == simdjson::SUCCESS;
    }

    static bool has_escape(std::string_view text) {
        return std::memchr(text.data(), '\\', text.size()) != nullptr;
    }

    RowWriter& writer_;
    FlatLine flat_;
    std::unique_ptr<DecodeScratch> own_scratch_;
    ondemand::parser* parser_ = nullptr;
};

}  // namespace

std::unique_ptr<DecodeScratch> make_json_scratch() {
    return std::make_unique<JsonScratch>();
}

std::unique_ptr<Decoder> make_json_decoder(const DecodeOptions& options,
                                           const DecodeContext& context) {
    return std::make_unique<RecordDecoder<JsonFormat>>(options, context);
}

}  // namespace trommel::net
