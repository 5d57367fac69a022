// JSON lines: cuts change nothing, and a line is accepted as a whole iff the grammar accepts it.
#include "trommel/json_text.h"

#include "tests/fuzz/decoder_fuzz.h"
#include "tests/net/json_reference.h"

namespace {

using namespace trommel;

net::DecodeOptions options_of(uint8_t choice) {
    net::DecodeOptions options;
    if ((choice & 1) != 0) options.partition = "p";
    options.id = {"id", (choice & 2) != 0 ? net::IdForm::u64 : net::IdForm::bytes};
    options.time = {"t", (choice & 4) != 0 ? net::TimeForm::rfc3339 : net::TimeForm::ms};
    options.key = {{"k", FieldType::text}, {"n", FieldType::integer}};
    options.values = {{"v", 2}};
    options.record_bytes_max = (choice & 8) != 0 ? 30 : 4096;
    return options;
}

void check_grammar(const fuzz::Record& record, const net::DecodeOptions& options) {
    constexpr size_t kNestingIsFarAway = 900;  // The reference has no limit of its own.
    const std::string& line = record.raw;
    if (line.size() > kNestingIsFarAway || line.size() >= options.record_bytes_max) return;
    const bool whole = record.detail.empty() || record.detail.starts_with("field '");
    const bool valid = line.find_first_not_of(" \t\r") == line.find('{') && is_utf8(line) &&
                       net::JsonReference::accepts(line);
    fuzz::require(whole == valid, "valid as a whole iff the grammar says so");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size < 2) return 0;
    const net::DecodeOptions options = options_of(bytes[1] >> 4);
    for (const fuzz::Record& record : fuzz::check_cuts(bytes, size, options)) {
        check_grammar(record, options);
    }
    return 0;
}
