#include "tools/job/summary.h"

#include <unistd.h>

#include "hostpath/engine_choice.h"
#include "hostpath/memory_plan.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/lateness.h"
#include "kernels/rules/window.h"
#include "tools/job/ends.h"
#include "tools/quantity.h"

namespace trommel::tools {
namespace {

class Lines {
   public:
    // One line; the name is left out when it is that of the line before.
    void add(std::string_view name, const std::string& text) {
        std::string label(name == last_ ? "" : name);
        label.resize(12, ' ');
        text_ += label + text + "\n";
        last_ = name;
    }
    std::string take() { return std::move(text_); }

   private:
    std::string text_, last_;
};

template <class T, class Convert>
std::string joined(const std::vector<T>& items, Convert convert) {
    std::string text;
    for (const T& item : items) text += (text.empty() ? "" : ", ") + convert(item);
    return text.empty() ? "none" : text;
}

const char* word(DeadLetters kind) {
    switch (kind) {
        case DeadLetters::keep:
            return "go to the dlq";
        case DeadLetters::drop:
            return "are counted and dropped";
        case DeadLetters::fail:
            return "end the run";
    }
    return "";
}

const char* word(AggregateKind kind) {
    static constexpr const char* kNames[] = {"count", "sum", "min", "max", "avg", "first", "last"};
    return kNames[static_cast<size_t>(kind)];
}

const char* word(net::IdForm form) {
    static constexpr const char* kNames[] = {"u64", "u128", "uuid", "hex", "bytes"};
    return kNames[static_cast<size_t>(form)];
}

const char* word(net::TimeForm form) {
    static constexpr const char* kNames[] = {"rfc3339", "s", "ms", "us", "ns"};
    return kNames[static_cast<size_t>(form)];
}

const char* word(net::Format format) {
    static constexpr const char* kNames[] = {"json", "csv", "binary"};
    return kNames[static_cast<size_t>(format)];
}

std::string key_text(const Config& config) {
    return joined(config.key, [](const KeyField& field) {
        return field.name + (field.type == FieldType::integer ? " (int)" : "");
    });
}

std::string values_text(const Config& config) {
    return joined(config.values, [](const ValueField& value) {
        return value.name +
               (value.digits > 0 ? " (" + std::to_string(value.digits) + " digits)" : "");
    });
}

void add_senders(const std::string& anybody, const net::IntakeOptions& intake,
                 const std::string& keys_path, Lines& lines) {
    const net::AccessList& allow = intake.allow;
    const std::string from = allow.empty() ? anybody
                                           : std::to_string(allow.size()) + " allowed network" +
                                                 (allow.size() == 1 ? "" : "s");
    lines.add("source", "from " + from + (keys_path.empty() ? "" : ", signed with " + keys_path));
    lines.add("partitions", "one for each sender, at most " + count_text(intake.senders_max));
}

void add_udp(const net::UdpSourceOptions& udp, Lines& lines) {
    lines.add("source", "UDP datagrams to " + to_text(udp.socket.listen.endpoint) + ", " +
                            std::to_string(udp.socket.sockets) +
                            (udp.socket.sockets == 1 ? " socket" : " sockets") + " of " +
                            bytes_text(udp.socket.receive_buffer_bytes));
    const bool loopback = udp.socket.listen.is_loopback();
    add_senders(loopback ? "this machine alone" : "everybody who can reach it", udp.intake,
                udp.keys_path, lines);
}

void add_packets(const SourceJob& source, Lines& lines) {
    const bool pcap = source.type == SourceJob::Type::pcap;
    const std::string what =
        pcap ? "captured packets in " +
                   joined(source.paths, [](const std::string& path) { return path; })
             : "packets of the DPDK device " + source.dpdk.device + ", " +
                   std::to_string(source.dpdk.queues) +
                   (source.dpdk.queues == 1 ? " queue" : " queues");
    lines.add("source", what + "; UDP to port " + std::to_string(source.packets.packets.port));
    add_senders("everybody", source.packets.packets.intake, source.packets.packets.keys_path,
                lines);
}

void add_stream(const Job& job, Lines& lines) {
    const net::StreamSourceOptions& stream = job.source.stream;
    const bool tcp = job.source.type == SourceJob::Type::tcp;
    lines.add("source", tcp ? "TCP connections to " + to_text(stream.listen.endpoint)
                            : "connections to the unix socket " + stream.path);
    if (tcp) {
        lines.add("source", stream.allow.empty() ? "from everybody who can reach it"
                                                 : "from " + std::to_string(stream.allow.size()) +
                                                       " allowed networks");
    }
    lines.add("source", "up to " + count_text(stream.connections_max) + ", which may hold " +
                            bytes_text(stream.connection_buffer_bytes) + " each, " +
                            bytes_text(stream.connections_max * stream.connection_buffer_bytes) +
                            " together");
    const bool binary = job.decode.format == net::Format::binary;
    lines.add("partitions", job.decode.partition
                                ? "named by the field '" + *job.decode.partition + "'"
                                : (binary ? "one for each sender" : "one for each connection"));
}

void add_files(const Job& job, Lines& lines) {
    const bool from_stdin = job.source.type == SourceJob::Type::standard_input;
    lines.add("source", from_stdin
                            ? "standard input"
                            : "file " + joined(job.source.paths,
                                               [](const std::string& path) { return path; }));
    lines.add("partitions", job.decode.partition
                                ? "named by the field '" + *job.decode.partition + "'"
                            : from_stdin ? "one"
                                         : "one for each file");
}

void add_input(const Job& job, Lines& lines) {
    if (job.source.type == SourceJob::Type::synthetic) {
        const net::SyntheticOptions& stream = job.source.synthetic;
        lines.add("source", "synthetic: " + count_text(stream.events) + " records, seed " +
                                std::to_string(stream.seed) + ", " +
                                std::to_string(stream.partitions) + " partitions");
        lines.add("records", "id (u64), key (int), time (us), v0");
        return;
    }
    if (job.source.type == SourceJob::Type::udp) {
        add_udp(job.source.udp, lines);
    } else if (job.source.is_stream()) {
        add_stream(job, lines);
    } else if (job.source.brings_datagrams()) {
        add_packets(job.source, lines);
    } else {
        add_files(job, lines);
    }
    const net::DecodeOptions& decode = job.decode;
    const bool binary = decode.format == net::Format::binary;
    lines.add("records",
              std::string(word(decode.format)) +
                  (binary ? "; id" : "; id '" + decode.id.field + "'") + " (" +
                  word(decode.id.form) + ")" +
                  (binary ? ", time (us)"
                          : ", time '" + decode.time.field + "' (" + word(decode.time.form) + ")"));
    lines.add("records", "key " + key_text(job.config) + "; values " + values_text(job.config));
    lines.add("records", std::string("corrupt ones ") + word(job.corrupt));
}

void add_dedup(const DedupOptions& dedup, Lines& lines) {
    if (dedup.mode == DedupMode::off) {
        lines.add("dedup", "off: every event counts as unique");
        return;
    }
    const bool exact = dedup.mode == DedupMode::exact;
    lines.add("dedup", std::string(exact ? "exact" : "approximate") + ", ids " +
                           (dedup.scope == Scope::global ? "across all keys" : "per key") +
                           (dedup.verify ? ", compared byte by byte" : ""));
    if (dedup.horizon_us == kForeverUs) {
        lines.add("dedup", "remembered forever");
        return;
    }
    const int64_t horizon_us = dedup.horizon_us;
    const rules::DedupTicks ticks = rules::dedup_ticks(horizon_us);
    const int64_t longest_us = exact ? horizon_us + 2 * ticks.tick_us : horizon_us + horizon_us / 2;
    lines.add("dedup", "remembered for " + duration_phrase(horizon_us) + " to " +
                           duration_phrase(longest_us) + " of event time");
    if (exact) {
        lines.add("dedup", "tick " + duration_phrase(ticks.tick_us) + ", reach " +
                               std::to_string(ticks.reach) + " ticks");
    }
}

void add_time(const Job& job, Lines& lines) {
    const TimeOptions& time = job.config.time;
    if (!time.out_of_order_us) {
        lines.add("time", "no out_of_order: nothing is ever late");
    } else {
        const int64_t pane_us = rules::lateness_pane_us(job.config);
        lines.add("time", "watermark " + duration_phrase(*time.out_of_order_us) +
                              " behind the newest event of a partition");
        lines.add("time",
                  "late: " + std::string(pane_us > 0 ? "the event's pane ended" : "the event is") +
                      (time.allowed_lateness_us > 0
                           ? " " + duration_phrase(time.allowed_lateness_us) + " or more"
                           : "") +
                      " before the watermark; late events " + word(job.late));
    }
    const int64_t drift_us =
        rules::drift_max_us(job.config.dedup.horizon_us, time.max_drift_us.value_or(-1));
    lines.add("time", "partitions may run " +
                          (drift_us == INT64_MAX ? "any time" : duration_phrase(drift_us)) +
                          " apart");
    if (time.idle_after_us) {
        lines.add("time", "a partition silent for " + duration_phrase(*time.idle_after_us) +
                              " is not waited for");
    }
}

void add_windows(const Config& config, Lines& lines) {
    for (const Window& window : config.windows) {
        std::string text = window.name + ": ";
        if (window.kind == WindowKind::session) {
            text += "sessions, events at most " + duration_phrase(window.gap_us) + " apart";
        } else if (window.kind == WindowKind::sliding) {
            text += duration_phrase(window.size_us) + " every " + duration_phrase(window.slide_us);
        } else {
            text += "every " + duration_phrase(window.size_us);
        }
        lines.add("windows", text);
    }
    if (config.windows.empty()) {
        lines.add("windows", "none: duplicates are removed, nothing is combined");
        return;
    }
    const int64_t pane_us = rules::pane_us(config);
    if (pane_us > 0) lines.add("windows", "pane " + duration_phrase(pane_us));
    lines.add("columns",
              "window, start, end" + (config.key.empty() ? "" : ", " + key_text(config)));
    for (const Aggregate& aggregate : config.aggregates) {
        const bool count = aggregate.kind == AggregateKind::count;
        const std::string of = count ? "" : "(" + config.values[aggregate.value].name + ")";
        const std::string digits =
            aggregate.digits > 0 ? ", " + std::to_string(aggregate.digits) + " digits" : "";
        lines.add("columns", aggregate.name + " = " + word(aggregate.kind) + of + digits);
    }
}

std::string sink_text(const SinkJob& sink) {
    switch (sink.type) {
        case SinkJob::Type::file:
            return "file " + sink.path;
        case SinkJob::Type::standard_output:
            return "stdout";
        case SinkJob::Type::null:
            return "null";
    }
    return "";
}

void add_output(const Job& job, Lines& lines) {
    const bool unique = job.config.output == Output::unique;
    for (const SinkJob& sink : job.sinks) {
        const char* const format = sink.format == net::RowFormat::csv ? "CSV" : "JSON lines";
        lines.add("sinks", sink_text(sink) + ": " +
                               (unique ? "the unique records as they came"
                                       : std::string("rows as ") + format));
    }
    if (job.dlq) lines.add("dlq", sink_text(*job.dlq));
    const EngineOptions& engine = job.config.engine;
    const char* const full[] = {"the run stops", "new ids and keys are refused",
                                "the oldest ids are forgotten"};
    const hostpath::EngineChoice choice =
        hostpath::choose_engine(job.config, cuda::visible_devices());
    lines.add("engine", std::string(hostpath::to_text(choice.type)) + ", because " + choice.reason);
    const bool is_inline = hostpath::runs_inline(engine);
    lines.add("engine", std::to_string(engine.threads) +
                            (is_inline             ? " shard on one thread"
                             : engine.threads == 1 ? " shard"
                                                   : " shards") +
                            (engine.threads > 1 && engine.pin ? ", each pinned to a core" : "") +
                            (engine.prefault ? ", a helper for page faults" : "") + ", memory " +
                            bytes_text(engine.memory_bytes) + "; when it is full " +
                            full[static_cast<size_t>(engine.on_full)]);
}

bool names_standard_output(const SinkJob& sink) {
    return sink.type == SinkJob::Type::standard_output;
}

}  // namespace

std::string summary(const Job& job) {
    Lines lines;
    lines.add("job", job.name);
    add_input(job, lines);
    add_dedup(job.config.dedup, lines);
    add_time(job, lines);
    add_windows(job.config, lines);
    add_output(job, lines);
    return lines.take();
}

std::vector<std::string> warnings(const Job& job) {
    std::vector<std::string> found;
    if (job.source.type == SourceJob::Type::file) {
        std::vector<std::string> paths;
        const Status status = find_files(job.source.paths, real_file_system(), paths);
        if (!status.ok()) found.push_back(status.message);
        for (const std::string& path : paths) {
            if (access(path.c_str(), R_OK) != 0) {
                found.push_back("source.path: '" + path + "' cannot be read now");
            }
        }
    }
    const Config& config = job.config;
    if (!config.windows.empty() && !config.time.out_of_order_us) {
        found.push_back(
            "time.out_of_order is not given: windows are final only when the input ends");
    }
    if (!config.windows.empty() && config.output == Output::unique) {
        found.push_back(
            "windows are given, but the sinks take output: unique and never see their rows");
    }
    if (job.dlq && names_standard_output(*job.dlq)) {
        for (const SinkJob& sink : job.sinks) {
            if (!names_standard_output(sink)) continue;
            found.push_back("dead letters and results are mixed on stdout");
            break;
        }
    }
    return found;
}

}  // namespace trommel::tools
