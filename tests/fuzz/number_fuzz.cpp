// Numbers and times: what is read is what was written, by way of printing it again.
#include <string>

#include "trommel/json_text.h"

#include "net/json_unescape.h"
#include "net/number.h"
#include "net/rfc3339.h"
#include "tests/fuzz/decoder_fuzz.h"

namespace {

using namespace trommel;

// Decimal text without a sign or fraction that is only zeros' worth: "-0" and "-0.00" are zero.
void check_decimal(std::string_view text, int digits) {
    int64_t value = 0;
    if (net::parse_decimal(text, digits, value) != net::Fault::none) return;
    fuzz::require(net::is_json_number(text), "a decimal is a JSON number");
    const size_t point = text.find('.');
    const size_t fraction = point == std::string_view::npos ? 0 : text.size() - point - 1;
    std::string padded(text);
    if (digits > 0) {
        if (fraction == 0) padded += '.';
        padded.append(static_cast<size_t>(digits) - fraction, '0');
    }
    if (value == 0 && padded[0] == '-') padded.erase(0, 1);
    fuzz::require(padded == to_text(int128{value}, digits), "a decimal prints as it was written");
}

void check_unsigned(std::string_view text) {
    uint128 wide = 0;
    uint64_t narrow = 0;
    const net::Fault fault = net::parse_u128(text, wide);
    const bool fits = fault == net::Fault::none && wide >> 64 == 0;
    fuzz::require((net::parse_u64(text, narrow) == net::Fault::none) == fits, "64 of 128 bits");
    fuzz::require(!fits || std::to_string(narrow) == text, "an integer prints as it was written");
}

void check_time(std::string_view text) {
    int64_t time_us = 0;
    if (!net::parse_rfc3339(text, time_us)) return;
    fuzz::require(time_us > -kTimeLimitUs && time_us < kTimeLimitUs, "times are in range");
    fuzz::require(text.size() >= 20 && text.size() <= 32, "a time is 20 to 32 bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    check_decimal(text, bytes[0] % 19);
    check_unsigned(text);
    check_time(text);
    uint128 id = 0;
    if (net::parse_uuid(text, id) == net::Fault::none && text.size() == 32) {
        uint128 same = 0;
        fuzz::require(net::parse_hex(text, same) == net::Fault::none && same == id,
                      "a UUID is hex");
    }
    if (is_utf8(text) && text.find('"') == std::string::npos) {
        std::string out(text.size(), '\0');
        size_t unescaped = 0;
        if (net::unescape_json(text, out.data(), unescaped) == net::Unescaped::ok) {
            fuzz::require(is_utf8(std::string_view(out).substr(0, unescaped)),
                          "unescaped text is UTF-8");
        }
    }
    return 0;
}
