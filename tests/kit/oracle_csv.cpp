#include "tests/kit/oracle_csv.h"

namespace trommel::testkit {
namespace {

std::string quoted(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace

std::string to_csv(const Config& config, const std::vector<OracleRow>& rows) {
    std::string csv = "window,start,end";
    for (const KeyField& field : config.key) csv += "," + quoted(field.name);
    for (const Aggregate& aggregate : config.aggregates) csv += "," + quoted(aggregate.name);
    csv += '\n';
    for (const OracleRow& row : rows) {
        csv += quoted(config.windows[row.window].name) + "," + std::to_string(row.start_us) + "," +
               std::to_string(row.end_us);
        for (const KeyPart& part : row.key) {
            csv += ",";
            csv +=
                part.type == FieldType::integer ? std::to_string(part.integer) : quoted(part.text);
        }
        for (size_t a = 0; a < row.aggregates.size(); ++a) {
            csv += "," + trommel::to_text(row.aggregates[a], config.aggregates[a].digits);
        }
        csv += '\n';
    }
    return csv;
}

}  // namespace trommel::testkit
