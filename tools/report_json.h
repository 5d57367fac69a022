#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/report.h"
#include "trommel/run.h"

namespace trommel::tools {

// One JSON object under construction, on one line.
class JsonObject {
   public:
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& number(std::string_view name, uint64_t value);
    JsonObject& real(std::string_view name, double value);
    JsonObject& flag(std::string_view name, bool value);
    JsonObject& time(std::string_view name, int64_t us);  // INT64_MIN (none) is null.
    JsonObject& raw(std::string_view name, std::string_view json);

    const std::string& members() const { return members_; }
    std::string object() const { return "{" + members_ + "}"; }

   private:
    void begin(std::string_view name);

    std::string members_;
};

// One JSON array; `convert` makes an item's JSON.
template <class T, class Convert>
std::string array_of(const std::vector<T>& items, Convert convert) {
    std::string json = "[";
    for (const T& item : items) {
        if (json.size() > 1) json += ',';
        json += convert(item);
    }
    return json + "]";
}

std::string to_json(const Ledger& ledger);
std::string to_json(const Transport& transport);
// Members, without braces.
std::string members_of(const Report& report, uint64_t memory_bytes);
std::string members_of(const Progress& progress);

}  // namespace trommel::tools
