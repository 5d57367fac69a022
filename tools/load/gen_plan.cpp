#include "tools/load/gen_plan.h"

#include <algorithm>

#include "net/wire.h"
#include "tools/job/section.h"
#include "tools/job/synthetic_options.h"
#include "tools/quantity.h"

namespace trommel::tools {
namespace {

using net::SendTarget;

constexpr uint64_t kDatagramBytesMax = 65'507;  // UDP over IPv4.
constexpr uint64_t kDatagramEventsMax =
    (kDatagramBytesMax - net::kFrameHeaderBytes - net::kSignatureBytes) / net::kNarrowEventBytes;
constexpr uint64_t kFrameEventsMax = 65'535;
constexpr uint64_t kRateMax = 1'000'000'000;  // Of the schedule, which counts in microseconds.
constexpr int64_t kLingerMaxUs = 10'000'000;

std::string flag_name(std::string_view setting) {
    std::string name = "--" + std::string(setting);
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

// Reads flags and collects what is wrong with them.
class Reader {
   public:
    Reader(const GenCommand& command, GenPlan& plan) : command_(command), plan_(plan) {}

    std::vector<std::string> read(int64_t wall_us) {
        read_stream();
        read_pace();
        read_network(wall_us);
        check_format();
        if (!wrong_.empty()) return wrong_;
        for (const Problem& problem : net::validate(plan_.stream)) {
            check(problem.where, problem.what);
        }
        return wrong_;
    }

   private:
    void check(std::string_view flag, const std::string& error) {
        if (!error.empty()) wrong_.push_back(flag_name(flag) + ": " + error);
    }

    void read_duration(std::string_view flag, const std::string& text, int64_t& out) {
        if (text.empty()) return;
        const Parsed<int64_t> parsed = parse_duration_us(text);
        out = parsed.value;
        check(flag, parsed.error);
    }

    template <class T>
    void read_number(std::string_view flag, const std::string& text, uint64_t least, uint64_t most,
                     T& out) {
        const Parsed<uint64_t> parsed = parse_count(text);
        check(flag, parsed.error);
        if (!parsed.ok()) return;
        if (parsed.value < least || parsed.value > most) {
            check(flag, "'" + text + "' must be " + std::to_string(least) + " to " +
                            std::to_string(most));
            return;
        }
        out = static_cast<T>(parsed.value);
    }

    void read_stream() {
        for (const SyntheticSetting& setting : synthetic_settings()) {
            for (const auto& [name, text] : command_.settings) {
                if (name == setting.name) check(name, setting.set(plan_.stream, text));
            }
        }
        int64_t out_of_order_us = 0;
        read_duration("out_of_order", command_.out_of_order, out_of_order_us);
        if (!command_.out_of_order.empty()) plan_.stream.out_of_order_us = out_of_order_us;
        read_duration("allowed_lateness", command_.allowed_lateness,
                      plan_.stream.allowed_lateness_us);
        read_duration("pane", command_.pane, plan_.stream.pane_us);
    }

    void read_pace() {
        if (command_.rate != "unlimited") {
            read_number("rate", command_.rate, 1, kRateMax, plan_.rate);
        }
        plan_.stamp = command_.stamp;
        if (plan_.rate == 0 && plan_.stamp) {
            check("stamp", "needs a --rate: a stamp is the time that an event is to be sent at");
        }
        if (command_.duration.empty()) return;
        int64_t duration_us = 0;
        read_duration("duration", command_.duration, duration_us);
        if (plan_.rate == 0) {
            check("duration", "needs a --rate; without one say how many with --events");
        }
        const uint128 events = static_cast<uint128>(duration_us) * plan_.rate / 1'000'000;
        if (events > INT64_MAX) {
            check("duration", "'" + command_.duration + "' is too long at this rate");
            return;
        }
        plan_.stream.events = static_cast<uint64_t>(events);
    }

    void read_network(int64_t wall_us) {
        if (!net::is_send_target(command_.to)) return;
        plan_.network.emplace();
        check("to", net::parse_send_target(command_.to, *plan_.network));
        const bool udp = plan_.network->kind == SendTarget::Kind::udp;
        read_number("frame_events", command_.frame_events, 1,
                    udp ? kDatagramEventsMax : kFrameEventsMax, plan_.frame_events);
        read_duration("linger", command_.linger, plan_.linger_us);
        if (plan_.linger_us > kLingerMaxUs) check("linger", "must be at most 10s");
        read_number("source_id", command_.source_id, 0, UINT32_MAX, plan_.source_id);
        plan_.epoch = static_cast<uint32_t>(wall_us / 1'000'000);
        if (!command_.epoch.empty()) {
            read_number("epoch", command_.epoch, 0, UINT32_MAX, plan_.epoch);
        }
        plan_.segments = !command_.no_gso;
        plan_.key_path = command_.key_file;
        if (plan_.stream.partitions > 1) {
            check("partitions",
                  "a network stream is one sender and one partition; start several, each with a "
                  "--source-id");
        }
    }

    void check_format() {
        std::string text = command_.format;
        if (text.empty()) text = plan_.network ? "binary" : "json";
        const auto format = one_of<GenFormat>({{"json", GenFormat::json},
                                               {"csv", GenFormat::csv},
                                               {"binary", GenFormat::binary}})(text);
        plan_.format = format.value;
        check("format", format.error);
        const bool binary = plan_.format == GenFormat::binary;
        if (binary && plan_.stream.corrupt_share > 0) {
            check("corrupt", "frames cannot be read beyond damage; use json or csv");
        }
        if (plan_.network && plan_.network->kind == SendTarget::Kind::udp && !binary) {
            check("format", "udp takes binary frames alone");
        }
        if (!command_.key_file.empty() && !(plan_.network && binary)) {
            check("key_file", "only frames to udp://, tcp:// or unix:// are signed");
        }
        if (!plan_.network && plan_.stamp) {
            check("stamp", "only what goes to udp://, tcp:// or unix:// is stamped");
        }
    }

    const GenCommand& command_;
    GenPlan& plan_;
    std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> read_gen_plan(const GenCommand& command, int64_t wall_us, GenPlan& plan) {
    return Reader(command, plan).read(wall_us);
}

}  // namespace trommel::tools
