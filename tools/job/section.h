#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/job/document.h"
#include "tools/quantity.h"
#include "tools/suggestion.h"

namespace trommel::tools {

// Reads one map of a job file, field by field. It learns which names exist from being asked for
// them; finish() then reports the others. Everything wrong goes to `mistakes`, nothing stops the
// reading.
class Section {
   public:
    // A node that is no map is reported, and reads as an empty one.
    Section(const Node& node, Place place, std::string path, Mistakes& mistakes);

    // The value of a field; null when it is absent. One without a value is reported and absent.
    const Node* find(std::string_view name);
    // The same; its absence is a mistake. `example` shows how it is written: "size: 1d".
    const Node* require(std::string_view name, std::string_view example);

    // Reads a single value with one of quantity.h's functions, or any other of that shape. True
    // when it was there and right; else `out` is unchanged.
    template <class T, class Parse>
    bool read(std::string_view name, T& out, Parse&& parse) {
        const Node* const node = find(name);
        return node != nullptr && convert(*node, path_of(name), out, std::forward<Parse>(parse));
    }
    // The same for any node: an entry of a list, a value that may also be a map.
    template <class T, class Parse>
    bool convert(const Node& node, const std::string& path, T& out, Parse&& parse) {
        if (!expect_single(node, path)) return false;
        auto parsed = std::forward<Parse>(parse)(std::string_view(node.text));
        if (!parsed.ok()) {
            report(node.place, path, path + ": " + parsed.error);
            return false;
        }
        out = std::move(parsed.value);
        return true;
    }
    bool read_text(std::string_view name, std::string& out);

    // Refuses a field that exists with an explanation: it is planned, or belongs elsewhere.
    void refuse(std::string_view name, std::string_view why);
    // Reports the fields that nobody asked for.
    void finish();

    void report(const Place& where, std::string_view path, std::string text);
    std::string path_of(std::string_view name) const;  // "dedup.horizon"
    const std::string& path() const { return path_; }
    const Place& place() const { return place_; }  // Of the section's name.
    const Node& node() const { return *node_; }
    Place place_of_name(std::string_view name) const;
    Mistakes& mistakes() { return mistakes_; }

   private:
    bool expect_single(const Node& node, const std::string& path);

    const Node* node_;
    Place place_;
    std::string path_;
    Mistakes& mistakes_;
    std::vector<std::string_view> known_;
    std::vector<std::string_view> refused_;
};

// Any text that is not empty.
Parsed<std::string> parse_text(std::string_view text);

template <class E>
struct Choice {
    std::string_view word;
    E value{};
    bool planned = false;  // Reserved: refused by name until it exists.
};

// A parser for one of several words: read("mode", mode, one_of<Mode>({{"exact", Mode::exact}, …})).
template <class E>
auto one_of(std::vector<Choice<E>> choices) {
    return [choices = std::move(choices)](std::string_view text) -> Parsed<E> {
        std::vector<std::string_view> words;
        std::string list;
        for (const Choice<E>& choice : choices) {
            if (choice.word == text && !choice.planned) return {choice.value, {}};
            if (!choice.planned) list += (list.empty() ? "" : ", ") + std::string(choice.word);
            words.push_back(choice.word);
        }
        for (const Choice<E>& choice : choices) {
            if (choice.word != text) continue;
            return Parsed<E>::fail("'" + std::string(text) +
                                   "' is planned, not built yet; there is " + list);
        }
        return Parsed<E>::fail("'" + std::string(text) + "' is none of " + list +
                               did_you_mean(text, words));
    };
}

}  // namespace trommel::tools
