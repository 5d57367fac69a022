#include <algorithm>
#include <cstdio>
#include <memory>
#include <sys/prctl.h>
#include <unistd.h>

#include "trommel/clock.h"

#include "bench/kit/load_report.h"
#include "bench/kit/timing.h"
#include "net/frame_sender.h"
#include "tools/job/synthetic_options.h"
#include "tools/load/gen_plan.h"
#include "tools/load/json.h"
#include "tools/load/paced_sender.h"
#include "tools/quantity.h"
#include "tools/report_json.h"
#include "tools/signals.h"

namespace trommel::tools {
namespace {

constexpr int64_t kNapMaxUs = 100'000;  // So that a signal is noticed.
constexpr int64_t kProgressUs = 100'000;
constexpr unsigned long kSlackNs = 1000;  // Of the timer: the usual 50 us are many frames.

PacedSenderOptions sender_options(const GenPlan& plan) {
    PacedSenderOptions options;
    options.rate = plan.rate;
    options.linger_us = plan.linger_us;
    options.stamp = plan.stamp;
    options.frames.source_id = plan.source_id;
    options.frames.epoch = plan.epoch;
    options.frames.frame_events = plan.frame_events;
    if (plan.format == GenFormat::json) options.lines = net::RecordFormat::json;
    if (plan.format == GenFormat::csv) options.lines = net::RecordFormat::csv;
    return options;
}

Status load_keys(const GenPlan& plan, net::FrameKeys& keys) {
    if (plan.key_path.empty()) return {};
    if (Status status = keys.load(plan.key_path); !status.ok()) return status;
    char probe[net::kSignatureBytes] = {};
    if (keys.sign(plan.source_id, probe, sizeof probe)) return {};
    return Status::error(Code::invalid_config, plan.key_path + ": has no key for source " +
                                                   std::to_string(plan.source_id));
}

// Waits for room in the socket, or until something is due.
void rest(PacedSender& sender, net::FrameSender& socket) {
    if (sender.blocked()) {
        socket.wait(kNapMaxUs);
        return;
    }
    const int64_t nap_us = sender.again_us() - system_clock().monotonic_us();
    if (nap_us > 0) usleep(static_cast<useconds_t>(std::min(nap_us, kNapMaxUs)));
}

Status send_all(PacedSender& sender, net::FrameSender& socket, Console& console) {
    int64_t told_us = system_clock().monotonic_us();
    while (!sender.finished()) {
        if (stop_requested()) sender.stop();
        if (Status status = sender.step(); !status.ok()) return status;
        rest(sender, socket);
        const int64_t now_us = system_clock().monotonic_us();
        if (now_us - told_us < kProgressUs) continue;
        told_us = now_us;
        console.object("progress", JsonObject().number("sent", sender.sent()).members());
    }
    return socket.finish();
}

struct Sent {
    uint64_t events = 0;
    double seconds = 0, cpu_seconds = 0;
    net::Truth truth;
    double rate() const { return seconds > 0 ? static_cast<double>(events) / seconds : 0; }
};

std::string members_of(const Sent& sent, const PacedSender& sender,
                       const net::FrameSender& socket) {
    const net::FrameSender::Counters& counters = socket.counters();
    return JsonObject()
        .number("events", sent.events)
        .raw("truth", to_json(sent.truth))
        .real("seconds", sent.seconds)
        .real("rate", sent.rate())
        .real("cpu_seconds", sent.cpu_seconds)
        .raw("lag_us", to_json(bench::figures_of(sender.lag())))
        .number("datagrams", counters.datagrams)
        .number("bytes", counters.bytes)
        .number("calls", counters.calls)
        .number("no_room", counters.no_room)
        .number("unreachable", counters.unreachable)
        .flag("gso", socket.uses_segments())
        .members();
}

std::string lag_text(const bench::LatencyFigures& lag) {
    char text[160];
    std::snprintf(text, sizeof text, "late by (ms): p50 %.3f, p99 %.3f, p99.9 %.3f, at most %.3f",
                  static_cast<double>(lag.p50_us) / 1000, static_cast<double>(lag.p99_us) / 1000,
                  static_cast<double>(lag.p99_9_us) / 1000, static_cast<double>(lag.max_us) / 1000);
    return text;
}

void report(const Sent& sent, const PacedSender& sender, const net::FrameSender& socket,
            Console& console) {
    console.object("report", members_of(sent, sender, socket));
    const net::FrameSender::Counters& counters = socket.counters();
    char text[160];
    std::snprintf(text, sizeof text, "%s/s for %.1f s, %.3f CPU seconds per million",
                  rate_text(sent.rate()).c_str(), sent.seconds,
                  sent.events > 0 ? sent.cpu_seconds * 1e6 / static_cast<double>(sent.events) : 0);
    std::string line =
        "sent " + count_text(sent.events) + " records, " + bytes_text(counters.bytes);
    if (counters.datagrams > 0) {
        line += ", " + count_text(counters.datagrams) + " datagrams" +
                (socket.uses_segments() ? "" : " without GSO");
    }
    console.note(line + ", " + text);
    if (sender.lag().count() > 0) console.note(lag_text(bench::figures_of(sender.lag())));
    if (counters.unreachable > 0) {
        console.note("nobody listened " + count_text(counters.unreachable) + " times");
    }
    console.note(to_text(sent.truth));
}

}  // namespace

ExitCode send_stream(const GenPlan& plan, Console& console) {
    const net::SyntheticStream stream(plan.stream);
    std::unique_ptr<net::FrameSender> socket;
    net::FrameKeys keys;
    Status status = load_keys(plan, keys);
    if (status.ok()) status = net::FrameSender::open(*plan.network, {plan.segments}, socket);
    if (!status.ok()) {
        console.error(status.message);
        return exit_code(status.code);
    }
    prctl(PR_SET_TIMERSLACK, kSlackNs, 0, 0, 0);
    const double cpu_before = bench::process_cpu_seconds();
    PacedSenderOptions options = sender_options(plan);
    if (!plan.key_path.empty()) options.frames.keys = &keys;
    PacedSender sender(stream, *socket, system_clock(), options);
    status = send_all(sender, *socket, console);
    Sent sent;
    sent.events = sender.sent();
    sent.seconds = static_cast<double>(sender.passed_us()) / 1e6;
    sent.cpu_seconds = bench::process_cpu_seconds() - cpu_before;
    sent.truth = stream.truth(0, sent.events);
    if (!status.ok()) console.error(status.message);
    report(sent, sender, *socket, console);
    return exit_code(status.code);
}

}  // namespace trommel::tools
