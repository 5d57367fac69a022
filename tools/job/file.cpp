#include "tools/job/file.h"

#include <array>

#include "tools/job/parts.h"

namespace trommel::tools {
namespace {

// Sections that are checked against each other: while one of them cannot be read, what validate()
// says about any of them may be about a default that nobody meant.
constexpr std::array<std::string_view, 4> kInterlocked{"dedup", "time", "windows", "window_offset"};

bool is_interlocked(std::string_view section) {
    for (const std::string_view name : kInterlocked) {
        if (name == section) return true;
    }
    return false;
}

template <class Read>
void with_section(Section& root, std::string_view name, Read read) {
    const Node* const node = root.find(name);
    if (node == nullptr) return;
    Section section(*node, root.place_of_name(name), std::string(name), root.mistakes());
    read(section);
}

Parsed<int64_t> parse_version(std::string_view text) {
    if (text == "1") return {1, {}};
    return Parsed<int64_t>::fail("'" + std::string(text) +
                                 "' is not known to this program; expected 1");
}

void refuse_planned(Section& root) {
    for (const char* name : {"filter", "filters", "where"}) {
        root.refuse(name, "filters are planned, not built yet");
    }
    root.refuse("checkpoint", "checkpoints are planned, not built yet");
    root.refuse("http", "the live page and metrics are planned, not built yet");
    root.refuse("log", "log settings are planned, not built yet");
}

void read_sections(Section& root, Job& job) {
    int64_t version = 1;
    root.read("version", version, parse_version);
    root.read_text("name", job.name);
    with_section(root, "dlq", [&](Section& s) { read_dlq(s, job); });
    root.require("source", "source: { type: file, path: events.ndjson }");
    with_section(root, "source", [&](Section& s) { read_source(s, job); });
    if (job.source.type == SourceJob::Type::synthetic) {
        root.refuse("decode",
                    "a synthetic source needs none: its records are id, key, time and v0");
    } else if (job.source.brings_datagrams() && root.find("decode") == nullptr) {
        Node defaults;
        defaults.kind = Node::Kind::map;
        Section section(defaults, root.place(), "decode", root.mistakes());
        read_decode(section, job);
    } else {
        root.require("decode", "decode: { fields: { id: id, time: time } }");
        with_section(root, "decode", [&](Section& s) { read_decode(s, job); });
    }
    with_section(root, "dedup", [&](Section& s) { read_dedup(s, job.config.dedup); });
    with_section(root, "time", [&](Section& s) { read_time(s, job); });
    with_section(root, "aggregates", [&](Section& s) { read_aggregates(s, job.config); });
    read_windows(root, job.config);
    read_sinks(root, job);
    with_section(root, "engine", [&](Section& s) { read_engine(s, job.config.engine); });
    refuse_planned(root);
    root.finish();
}

// Adds the contradictions that validate() finds to what was wrong with the text.
void report_contradictions(const Node& root, const Config& config, Mistakes& mistakes) {
    bool interlocked_broken = false;
    for (const std::string_view name : kInterlocked) interlocked_broken |= mistakes.any_in(name);
    Mistakes found;
    for (const Problem& problem : validate_job(config)) {
        const std::string section = problem.where.substr(0, problem.where.find_first_of(".["));
        const bool unsure =
            mistakes.any_in(section) || (is_interlocked(section) && interlocked_broken);
        if (unsure) continue;
        found.add(place_of(root, problem.where), problem.where,
                  problem.where + ": " + problem.what);
    }
    for (const Mistake& mistake : found.sorted()) {
        mistakes.add(mistake.place, mistake.section, mistake.text);
    }
}

}  // namespace

void read_job(const std::string& text, const std::string& origin,
              const std::vector<Override>& overrides, Job& job, Mistakes& mistakes) {
    Node root;
    if (!parse_document(text, origin, root, mistakes)) return;
    for (const Override& change : overrides) {
        apply_override(change.assignment, change.origin, root, mistakes);
    }
    if (root.kind == Node::Kind::none) {
        mistakes.add(root.place, "", "the job file is empty");
        return;
    }
    job.config.engine.threads = available_threads();
    Section section(root, root.place, "", mistakes);
    if (root.kind != Node::Kind::map) return;
    read_sections(section, job);
    check_synthetic(root, job, mistakes);
    check_outputs(root, job, mistakes);
    report_contradictions(root, job.config, mistakes);
    check_decode(root, job, mistakes);
    check_stream(root, job, mistakes);
}

Parsed<uint64_t> parse_seed(std::string_view text) {
    const Parsed<int64_t> parsed = parse_integer(text);
    if (parsed.ok() && parsed.value >= 0) return {static_cast<uint64_t>(parsed.value), {}};
    return Parsed<uint64_t>::fail("'" + std::string(text) + "' is not a whole number from 0 up");
}

}  // namespace trommel::tools
