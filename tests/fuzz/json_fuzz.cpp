// JSON lines: cuts change nothing, and a line is accepted as a whole iff the grammar accepts it.
#include "net/utf8.h"
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

// The reference has no limit of its own: nesting stays far below the decoder's.
void check_grammar(std::string_view line, const net::DecodeOptions& options) {
    if (line.size() > 900 || line.size() > options.record_bytes_max) return;
    if (line.find_first_of("\n\r") != std::string_view::npos) return;
    if (line.find_first_not_of(" \t\v\f") == std::string_view::npos) return;
    if (line.starts_with("\xEF\xBB\xBF")) return;
    const std::vector<std::string> records = fuzz::decode(line, options, line.size() + 1, 1);
    fuzz::require(records.size() == 1, "a line is a record");
    const size_t mark = records[0].rfind(" ! ");
    const bool corrupt = mark != std::string::npos;
    const bool whole = !corrupt || records[0].substr(mark).starts_with(" ! field '");
    const size_t first = line.find_first_not_of(" \t");
    const bool valid =
        line[first] == '{' && net::is_utf8(line) && net::JsonReference::accepts(line);
    fuzz::require(whole == valid, "valid as a whole iff the grammar says so");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size < 2) return 0;
    const net::DecodeOptions options = options_of(bytes[1] >> 4);
    fuzz::check_cuts(bytes, size, options);
    std::string_view rest(reinterpret_cast<const char*>(bytes) + 2, size - 2);
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        check_grammar(rest.substr(0, end), options);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return 0;
}
