// Where a job's results go: sinks and the dead-letter output.
#include "tools/job/parts.h"

namespace trommel::tools {
namespace {

Parsed<SinkJob::Type> parse_sink_type(std::string_view text) {
    static const auto kParse = one_of<SinkJob::Type>({{"file", SinkJob::Type::file},
                                                      {"stdout", SinkJob::Type::standard_output},
                                                      {"null", SinkJob::Type::null},
                                                      {"kafka", {}, true},
                                                      {"redis", {}, true},
                                                      {"clickhouse", {}, true},
                                                      {"http", {}, true},
                                                      {"udp", {}, true},
                                                      {"tcp", {}, true}});
    return kParse(text);
}

// Reads type and path. False when the type is unknown: what else may stand there is then unknown
// too.
bool read_sink_head(Section& section, SinkJob& sink) {
    if (section.require("type", "type: file") == nullptr) return false;
    if (!section.read("type", sink.type, parse_sink_type)) return false;
    if (sink.type == SinkJob::Type::file) {
        section.require("path", "path: out.csv");
        section.read_text("path", sink.path);
        if (sink.path == "-") sink = {.type = SinkJob::Type::standard_output, .path = {}};
    } else {
        section.refuse("path", "belongs to type: file");
    }
    return true;
}

// `output` is the job's; every sink has to say the same.
void read_sink(Section& section, bool first, SinkJob& sink, Output& output) {
    if (!read_sink_head(section, sink)) return;
    Output wanted = Output::windows;
    section.read("output", wanted,
                 one_of<Output>({{"windows", Output::windows}, {"unique", Output::unique}}));
    if (first) output = wanted;
    if (output != wanted) {
        section.report(
            section.place(), section.path_of("output"),
            section.path_of("output") + ": all sinks of a job take the same output for now");
    }
    if (wanted == Output::unique) {
        for (const char* name : {"format", "time_format"}) {
            section.refuse(name,
                           "has no meaning with output: unique, which writes records as they came");
        }
    } else {
        section.read("format", sink.format,
                     one_of<net::RowFormat>({{"csv", net::RowFormat::csv},
                                             {"json", net::RowFormat::json},
                                             {"arrow", {}, true},
                                             {"parquet", {}, true}}));
        section.read("time_format", sink.time_format,
                     one_of<net::RowTimeFormat>({{"us", net::RowTimeFormat::us},
                                                 {"ms", net::RowTimeFormat::ms},
                                                 {"s", net::RowTimeFormat::s},
                                                 {"rfc3339", net::RowTimeFormat::rfc3339}}));
    }
    section.finish();
}

}  // namespace

void read_sinks(Section& root, Job& job) {
    root.refuse("output", "belongs to a sink: sinks: [ { type: stdout, output: unique } ]");
    const Node* const list = root.find("sinks");
    if (list == nullptr) {
        job.sinks.emplace_back();
        return;
    }
    if (list->kind != Node::Kind::list || list->items.empty()) {
        root.report(list->place, "sinks",
                    "sinks is not a list of outputs; expected - { type: file, path: out.csv }");
        return;
    }
    for (size_t i = 0; i < list->items.size(); ++i) {
        Section section(list->items[i], list->items[i].place, "sinks[" + std::to_string(i) + "]",
                        root.mistakes());
        read_sink(section, i == 0, job.sinks.emplace_back(), job.config.output);
    }
}

void read_dlq(Section& section, Job& job) {
    SinkJob sink;
    job.dlq.emplace();
    job.late = job.corrupt = DeadLetters::keep;
    if (!read_sink_head(section, sink)) return;
    section.finish();
    job.dlq = sink;
}

void check_outputs(const Node& root, const Job& job, Mistakes& mistakes) {
    std::vector<std::pair<std::string, std::string>> taken;  // A file, and what writes or reads it.
    if (job.source.type == SourceJob::Type::file) {
        for (const std::string& path : job.source.paths) taken.emplace_back(path, "the source");
    }
    const auto take = [&](const SinkJob& sink, const std::string& owner) {
        if (sink.type != SinkJob::Type::file || sink.path.starts_with("/dev/")) return;
        for (const auto& [path, other] : taken) {
            if (path != sink.path) continue;
            const std::string where = owner + ".path";
            mistakes.add(place_of(root, where), where,
                         where + ": '" + path + "' is already taken by " + other);
            return;
        }
        taken.emplace_back(sink.path, owner);
    };
    for (size_t i = 0; i < job.sinks.size(); ++i) {
        take(job.sinks[i], "sinks[" + std::to_string(i) + "]");
    }
    if (job.dlq) take(*job.dlq, "dlq");
}

void require_dlq(Section& section, std::string_view name, const Job& job) {
    const Node* const node = section.node().find(name);
    if (job.dlq || node == nullptr || node->text != "dlq") return;
    section.report(
        node->place, section.path_of(name),
        section.path_of(name) +
            ": the job has no dlq; add dlq: { type: file, path: dead.ndjson } or write " +
            std::string(name) + ": drop");
}

}  // namespace trommel::tools
