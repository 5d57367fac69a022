#include "bench/kit/simdjson_alone.h"

#include <simdjson.h>
#include <utility>

namespace trommel::bench {
namespace {

namespace ondemand = simdjson::ondemand;

// Sums of what was read: `values` is told to the caller, `first_bytes` keeps the strings from being
// left out.
struct Sums {
    uint64_t values = 0, first_bytes = 0;
};

bool add_string(ondemand::object& object, std::string_view name, Sums& sums) {
    ondemand::raw_json_string text;
    if (object.find_field(name).get_raw_json_string().get(text) != simdjson::SUCCESS) return false;
    sums.first_bytes += static_cast<unsigned char>(text.raw()[0]);
    return true;
}

bool add_integer(ondemand::object& object, std::string_view name, Sums& sums) {
    int64_t integer = 0;
    if (object.find_field(name).get_int64().get(integer) != simdjson::SUCCESS) return false;
    sums.values += static_cast<uint64_t>(integer);
    return true;
}

bool add_decimal(ondemand::object& object, std::string_view name, Sums& sums) {
    double decimal = 0;
    if (object.find_field(name).get_double().get(decimal) != simdjson::SUCCESS) return false;
    sums.values += static_cast<uint64_t>(decimal * 100 + 0.5);
    return true;
}

}  // namespace

struct SimdjsonAlone::Parser {
    ondemand::parser parser;
    uint64_t first_bytes = 0;
};

SimdjsonAlone::SimdjsonAlone() : parser_(std::make_unique<Parser>()) {}
SimdjsonAlone::~SimdjsonAlone() = default;

bool SimdjsonAlone::read(std::string_view lines) {
    ondemand::document_stream documents;
    // One batch, so that it starts no thread, whose time would go unseen.
    auto found = parser_->parser.iterate_many(lines.data(), lines.size(), lines.size());
    if (std::move(found).get(documents) != simdjson::SUCCESS) return false;
    Sums sums;
    for (auto document : documents) {
        ondemand::object object;
        if (document.get_object().get(object) != simdjson::SUCCESS) return false;
        const bool good = add_string(object, "id", sums) && add_string(object, "time", sums) &&
                          add_string(object, "key", sums) && add_decimal(object, "amount", sums) &&
                          add_integer(object, "count", sums) && add_integer(object, "size", sums);
        if (!good) return false;
        ++records_;
    }
    values_ += sums.values;
    parser_->first_bytes += sums.first_bytes;
    return true;
}

}  // namespace trommel::bench
