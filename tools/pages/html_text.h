#pragma once
#include <string>
#include <string_view>

// Texts and numbers on their way into HTML and into the JSON within it.
namespace trommel::tools {

// Appends `text` for an element or a quoted attribute: nothing in it is markup. Bytes that are no
// UTF-8, and control characters, which HTML forbids, become U+FFFD; line ends and tabs stay.
void append_html(std::string& out, std::string_view text);
std::string html(std::string_view text);

// Appends the shortest text that reads back as the same number; null for what JSON has no word for.
void append_json_number(std::string& out, double value);

// JSON for a <script> element: no "<" is left in it, so that no string of it can end the element.
std::string json_for_script(std::string_view json);

}  // namespace trommel::tools
