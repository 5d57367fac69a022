#include "tools/console.h"

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

#include "trommel/json_text.h"

#include "tools/quantity.h"
#include "tools/report_json.h"

namespace trommel::tools {
namespace {

constexpr double kJsonEverySeconds = 1;

size_t terminal_columns() {
    winsize size = {};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

// A lag for people: its largest unit only, since the rest changes too fast to read.
std::string rough_duration(int64_t us) {
    for (const int64_t unit : {int64_t{86'400'000'000}, int64_t{3'600'000'000}, int64_t{60'000'000},
                               int64_t{1'000'000}, int64_t{1'000}}) {
        if (us >= unit) return duration_text(us / unit * unit);
    }
    return duration_text(us);
}

std::string percent(uint64_t part, uint64_t whole) {
    char text[32];
    const double share = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    std::snprintf(text, sizeof text, "%.1f%%", share * 100);
    return text;
}

}  // namespace

Console::Console(const Options& options)
    : options_(options), live_(!options.json && !options.quiet && isatty(STDERR_FILENO) == 1) {}

Console::~Console() {
    if (on_line_) print("\n");
}

void Console::error(std::string_view text) {
    if (options_.json) {
        event("error", JsonObject().text("message", text).members());
    } else {
        print("trommel: error: " + std::string(text) + "\n");
    }
}

void Console::mistakes(const std::vector<Mistake>& mistakes) {
    for (const Mistake& mistake : mistakes) {
        if (!options_.json) {
            print(to_text(mistake) + "\n");
            continue;
        }
        event("error", JsonObject()
                           .text("file", mistake.place.origin)
                           .number("line", static_cast<uint64_t>(mistake.place.line))
                           .number("column", static_cast<uint64_t>(mistake.place.column))
                           .text("message", mistake.text)
                           .members());
    }
}

void Console::note(std::string_view text) {
    if (options_.quiet) return;
    if (options_.json) {
        event("note", JsonObject().text("message", text).members());
    } else {
        print(std::string(text) + "\n");
    }
}

void Console::object(std::string_view kind, std::string_view members) {
    if (options_.json) event(kind, members);
}

void Console::progress(const Progress& progress) {
    if (options_.quiet) return;
    if (options_.json) {
        if (shown_s_ >= 0 && progress.seconds < shown_s_ + kJsonEverySeconds) return;
        shown_s_ = progress.seconds;
        event("progress", members_of(progress));
    } else if (live_) {
        print("\r\x1b[K" + status_line(progress, terminal_columns() - 1));
        on_line_ = true;
    }
}

void Console::report(const Report& report, uint64_t memory_bytes, std::string_view extra) {
    if (options_.json) {
        std::string members = members_of(report, memory_bytes);
        if (!extra.empty()) members += "," + std::string(extra);
        event("report", members);
    } else if (!options_.quiet) {
        if (report.transport) print(to_text(*report.transport) + "\n");
        print(to_text(report.ledger) + "\n");
    }
}

void Console::print(std::string_view text) {
    if (on_line_ && !text.starts_with('\r')) {
        on_line_ = false;
        if (text != "\n") std::fputs("\r\x1b[K", stderr);
    }
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

void Console::event(std::string_view kind, std::string_view members) {
    print("{" + JsonObject().text("event", kind).members() + "," + std::string(members) + "}\n");
}

std::string status_line(const Progress& progress, size_t columns) {
    std::string line = count_text(progress.records) + " records";
    if (progress.bytes > 0) line += "  " + bytes_text(progress.bytes);
    const double rate =
        progress.seconds > 0 ? static_cast<double>(progress.records) / progress.seconds : 0;
    line += "  " + rate_text(rate) + "/s";
    line += "  duplicate " + percent(progress.duplicate, progress.unique + progress.duplicate);
    const bool has_lag = progress.watermark_us != INT64_MIN && progress.newest_us != INT64_MIN &&
                         progress.newest_us >= progress.watermark_us;
    if (has_lag) line += "  lag " + rough_duration(progress.newest_us - progress.watermark_us);
    line += "  rows " + count_text(progress.rows);
    if (progress.bytes_total > 0) line += "  " + percent(progress.bytes, progress.bytes_total);
    return line.substr(0, columns);
}

}  // namespace trommel::tools
