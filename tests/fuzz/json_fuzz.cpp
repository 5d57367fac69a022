// JSON lines: cuts change nothing, a line is accepted as a whole iff the grammar accepts it, and
// the reader of usual lines says what the parser says.
#include "trommel/json_text.h"

#include "tests/fuzz/decoder_fuzz.h"
#include "tests/net/json_reference.h"

namespace {

using namespace trommel;

net::DecodeOptions options_of(uint8_t choice) {
    net::DecodeOptions options;
    if ((choice & 1) != 0) options.partition = "p";
    const bool rfc3339 = (choice & 4) != 0;
    const net::IdForm text_id = rfc3339 ? net::IdForm::uuid : net::IdForm::bytes;
    options.id = {"id", (choice & 2) != 0 ? net::IdForm::u64 : text_id};
    options.time = {"t", rfc3339 ? net::TimeForm::rfc3339 : net::TimeForm::ms};
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

// A tab before the brace is white space to JSON and sends the line to the parser.
void check_parser(const std::vector<fuzz::Record>& records, const net::DecodeOptions& options) {
    std::vector<const fuzz::Record*> compared;
    std::string stream;
    for (const fuzz::Record& record : records) {
        if (record.raw.size() >= options.record_bytes_max) continue;
        compared.push_back(&record);
        stream += "\t" + record.raw + "\r\n";
    }
    const std::vector<fuzz::Record> parsed = fuzz::decode(stream, options, stream.size() + 1, 64);
    fuzz::require(parsed.size() == compared.size(), "as many records");
    for (size_t i = 0; i < parsed.size(); ++i) {
        fuzz::require(parsed[i].detail == compared[i]->detail, "the parser finds the same fault");
        fuzz::require(parsed[i].partition == compared[i]->partition, "and the same partition");
        fuzz::require(parsed[i].fields == compared[i]->fields, "the parser reads the same");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size < 2) return 0;
    const net::DecodeOptions options = options_of(bytes[1] >> 4);
    const std::vector<fuzz::Record> records = fuzz::check_cuts(bytes, size, options);
    for (const fuzz::Record& record : records) check_grammar(record, options);
    check_parser(records, options);
    return 0;
}
