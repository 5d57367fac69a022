#include <algorithm>
#include <memory>
#include <unistd.h>

#include "trommel/clock.h"
#include "trommel/file_system.h"

#include "net/record_writer.h"
#include "net/wire.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/job/synthetic_options.h"
#include "tools/load/gen_plan.h"
#include "tools/signals.h"

namespace trommel::tools {
namespace {

constexpr uint64_t kRecordsPerWrite = 4096;
constexpr unsigned kNapUs = 2000;  // Between looks at the clock when records are not due yet.

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
    explicit Encoder(const GenPlan& plan)
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
uint64_t due(const GenPlan& plan, uint64_t events, int64_t begun_us) {
    if (plan.rate == 0) return events;
    const auto elapsed_us = static_cast<uint128>(system_clock().monotonic_us() - begun_us);
    return static_cast<uint64_t>(std::min<uint128>(events, elapsed_us * plan.rate / 1'000'000));
}

// Writes the stream until its end or a signal; `written` counts its records.
Status write_stream(const GenPlan& plan, const net::SyntheticStream& stream, Output& output,
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

ExitCode write_stream(const GenPlan& plan, const std::string& path, Console& console) {
    const net::SyntheticStream stream(plan.stream);
    Output output(path);
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

}  // namespace

ExitCode gen(const GenCommand& command) {
    Console console({.json = command.json, .quiet = command.quiet});
    GenPlan plan;
    const std::vector<std::string> wrong = read_gen_plan(command, system_clock().wall_us(), plan);
    for (const std::string& text : wrong) console.error(text);
    if (!wrong.empty()) return kExitUsage;
    watch_signals();
    return plan.network ? send_stream(plan, console) : write_stream(plan, command.to, console);
}

}  // namespace trommel::tools
