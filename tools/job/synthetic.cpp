// A made-up source. Its records are id (u64), key (int), time and v0 (int).
#include "tools/job/parts.h"
#include "tools/job/synthetic_options.h"

namespace trommel::tools {
namespace {

Parsed<uint64_t> parse_rate(std::string_view text) {
    if (text == "unlimited") return {0, {}};
    Parsed<uint64_t> parsed = parse_count(text);
    if (!parsed.ok()) parsed.error += ", or unlimited";
    return parsed;
}

}  // namespace

void read_synthetic(Section& section, Job& job) {
    for (const SyntheticSetting& setting : synthetic_settings()) {
        bool done = false;
        const auto parse = [&](std::string_view text) {
            return Parsed<bool>{true, setting.set(job.source.synthetic, text)};
        };
        section.read(setting.name, done, parse);
    }
    section.read("rate", job.source.rate, parse_rate);
    section.refuse("path", "belongs to type: file");
    job.config.dedup.id_type = IdType::u64;
    job.config.key = {{"key", FieldType::integer}};
    job.config.values = {{"v0", 0}};
}

void check_synthetic(const Node& root, Job& job, Mistakes& mistakes) {
    if (job.source.type != SourceJob::Type::synthetic) return;
    net::keep_to(job.config, job.source.synthetic);
    // Some of it depends on the job's times; while these cannot be read it would be guesswork.
    for (const char* name : {"source", "time", "windows"}) {
        if (mistakes.any_in(name)) return;
    }
    for (const Problem& problem : net::validate(job.source.synthetic)) {
        const std::string path = "source." + problem.where;
        mistakes.add(place_of(root, path), path, path + ": " + problem.what);
    }
}

}  // namespace trommel::tools
