#include "tools/load/load_test.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "trommel/run.h"

#include "bench/kit/load_meter.h"
#include "bench/kit/socket_queue.h"
#include "bench/kit/timing.h"
#include "net/stream_source.h"
#include "net/udp_source.h"
#include "tools/load/generator_process.h"

namespace trommel::tools {
namespace {

using bench::LoadRun;
using bench::SocketKind;

constexpr int64_t kSilenceUs = 2'000'000;  // After it the run ends, should the last frame be lost.
constexpr int kQuietSamplesMax = 12;       // Of a generator that has ended without being heard.
constexpr int64_t kSampleUs = 200'000;     // Progress is told every 250 ms or a little later.
constexpr double kQueueRiseMax = 0.05;     // Of the receive buffer: else the queue is growing.
constexpr double kRateMissedMax = 0.02;
constexpr double kLagShareMax = 0.1;
constexpr uint64_t kStolenStepMs = 10;  // One step of the count may be next to nothing.

std::string text_of(const char* pattern, double number) {
    char text[160];
    std::snprintf(text, sizeof text, pattern, number);
    return text;
}

// The engine and the generator, put together for one run.
class Runner {
   public:
    explicit Runner(const LoadTest& test)
        : test_(test),
          config_(bench::config_of(test.job)),
          meter_({.warm_up_us = test.warm_up_us,
                  .duration_us = test.duration_us,
                  .full_after_us = bench::full_after_us(test.job),
                  .row_delay_us = test.job.out_of_order_us,
                  .sample_every_us = kSampleUs},
                 system_clock()) {}

    LoadRun run() {
        LoadRun result;
        result.rate = static_cast<double>(test_.rate);
        result.duration_s = static_cast<double>(test_.duration_us) / 1e6;
        result.warm_up_s = static_cast<double>(test_.warm_up_us) / 1e6;
        make_source();
        Report report;
        const double cpu_before = bench::process_cpu_seconds();
        Status status = trommel::run(config_, make_run(), report);
        result.engine_cpu_seconds = bench::process_cpu_seconds() - cpu_before;
        if (status.ok()) status = start_status_;
        if (stop_wanted()) generator_.stop();
        if (status.ok()) status = generator_.finish();
        result.ledger = report.ledger;
        if (report.transport) result.transport = *report.transport;
        result.generator = generator_.figures();
        result.offered = generator_.figures().events;
        meter_.report(result);
        result.resident_max_bytes = std::max(result.resident_max_bytes, report.resident_bytes_max);
        if (stop_wanted()) {
            status = Status::error(Code::closed, "it was stopped before its end");
        }
        result.wrong = status.ok() ? wrong_with(result, generator_.truth()) : status.message;
        result.not_sustained = why_not_sustained(result, test_);
        result.doubts = doubts_about(result);
        return result;
    }

   private:
    void make_source() {
        net::ListenAddress any_port;
        any_port.endpoint = net::Endpoint::from_v4("\x7f\0\0\1", 0);
        if (test_.tcp) {
            net::StreamSourceOptions options;
            options.decode = bench::decode_of(test_.job);
            options.listen = any_port;
            options.stop_after_us = kSilenceUs;
            options.stop_with_senders = true;
            source_ = std::make_unique<net::StreamSource>(options, system_clock());
            return;
        }
        net::UdpSourceOptions options;
        options.socket.listen = any_port;
        options.socket.receive_buffer_bytes = test_.receive_buffer_bytes;
        options.intake.decode = bench::decode_of(test_.job);
        options.stop_after_us = kSilenceUs;
        options.stop_with_senders = true;
        source_ = std::make_unique<net::UdpSource>(options, system_clock());
    }

    Run make_run() {
        Run run;
        run.lanes = {source_.get()};
        run.sinks = {&meter_};
        run.on_open = [this] { start_generator(); };
        run.on_settled = [this](const RecordBatch& batch) { meter_.settle(batch); };
        run.on_progress = [this](const Progress&) { look(); };
        run.stop_requested = [this] { return stop_ || stop_wanted(); };
        return run;
    }

    bool stop_wanted() const { return test_.stop_requested && test_.stop_requested(); }

    void start_generator() {
        const bench::LoadJob& job = test_.job;
        const std::string where(source_->name());  // "udp:127.0.0.1:4000"
        const std::string port = where.substr(where.rfind(':') + 1);
        port_ = static_cast<uint16_t>(std::stoul(port));
        start_status_ = generator_.start(
            {"gen", "--json", "--stamp", "--to",
             (test_.tcp ? "tcp://127.0.0.1:" : "udp://127.0.0.1:") + port, "--rate",
             std::to_string(test_.rate), "--duration", std::to_string(test_.duration_us) + "us",
             "--frame-events", std::to_string(test_.frame_events), "--keys",
             std::to_string(job.keys), "--duplicates", std::to_string(job.duplicate_share),
             "--duplicate-distance", std::to_string(job.duplicate_distance)});
        stop_ = !start_status_.ok();
    }

