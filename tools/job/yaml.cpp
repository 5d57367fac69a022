// The only file that sees yaml-cpp. Its event interface is used rather than its nodes: nodes drop
// repeated keys, further documents and the true place of an alias without a word.
#include <sstream>
#include <utility>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "tools/job/document.h"

namespace trommel::tools {
namespace {

constexpr size_t kDepthMax = 32;

class TreeBuilder : public YAML::EventHandler {
   public:
    TreeBuilder(const std::string& origin, const std::string& text, Mistakes& mistakes)
        : origin_(origin), text_(text), mistakes_(mistakes) {}

    Node take_root() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        // Events do not tell `x: null` from `x:`, which is likelier to be a slip.
        const size_t at = mark.pos < 0 ? 0 : static_cast<size_t>(mark.pos);
        const bool spelled = at < text_.size() && text_.compare(at, 4, "null") == 0;
        if (!take_name(mark, "null")) {
            add({Node::Kind::none, place(mark), spelled ? "null" : ""});
        }
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        mistakes_.add(place(mark), "", "aliases (*name) are not supported: write the value out");
        if (!take_name(mark, "*")) add({Node::Kind::none, place(mark)});
    }
    void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
        mistakes_.add(place(mark), "", "anchors (&" + name + ") are not supported");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override {
        check_tag(mark, tag);
        if (!take_name(mark, value)) {
            add({Node::Kind::scalar, place(mark), value});
        }
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, Node::Kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, Node::Kind::map);
    }
    void OnMapEnd() override { close(); }

   private:
    // A list or map that is still open, and the name that waits for its value.
    struct Open {
        Node node;
        bool named = false;
        std::string name;
        Place name_place;
    };

    Place place(const YAML::Mark& mark) const {
        return {origin_, mark.line < 0 ? 1 : mark.line + 1, mark.column < 0 ? 1 : mark.column + 1};
    }

    void check_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        mistakes_.add(place(mark), "", "tags (!name) are not supported");
    }

    // True when a map waits for a name, which this scalar then is.
    bool take_name(const YAML::Mark& mark, const std::string& name) {
        if (stack_.empty()) return false;
        Open& top = stack_.back();
        if (top.node.kind != Node::Kind::map || top.named) return false;
        top.named = true;
        top.name = name;
        top.name_place = place(mark);
        return true;
    }

    void open(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
        check_tag(mark, tag);
        if (take_name(mark, ""))
            throw YAML::ParserException(mark, "a field's name must be one word");
        if (stack_.size() == kDepthMax) throw YAML::ParserException(mark, "nested too deeply");
        stack_.push_back({{kind, place(mark)}, false, {}, {}});
    }

    void close() {
        Node node = std::move(stack_.back().node);
        stack_.pop_back();
        add(std::move(node));
    }

    void add(Node node) {
        if (stack_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& top = stack_.back();
        if (top.node.kind == Node::Kind::list) {
            top.node.items.push_back(std::move(node));
            return;
        }
        top.named = false;
        if (const Node* first = top.node.find(top.name); first != nullptr) {
            mistakes_.add(top.name_place, "",
                          "'" + top.name + "' is given twice (first in line " +
                              std::to_string(first->place.line) + ")");
            return;
        }
        top.node.fields.push_back({std::move(top.name), top.name_place, std::move(node)});
    }

    const std::string& origin_;
    const std::string& text_;
    Mistakes& mistakes_;
    std::vector<Open> stack_;
    Node root_;
};

// Any second document is refused unread.
class SecondDocument : public YAML::EventHandler {
   public:
    void OnDocumentStart(const YAML::Mark& mark) override {
        throw YAML::ParserException(mark, "a second document; a job file holds one job");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
};

}  // namespace

bool parse_document(const std::string& text, const std::string& origin, Node& root,
                    Mistakes& mistakes) {
    // Without its byte order mark, so that marks count the bytes of `body`.
    const std::string body = text.substr(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
    TreeBuilder builder(origin, body, mistakes);
    try {
        std::istringstream stream(body);
        YAML::Parser parser(stream);
        parser.HandleNextDocument(builder);
        SecondDocument second;
        parser.HandleNextDocument(second);
    } catch (const YAML::Exception& e) {
        const Place at{origin, e.mark.line < 0 ? 1 : e.mark.line + 1,
                       e.mark.column < 0 ? 1 : e.mark.column + 1};
        // As in `path: -`, the likeliest way to meet it.
        const bool dash = e.msg == YAML::ErrorMsg::BLOCK_ENTRY;
        mistakes.add(at, "",
                     "not valid YAML: " + e.msg +
                         (dash ? "; for standard input write \"-\" in quotes" : ""));
        return false;
    }
    root = builder.take_root();
    if (root.place.line == 0) root.place = {origin, 1, 1};
    return true;
}

}  // namespace trommel::tools
