#include <algorithm>
#include <memory>
#include <unistd.h>

#include "trommel/clock.h"
#include "trommel/file_system.h"

#include "net/record_writer.h"
#include "net/wire.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/quantity.h"
#include "tools/section.h"
#include "tools/signals.h"
#include "tools/synthetic_options.h"

namespace trommel::tools {
namespace {

constexpr uint64_t kRecordsPerWrite = 4096;
constexpr unsigned kNapUs = 2000;  // Between looks at the clock when records are not due yet.

enum class GenFormat : uint8_t { json, csv, binary };

struct Plan {
    net::SyntheticOptions stream;
    GenFormat format = GenFormat::json;
    uint64_t rate = 0;  // Records per second; 0: as fast as they can be written.
};

std::string flag_name(std::string_view setting) {
    std::string name = "--" + std::string(setting);
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

// Everything wrong with the flags at once, one message each.
std::vector<std::string> read_plan(const GenCommand& command, Plan& plan) {
    std::vector<std::string> wrong;
    const auto check = [&](std::string_view flag, const std::string& error) {
        if (!error.empty()) wrong.push_back(flag_name(flag) + ": " + error);
    };
    for (const SyntheticSetting& setting : synthetic_settings()) {
        for (const auto& [name, text] : command.settings) {
            if (name == setting.name) check(name, setting.set(plan.stream, text));
        }
    }
    const auto format = one_of<GenFormat>({{"json", GenFormat::json},
                                           {"csv", GenFormat::csv},
                                           {"binary", GenFormat::binary}})(command.format);
    plan.format = format.value;
    check("format", format.error);
    if (command.rate != "unlimited") {
        const Parsed<uint64_t> rate = parse_count(command.rate);
        plan.rate = rate.value;
        check("rate", rate.error);
    }
    const auto duration = [&](std::string_view flag, const std::string& text, int64_t& out) {
        if (text.empty()) return;
        const Parsed<int64_t> parsed = parse_duration_us(text);
        out = parsed.value;
        check(flag, parsed.error);
    };
    int64_t out_of_order_us = 0;
    duration("out_of_order", command.out_of_order, out_of_order_us);
    if (!command.out_of_order.empty()) plan.stream.out_of_order_us = out_of_order_us;
    duration("allowed_lateness", command.allowed_lateness, plan.stream.allowed_lateness_us);
    duration("pane", command.pane, plan.stream.pane_us);
    if (plan.format == GenFormat::binary && plan.stream.corrupt_share > 0) {
        wrong.push_back("--corrupt: a binary file cannot be read beyond damage; use json or csv");
    }
    if (!wrong.empty()) return wrong;
    for (const Problem& problem : net::validate(plan.stream)) check(problem.where, problem.what);
    return wrong;
}

// A file that gets its name when it is complete; "-" is standard output.
class Output {
   public:
    explicit Output(const std::string& path)
        : path_(path), written_path_(path == "-" ? path : path + ".partial") {}

    Status open() { return real_file_system().open_write(written_path_, file_); }
    Status write(const std::string& text) { return file_->write(text.data(), text.size()); }
    Status finish() {
        if (path_ == "-") return {};
        if (Status status = file_->sync(); !status.ok()) return status;
        file_.reset();
        if (Status status = real_file_system().rename(written_path_, path_); !status.ok()) {
            return status;
        }
        return real_file_system().sync_directory_of(path_);
    }

   private:
    std::string path_, written_path_;
    std::unique_ptr<File> file_;
};

// Turns records into the bytes of a file.
class Encoder {
   public:
    explicit Encoder(const Plan& plan)
        : binary_(plan.format == GenFormat::binary),
          lines_(plan.format == GenFormat::csv ? net::RecordFormat::csv : net::RecordFormat::json,
                 plan.stream.partitions > 1) {}

    void append_header(std::string& out) const {
        if (!binary_) lines_.append_header(out);
    }
    void append(const net::SyntheticStream& stream, uint64_t begin, uint64_t end,
                std::string& out) {
        events_.clear();
        for (uint64_t n = begin; n < end; ++n) {
            const net::SyntheticRecord record = stream.at(n);
            if (binary_) {
                events_.push_back({record.id, 0, record.key, record.time_us, record.v0});
            } else {
                lines_.append(out, record);
            }
        }
        if (!events_.empty()) net::append_frame({.sequence = begin}, events_, out);
    }

   private:
    bool binary_;
    net::RecordWriter lines_;
    std::vector<net::WireEvent> events_;
};

// How many records may have been written by now.
uint64_t due(const Plan& plan, uint64_t events, int64_t begun_us) {
    if (plan.rate == 0) return events;
    const auto elapsed_us = static_cast<uint128>(system_clock().monotonic_us() - begun_us);
    return static_cast<uint64_t>(std::min<uint128>(events, elapsed_us * plan.rate / 1'000'000));
}

// Writes the stream until its end or a signal; `written` counts its records.
Status write_stream(const Plan& plan, const net::SyntheticStream& stream, Output& output,
                    uint64_t& written) {
    Encoder encoder(plan);
    const uint64_t events = stream.options().events;
    const int64_t begun_us = system_clock().monotonic_us();
    std::string bytes;
    encoder.append_header(bytes);
    while (written < events && !stop_requested()) {
        const uint64_t end = std::min(due(plan, events, begun_us), written + kRecordsPerWrite);
        if (end == written) usleep(kNapUs);
        encoder.append(stream, written, end, bytes);
        written = end;
        if (Status status = output.write(bytes); !status.ok()) return status;
        bytes.clear();
    }
    return bytes.empty() ? Status{} : output.write(bytes);
}

}  // namespace

ExitCode gen(const GenCommand& command) {
    Console console({.json = false, .quiet = command.quiet});
    Plan plan;
    const std::vector<std::string> wrong = read_plan(command, plan);
    for (const std::string& text : wrong) console.error(text);
    if (!wrong.empty()) return kExitUsage;

    watch_signals();
    const net::SyntheticStream stream(plan.stream);
    Output output(command.to);
    uint64_t written = 0;
    Status status = output.open();
    if (status.ok()) status = write_stream(plan, stream, output, written);
    if (status.ok()) status = output.finish();
    if (!status.ok() && status.code != Code::closed) {
        console.error(status.message);
        return exit_code(status.code);
    }
    if (status.ok()) console.note(to_text(stream.truth(0, written)));
    return kExitDone;
}

}  // namespace trommel::tools
