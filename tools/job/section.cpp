#include "tools/job/section.h"

#include <algorithm>

namespace trommel::tools {
namespace {

std::string_view kind_name(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::none:
            return "empty";
        case Node::Kind::scalar:
            return "a single value";
        case Node::Kind::list:
            return "a list";
        case Node::Kind::map:
            return "a map";
    }
    return "";
}

}  // namespace

Section::Section(const Node& node, Place place, std::string path, Mistakes& mistakes)
    : node_(&node), place_(std::move(place)), path_(std::move(path)), mistakes_(mistakes) {
    if (node.kind == Node::Kind::map) return;
    report(node.place, path_,
           (path_.empty() ? "the job" : path_) + " is " + std::string(kind_name(node.kind)) +
               "; expected fields, such as { name: value }");
}

const Node* Section::find(std::string_view name) {
    known_.push_back(name);
    const Node* const node = node_->find(name);
    // The word null is somebody's choice ("type: null"); nothing at all is a slip.
    if (node == nullptr || node->kind != Node::Kind::none || !node->text.empty()) return node;
    report(place_of_name(name), path_of(name), path_of(name) + " has no value");
    return nullptr;
}

const Node* Section::require(std::string_view name, std::string_view example) {
    const Node* const node = find(name);
    const bool there = node_->find(name) != nullptr;
    if (!there && node_->kind == Node::Kind::map) {
        report(
            place_, path_of(name),
            "missing field '" + path_of(name) + "'; expected one such as " + std::string(example));
    }
    return node;
}

bool Section::read_text(std::string_view name, std::string& out) {
    return read(name, out, parse_text);
}

void Section::refuse(std::string_view name, std::string_view why) {
    refused_.push_back(name);
    if (node_->find(name) == nullptr) return;
    report(place_of_name(name), path_of(name), path_of(name) + ": " + std::string(why));
}

void Section::finish() {
    for (const Field& field : node_->fields) {
        const auto is_it = [&](std::string_view name) { return name == field.name; };
        if (std::any_of(known_.begin(), known_.end(), is_it)) continue;
        if (std::any_of(refused_.begin(), refused_.end(), is_it)) continue;
        report(field.place, path_of(field.name),
               "unknown field '" + path_of(field.name) + "'" + did_you_mean(field.name, known_));
    }
}

void Section::report(const Place& where, std::string_view path, std::string text) {
    mistakes_.add(where, path, std::move(text));
}

std::string Section::path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

Place Section::place_of_name(std::string_view name) const {
    for (const Field& field : node_->fields) {
        if (field.name == name) return field.place;
    }
    return place_;
}

bool Section::expect_single(const Node& node, const std::string& path) {
    if (node.kind == Node::Kind::scalar || node.kind == Node::Kind::none) return true;
    report(node.place, path,
           path + " is " + std::string(kind_name(node.kind)) + "; expected a single value");
    return false;
}

Parsed<std::string> parse_text(std::string_view text) {
    if (text.empty()) return Parsed<std::string>::fail("is empty");
    return {std::string(text), {}};
}

}  // namespace trommel::tools
