#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// A YAML document as a tree that remembers where everything was written, and the mistakes found in
// it.
namespace trommel::tools {

// Where something was written: in the job file (line and column count from 1) or on the command
// line.
struct Place {
    std::string origin;  // "job.yaml", or the flag: "-s engine.threads=2".
    int line = 0;        // 0: a flag.
    int column = 0;
};
std::string to_text(const Place& place);  // "job.yaml:14:3" or "-s engine.threads=2"

struct Mistake {
    Place place;
    std::string section;  // The part of the job that it is in: "dedup"; empty: all of it.
    std::string text;     // What is wrong and what would be right; without a full stop.
};

// Collects, so that everything wrong is reported at once.
class Mistakes {
   public:
    // `path` says what the mistake is about: "windows[1].size".
    void add(const Place& place, std::string_view path, std::string text);
    bool any_in(std::string_view section) const;
    bool empty() const { return mistakes_.empty(); }
    // In the order of the file, then of the command line.
    std::vector<Mistake> sorted() const;

   private:
    std::vector<Mistake> mistakes_;
};
std::string to_text(const Mistake& mistake);  // "job.yaml:14:3: error: …"

struct Field;

struct Node {
    enum class Kind : uint8_t { none, scalar, list, map };

    Node();
    Node(Kind node_kind, Place node_place, std::string node_text = {});

    Kind kind = Kind::none;
    Place place;
    std::string text;           // scalar; none: as spelled ("", "null" or "~").
    std::vector<Node> items;    // list
    std::vector<Field> fields;  // map, in the order of the file

    const Node* find(std::string_view name) const;  // A map's value, or null.
};

struct Field {
    std::string name;
    Place place;  // Of the name.
    Node value;
};

// Parses one document. An empty one is an empty map. Reports syntax errors, repeated names, further
// documents, and the parts of YAML that job files do without (anchors, aliases, tags, names that
// are no plain words). False when the text has no usable tree.
bool parse_document(const std::string& text, const std::string& origin, Node& root,
                    Mistakes& mistakes);

// Applies "path=value" to the tree, such as "windows[0].size=1d"; the value is YAML. `origin` is
// how the flag was written. Makes the maps and the one next list entry that the path needs.
void apply_override(std::string_view assignment, const std::string& origin, Node& root,
                    Mistakes& mistakes);

// The place of what a path such as "windows[1].size" names, or of the nearest thing above it.
Place place_of(const Node& root, std::string_view path);

}  // namespace trommel::tools
