#include "tools/job/document.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace trommel::tools {
namespace {

constexpr size_t kListMax = 4096;  // Entries of a list that an override can address.

// One step of a path: a name in a map or an index in a list.
struct Step {
    std::string_view name;
    std::optional<size_t> index;
};

// Splits "windows[0].size" into steps; false when it is no path.
bool split_path(std::string_view path, std::vector<Step>& steps) {
    while (!path.empty()) {
        if (path[0] == '[') {
            size_t index = 0;
            const char* const end = path.data() + path.size();
            const auto [at, error] = std::from_chars(path.data() + 1, end, index);
            if (error != std::errc{} || at == end || *at != ']' || index >= kListMax) return false;
            steps.push_back({{}, index});
            path.remove_prefix(static_cast<size_t>(at + 1 - path.data()));
        } else {
            const std::string_view name = path.substr(0, path.find_first_of(".["));
            if (name.empty()) return false;
            steps.push_back({name, {}});
            path.remove_prefix(name.size());
        }
        if (path.empty()) break;
        if (path[0] == '.') {
            path.remove_prefix(1);
            if (path.empty() || path[0] == '[') return false;
        } else if (path[0] != '[') {
            return false;
        }
    }
    return !steps.empty() && !steps[0].index.has_value();
}

bool is_before(const Mistake& a, const Mistake& b) {
    const bool a_flag = a.place.line == 0, b_flag = b.place.line == 0;
    if (a_flag || b_flag) return !a_flag && b_flag;
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
}

void set_origin(Node& node, const Place& place) {
    node.place = place;
    for (Node& item : node.items) set_origin(item, place);
    for (Field& field : node.fields) {
        field.place = place;
        set_origin(field.value, place);
    }
}

// The node that a step leads to, made if need be; null when the tree has another shape there.
Node* descend(Node& node, const Step& step, const Place& place) {
    const Node::Kind needed = step.index ? Node::Kind::list : Node::Kind::map;
    if (node.kind == Node::Kind::none) {
        node.kind = needed;
        node.place = place;
    }
    if (node.kind != needed) return nullptr;
    if (step.index) {
        if (*step.index > node.items.size()) return nullptr;
        if (*step.index == node.items.size()) node.items.emplace_back(Node::Kind::none, place);
        return &node.items[*step.index];
    }
    for (Field& field : node.fields) {
        if (field.name == step.name) return &field.value;
    }
    node.fields.push_back({std::string(step.name), place, {Node::Kind::none, place}});
    return &node.fields.back().value;
}

}  // namespace

std::string to_text(const Place& place) {
    if (place.line == 0) return place.origin;
    return place.origin + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

std::string to_text(const Mistake& mistake) {
    return to_text(mistake.place) + ": error: " + mistake.text;
}

void Mistakes::add(const Place& place, std::string_view path, std::string text) {
    mistakes_.push_back(
        {place, std::string(path.substr(0, path.find_first_of(".["))), std::move(text)});
}

bool Mistakes::any_in(std::string_view section) const {
    const auto is_in = [&](const Mistake& m) { return m.section == section; };
    return std::any_of(mistakes_.begin(), mistakes_.end(), is_in);
}

std::vector<Mistake> Mistakes::sorted() const {
    std::vector<Mistake> sorted = mistakes_;
    std::stable_sort(sorted.begin(), sorted.end(), is_before);
    return sorted;
}

Node::Node() = default;
Node::Node(Kind node_kind, Place node_place, std::string node_text)
    : kind(node_kind), place(std::move(node_place)), text(std::move(node_text)) {}

const Node* Node::find(std::string_view name) const {
    for (const Field& field : fields) {
        if (field.name == name) return &field.value;
    }
    return nullptr;
}

void apply_override(std::string_view assignment, const std::string& origin, Node& root,
                    Mistakes& mistakes) {
    const Place place{origin, 0, 0};
    const size_t equals = assignment.find('=');
    const std::string_view path = assignment.substr(0, equals);
    std::vector<Step> steps;
    if (equals == std::string_view::npos || !split_path(path, steps)) {
        mistakes.add(place, "",
                     "expected PATH=VALUE such as engine.threads=2 or windows[0].size=1d");
        return;
    }
    const std::string text(assignment.substr(equals + 1));
    Node value(Node::Kind::scalar, place, text);
    if (text != "-") {  // Standard input or output; in YAML a list with nothing in it.
        Mistakes of_value;
        parse_document(text, origin, value, of_value);
        for (const Mistake& mistake : of_value.sorted()) mistakes.add(place, path, mistake.text);
    }
    set_origin(value, place);

    Node* at = &root;
    for (const Step& step : steps) {
        at = descend(*at, step, place);
        if (at != nullptr) continue;
        const std::string quoted = "'" + std::string(path) + "'";
        mistakes.add(place, path,
                     quoted + (step.index ? " names no entry of a list"
                                          : " leads through something without fields"));
        return;
    }
    *at = std::move(value);
}

Place place_of(const Node& root, std::string_view path) {
    std::vector<Step> steps;
    const Node* at = &root;
    Place place = root.place;
    if (!split_path(path, steps)) return place;
    for (size_t i = 0; i < steps.size(); ++i) {
        const Node* next = nullptr;
        if (steps[i].index) {
            if (*steps[i].index < at->items.size()) next = &at->items[*steps[i].index];
            if (next != nullptr) place = next->place;
        } else {
            for (const Field& field : at->fields) {
                if (field.name != steps[i].name) continue;
                next = &field.value;
                // A section is pointed at by its name, a value by itself.
                const bool section =
                    next->kind == Node::Kind::map || next->kind == Node::Kind::list;
                place = section ? field.place : next->place;
            }
        }
        if (next == nullptr) break;
        at = next;
    }
    return place;
}

}  // namespace trommel::tools
