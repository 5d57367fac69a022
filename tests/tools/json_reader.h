#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trommel::tools {

// JSON as RFC 8259 has it and nothing else, so that tests see what a browser would.
struct Json {
    enum class Kind { null, flag, number, text, list, object };

    Kind kind = Kind::null;
    double number = 0;  // flag: 0 or 1.
    std::string text;
    std::vector<Json> items;
    std::vector<std::pair<std::string, Json>> members;

    // A member, which the test expects to be there: fails it and returns null's value otherwise.
    const Json& operator[](std::string_view name) const;
    const Json& operator[](size_t index) const;
    std::vector<double> numbers() const;  // null is not a number.
};

// False when the text is no JSON.
bool read_json(std::string_view text, Json& json);

}  // namespace trommel::tools
