#include "tools/plan/job.h"

#include <algorithm>
#include <cstdio>

#include "tools/job/document.h"
#include "tools/plan/model.h"
#include "tools/quantity.h"

namespace trommel::tools {
namespace {

constexpr const char* kKinds[] = {"count", "sum", "min", "max", "avg", "first", "last"};

std::string engine_text(const Config& planned) {
    const EngineOptions& engine = planned.engine;
    return "{ threads: " + std::to_string(engine.threads) +
           ", memory: " + std::to_string(engine.memory_bytes >> 20) +
           "MiB, memory_shares: { ids: " + std::to_string(engine.shares.ids) +
           "%, keys: " + std::to_string(engine.shares.keys) +
           "%, batches: " + std::to_string(engine.shares.batches) + "% } }";
}

std::string window_text(const Window& window) {
    std::string text = "  - { name: " + window.name;
    if (window.kind == WindowKind::session) {
        return text + ", type: session, gap: " + duration_text(window.gap_us) + " }\n";
    }
    if (window.kind == WindowKind::sliding) {
        return text + ", type: sliding, size: " + duration_text(window.size_us) +
               ", every: " + duration_text(window.slide_us) + " }\n";
    }
    return text + ", type: tumbling, size: " + duration_text(window.size_us) + " }\n";
}

std::string dedup_text(const DedupOptions& dedup) {
    if (dedup.mode == DedupMode::off) return "dedup: { mode: off }\n";
    const bool exact = dedup.mode == DedupMode::exact;
    std::string text =
        std::string("dedup: { mode: ") + (exact ? "exact" : "approximate") + ", horizon: " +
        (dedup.horizon_us == kForeverUs ? "forever" : duration_text(dedup.horizon_us));
    if (dedup.verify) text += ", verify: true";
    if (!exact) {
        char rate[32];
        std::snprintf(rate, sizeof rate, "%.9g", dedup.error_rate);
        text +=
            std::string(", error_rate: ") + rate + ", capacity: " + std::to_string(dedup.capacity);
    }
    return text + " }\n";
}

const char* id_word(IdType type) {
    return type == IdType::u64 ? "u64" : type == IdType::u128 ? "u128" : "bytes";
}

std::string decode_text(const PlanInputs& inputs, const Config& config) {
    if (inputs.format == net::Format::binary) return "decode: { format: binary }\n";
    const char* const format = inputs.format == net::Format::json ? "json" : "csv";
    std::string text = std::string("decode:\n  format: ") + format +
                       "\n  fields:\n    id: { field: id, type: " + id_word(config.dedup.id_type) +
                       " }\n    time: time\n";
    for (const KeyField& field : config.key) {
        text += "    key: { field: " + field.name +
                ", type: " + (field.type == FieldType::integer ? "int" : "string") + " }\n";
    }
    return text + "    values: { value: value }\n";
}

// A node as YAML in one line. Every text is quoted, but for plain words and numbers.
std::string node_text(const Node& node) {
    std::string text;
    switch (node.kind) {
        case Node::Kind::none:
            return "null";
        case Node::Kind::scalar: {
            const auto plain = [](char c) {
                return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '_' || c == '%' || c == '/';
            };
            if (!node.text.empty() && node.text[0] != '%' &&
                std::all_of(node.text.begin(), node.text.end(), plain)) {
                return node.text;
            }
            text = "'";
            for (const char c : node.text) text += c == '\'' ? "''" : std::string(1, c);
            return text + "'";
        }
        case Node::Kind::list:
            for (const Node& item : node.items) {
                text += (text.empty() ? "[" : ", ") + node_text(item);
            }
            return text.empty() ? "[]" : text + "]";
        case Node::Kind::map:
            for (const Field& field : node.fields) {
                text += (text.empty() ? "{ " : ", ") + field.name + ": " + node_text(field.value);
            }
            return text.empty() ? "{}" : text + " }";
    }
    return text;
}

}  // namespace

void take_job(const Job& job, PlanInputs& inputs) {
    inputs.config = job.config;
    const bool synthetic = job.source.type == SourceJob::Type::synthetic;
    inputs.format = synthetic ? net::Format::binary : job.decode.format;
    inputs.threads = job.config.engine.threads;
    if (!synthetic) return;
    const net::SyntheticOptions& stream = job.source.synthetic;
    if (job.source.rate > 0) inputs.events_per_s = static_cast<double>(job.source.rate);
    inputs.duplicate_share = stream.duplicate_share;
    inputs.keys = static_cast<double>(stream.keys);
}

std::string planned_job_text(const PlanInputs& inputs, const Config& planned) {
    const TimeOptions& time = planned.time;
    std::string text =
        "# Written by trommel plan --write-job for " +
        short_number(inputs.events_per_s * inputs.growth) + " events/s" +
        ".\n# Change the source and the names of the fields.\nversion: 1\nname: planned\nsource: { "
        "type: stdin }\n";
    text += decode_text(inputs, planned) + dedup_text(planned.dedup);
    text += "time: { allowed_lateness: " + duration_text(time.allowed_lateness_us);
    if (time.out_of_order_us) text += ", out_of_order: " + duration_text(*time.out_of_order_us);
    text += " }\n";
    if (!planned.windows.empty()) {
        text += "aggregates:\n";
        for (const Aggregate& aggregate : planned.aggregates) {
            const char* const kind = kKinds[static_cast<size_t>(aggregate.kind)];
            const bool counts = aggregate.kind == AggregateKind::count;
            text += "  " + aggregate.name + ": " + kind + (counts ? "" : "(value)") + "\n";
        }
        text += "windows:\n";
        for (const Window& window : planned.windows) text += window_text(window);
    } else {
        text += "sinks: [ { type: stdout, output: unique } ]\n";
    }
    return text + "engine: " + engine_text(planned) + "\n";
}

std::string with_planned_memory(const std::string& text, const std::string& origin,
                                const Config& planned) {
    Node root;
    Mistakes mistakes;
    if (!parse_document(text, origin, root, mistakes)) return text;
    const EngineOptions& engine = planned.engine;
    const auto set = [&](const std::string& assignment) {
        apply_override(assignment, origin, root, mistakes);
    };
    set("engine.threads=" + std::to_string(engine.threads));
    set("engine.memory=" + std::to_string(engine.memory_bytes >> 20) + "MiB");
    set("engine.memory_shares={ ids: " + std::to_string(engine.shares.ids) +
        "%, keys: " + std::to_string(engine.shares.keys) +
        "%, batches: " + std::to_string(engine.shares.batches) + "% }");
    if (planned.dedup.mode == DedupMode::approximate) {
        set("dedup.capacity=" + std::to_string(planned.dedup.capacity));
    }
    std::string job = "# " + origin + " with the memory that trommel plan found for it.\n";
    for (const Field& field : root.fields) {
        job += field.name + ": " + node_text(field.value) + "\n";
    }
    return job;
}

}  // namespace trommel::tools