    void look() {
        generator_.listen();
        if (generator_.has_ended() && ++quiet_samples_ > kQuietSamplesMax) stop_ = true;
        if (!meter_.is_time_to_sample()) return;
        const SocketKind kind = test_.tcp ? SocketKind::tcp : SocketKind::udp;
        meter_.sample({generator_.sent(), bench::look_at_sockets(kind, port_),
                       bench::resident_bytes(), bench::stolen_ms()});
    }

    const LoadTest& test_;
    const Config config_;
    bench::LoadMeter meter_;
    GeneratorProcess generator_;
    std::unique_ptr<Source> source_;
    Status start_status_;
    uint16_t port_ = 0;
    int quiet_samples_ = 0;
    bool stop_ = false;
};

}  // namespace

LoadRun run_load(const LoadTest& test) {
    return Runner(test).run();
}

std::string wrong_with(const LoadRun& run, const net::Truth& truth) {
    const Transport& transport = run.transport;
    if (run.offered != transport.sent) {
        return "the generator sent " + std::to_string(run.offered) +
               " events and the receiver knows of " + std::to_string(transport.sent);
    }
    if (!transport.adds_up()) return "the transport's ledger does not add up";
    if (!run.ledger.adds_up()) return "the ledger does not add up";
    if (run.ledger.in != transport.delivered) {
        return std::to_string(transport.delivered) + " events were delivered and " +
               std::to_string(run.ledger.in) + " records taken";
    }
    if (transport.lost() > 0) return {};
    const net::Truth found{run.ledger.in, run.ledger[Verdict::unique],
                           run.ledger[Verdict::duplicate], run.ledger[Verdict::late],
                           run.ledger[Verdict::corrupt]};
    if (found == truth) return {};
    return "the verdicts are not the truth of the stream, which has " +
           std::to_string(truth.unique) + " unique events and " + std::to_string(truth.duplicate) +
           " duplicates";
}

std::string why_not_sustained(const LoadRun& run, const LoadTest& test) {
    if (!run.wrong.empty()) return "it does not add up";
    if (run.transport.lost() > 0) {
        return std::to_string(run.transport.lost()) + " events were lost";
    }
    if (run.generator.achieved_rate < run.rate * (1 - kRateMissedMax)) {
        return text_of("the generator managed %.3f M/s only", run.generator.achieved_rate / 1e6);
    }
    if (run.queue_rise_bytes > kQueueRiseMax * static_cast<double>(test.receive_buffer_bytes)) {
        return text_of("the queue grows: by %.0f KiB", run.queue_rise_bytes / 1024);
    }
    if (test.objective_us > 0 && static_cast<double>(run.verdict.p99_us) > test.objective_us) {
        return text_of("p99 is %.3f ms", static_cast<double>(run.verdict.p99_us) / 1000);
    }
    return {};
}

std::vector<std::string> doubts_about(const LoadRun& run) {
    std::vector<std::string> doubts;
    const auto lag = static_cast<double>(run.generator.lag.p99_us);
    if (lag > kLagShareMax * static_cast<double>(run.verdict.p99_us)) {
        doubts.push_back(
            text_of("the generator was late itself by %.3f ms at p99, more than a "
                    "tenth of the latency to the verdict",
                    lag / 1000));
    }
    if (run.generator.achieved_rate < run.rate * (1 - kRateMissedMax)) {
        doubts.push_back("the generator did not keep its rate");
    }
    if (run.stolen_max_ms > kStolenStepMs && run.stolen_max_ms * 1000 > run.verdict.p99_us) {
        doubts.push_back(text_of("the machine's host stole %.0f ms of a quarter second, which is "
                                 "more than p99",
                                 static_cast<double>(run.stolen_max_ms)));
    }
    return doubts;
}

uint64_t search_rate(const RateSearch& search, const std::function<LoadRun(uint64_t rate)>& run_at,
                     std::vector<LoadRun>& steps) {
    uint64_t good = 0, bad = 0, rate = std::max<uint64_t>(search.first_rate, 1);
    for (uint32_t step = 0; step < search.steps_max && rate > 0; ++step) {
        steps.push_back(run_at(rate));
        if (!steps.back().wrong.empty()) return 0;
        (steps.back().not_sustained.empty() ? good : bad) = rate;
        const bool narrow =
            good > 0 && bad > 0 &&
            static_cast<double>(bad - good) <= search.precision * static_cast<double>(bad);
        if (narrow) break;
        rate = bad == 0 ? 2 * good : good == 0 ? bad / 2 : good + (bad - good) / 2;
        if (rate == good || rate == bad) break;
    }
    return good;
}

}  // namespace trommel::tools
