#include "net/flat_line.h"

#include <algorithm>
#include <cstring>

#include "trommel/json_text.h"

#include "net/eight_bytes.h"
#include "net/number.h"

namespace trommel::net {
namespace {

using Member = FlatLine::Member;

// What a line consists of.
struct Ingredients {
    Sixteen any{}, escape{};
    Sixteen lowest = ~Sixteen{};

    void add(const char* sixteen) {
        const Sixteen bytes = load_sixteen(sixteen);
        any |= bytes;
        lowest = bytes < lowest ? bytes : lowest;
        escape |= reinterpret_cast<Sixteen>(bytes == '\\');
    }
    template <size_t kBytes>
    void add_all(const char* begin, const char* end) {
        const auto add_part = [&](const char* part) {
            for (size_t at = 0; at < kBytes; at += sizeof(Sixteen)) add(part + at);
        };
        for (; begin + kBytes < end; begin += kBytes) add_part(begin);
        add_part(end - kBytes);  // Some of it perhaps once more.
    }
};

// Whether each quotation mark of a line is one: no escapes. Nor may there be control characters (a
// tab between tokens may stand there, but seldom does), and beyond ASCII only UTF-8.
bool is_plain(std::string_view line) {
    if (line.size() < sizeof(Sixteen))
        return false;  // No record with an id and a time is so short.
    const char* const begin = line.data();
    const char* const end = begin + line.size();
    Ingredients all;
    if (line.size() < 64) {
        all.add_all<16>(begin, end);
    } else {
        all.add_all<64>(begin, end);  // Lines of about the same length take the same turns.
    }
    const auto control = reinterpret_cast<Sixteen>(all.lowest < 0x20);
    return !has_high_bit(all.escape | control) && (!has_high_bit(all.any) || is_utf8(line));
}

const char* skip_spaces(const char* at, const char* end) {
    while (at != end && *at == ' ') ++at;
    return at;
}

// The next quotation mark, or `end`.
const char* find_quote(const char* at, const char* end) {
    while (at < end) {
        const uint64_t quotes = mark_equal(load_eight(at), '"');
        if (quotes != 0) return std::min(at + bytes_before(quotes), end);
        at += sizeof quotes;
    }
    return end;
}

bool stands_at(const char* text, const Member& member) {
    uint64_t difference = 0;
    for (size_t w = 0; w < Member::kWords; ++w) {
        difference |= (load_eight(text + w * 8) ^ member.bytes[w]) & member.mask[w];
    }
    return difference == 0;
}

void remember(std::string_view text, uint32_t field, Member& member) {
    member = Member();
    member.field = field;
    if (text.size() > sizeof member.bytes) return;
    member.mask = {};
    std::memcpy(member.bytes.data(), text.data(), text.size());
    std::memset(member.mask.data(), 0xFF, text.size());
    member.size = static_cast<uint32_t>(text.size());
}

// From `before`, which is the brace or comma before a name, to the value behind it, or null.
const char* read_name(const char* at, const char* end, char before, std::string_view& name) {
    at = skip_spaces(at, end);
    if (at == end || *at != before) return nullptr;
    at = skip_spaces(at + 1, end);
    if (at == end || *at != '"') return nullptr;
    const char* const quote = find_quote(at + 1, end);
    if (quote == end) return nullptr;
    name = {at + 1, static_cast<size_t>(quote - at) - 1};
    at = skip_spaces(quote + 1, end);
    return at != end && *at == ':' ? skip_spaces(at + 1, end) : nullptr;
}

const char* take_word(const char* at, const char* end, std::string_view word) {
    const auto left = static_cast<size_t>(end - at);
    return std::string_view(at, left).starts_with(word) ? at + word.size() : nullptr;
}

// The end of the text at `at`.
const char* find_text_end(const char* at, const char* end, Member& member, RowWriter& writer) {
    const auto left = static_cast<size_t>(end - at);
    const uint32_t expected = member.text_size;
    if (expected != 0 && expected < left && at[expected] == '"') return at + expected;
    const char* const quote = find_quote(at, end);
    const bool used = member.field != RowWriter::kUnused;
    if (used && writer.refuses_quotes(member.field)) {
        member.text_size = static_cast<uint32_t>(quote - at);
    }
    return quote;
}

// Past the value, or null when it is none for us. A number that goes on with what is not ours (an
// exponent) ends where no comma or brace is.
const char* take_value(const char* at, const char* end, Member& member, RowWriter& writer) {
    const uint32_t field = member.field;
    const bool used = field != RowWriter::kUnused;
    if (*at == '"') {
        const char* const quote = find_text_end(++at, end, member, writer);
        if (quote == end) return nullptr;
        const std::string_view text(at, static_cast<size_t>(quote - at));
        return !used || writer.put(field, Lexeme::string, text) ? quote + 1 : nullptr;
    }
    if (*at == '-' || (*at >= '0' && *at <= '9')) {
        const PlainNumber number = read_plain_number(at);
        if (number.size == 0) return nullptr;
        return !used || writer.put_number(field, number) ? at + number.size : nullptr;
    }
    if (used) return nullptr;
    return take_word(at, end, *at == 't' ? "true" : *at == 'f' ? "false" : "null");
}

}  // namespace

bool FlatLine::read(std::string_view line) {
    if (!is_plain(line)) return false;
    const char* at = line.data();
    const char* const end = at + line.size();
    for (Member& member : members_) {
        if (stands_at(at, member)) {
            at += member.size;
        } else {
            std::string_view name;
            const char* const begin = at;
            at = read_name(begin, end, at == line.data() ? '{' : ',', name);
            if (at == nullptr) return false;
            remember({begin, static_cast<size_t>(at - begin)}, writer_.field(name), member);
        }
        if (at >= end) return false;
        at = take_value(at, end, member, writer_);
        if (at == nullptr || at >= end) return false;
        if (*at == ' ') at = skip_spaces(at, end);
        if (at == end) return false;
        if (*at == '}') return skip_spaces(at + 1, end) == end;
        if (*at != ',') return false;
    }
    return false;
}

}  // namespace trommel::net
