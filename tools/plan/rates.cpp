#include "tools/plan/rates.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bench/kit/timing.h"
#include "kernels/rules/assert.h"
#include "tools/job/document.h"
#include "tools/report_json.h"

namespace trommel::tools {
namespace {

constexpr std::string_view kFormat = "trommel-calibration-2";
constexpr size_t kPointsMax = 64;  // Of one list in a file.

std::string points_json(const std::vector<RatePoint>& points) {
    std::string json;
    for (const RatePoint& point : points) {
        json += json.empty() ? "[" : ",";
        json += JsonObject().real("bytes", point.bytes).real("ns", point.ns).object();
    }
    return json.empty() ? "[]" : json + "]";
}

// Every figure that is a time, in an order of its own.
std::vector<double*> times_of(Calibration& calibration) {
    std::vector<double*> times{&calibration.base_ns,
                               &calibration.base_unique_ns,
                               &calibration.decode_binary_ns,
                               &calibration.decode_json_ns_per_byte,
                               &calibration.decode_csv_ns_per_byte,
                               &calibration.reference_ns};
    const auto add = [&](std::vector<RatePoint>& points) {
        for (RatePoint& point : points) times.push_back(&point.ns);
    };
    for (Calibration::Ids& measured : calibration.ids) add(measured.points);
    add(calibration.cell);
    add(calibration.row);
    return times;
}

// Reads a file that we wrote. Everything missing or odd makes all of it unusable: a plan must not
// rest on half of a measurement.
class Reader {
   public:
    explicit Reader(const Node& root) : root_(root) {}

    void real(const char* name, double& out) {
        const Node* const node = root_.find(name);
        if (node == nullptr || !number(node->text, out)) fail(name);
    }
    void text(const char* name, std::string& out) {
        const Node* const node = root_.find(name);
        if (node == nullptr) return fail(name);
        out = node->text;
    }
    void points(const Node* list, const char* name, std::vector<RatePoint>& out) {
        if (list == nullptr || list->items.empty() || list->items.size() > kPointsMax) {
            return fail(name);
        }
        for (const Node& item : list->items) {
            RatePoint point;
            const Node* const bytes = item.find("bytes");
            const Node* const ns = item.find("ns");
            const bool read = bytes != nullptr && ns != nullptr &&
                              number(bytes->text, point.bytes) && number(ns->text, point.ns);
            const bool ascends = out.empty() || point.bytes > out.back().bytes;
            if (!read || !ascends || point.bytes <= 0) return fail(name);
            out.push_back(point);
        }
    }
    void fail(const char* name) {
        if (wrong_.empty()) wrong_ = std::string("'") + name + "' is missing or cannot be read";
    }
    const Node& root() const { return root_; }
    const std::string& wrong() const { return wrong_; }

   private:
    // Finite and not negative.
    static bool number(std::string_view text, double& out) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
        return error == std::errc{} && end == text.data() + text.size() && std::isfinite(out) &&
               out >= 0;
    }

    const Node& root_;
    std::string wrong_;
};

}  // namespace

double ns_at(const std::vector<RatePoint>& points, double bytes) {
    if (bytes <= points.front().bytes) return points.front().ns;
    for (size_t p = 1; p < points.size(); ++p) {
        const RatePoint &a = points[p - 1], &b = points[p];
        if (bytes > b.bytes) continue;
        const double share = std::log(bytes / a.bytes) / std::log(b.bytes / a.bytes);
        return a.ns + share * (b.ns - a.ns);
    }
    return points.back().ns;
}

const std::vector<RatePoint>* Calibration::find(std::string_view kind) const {
    for (const Ids& measured : ids) {
        if (measured.kind == kind && !measured.points.empty()) return &measured.points;
    }
    return nullptr;
}

std::string_view id_rate_kind(const DedupOptions& dedup) {
    if (dedup.mode == DedupMode::off) return "";
    if (dedup.mode == DedupMode::approximate) {
        return dedup.horizon_us == kForeverUs ? "plain" : "aged";
    }
    if (dedup.verify) return "verified";
    if (dedup.id_type == IdType::bytes || dedup.scope == Scope::key) return "bytes";
    return dedup.id_type == IdType::u64 ? "u64" : "u128";
}

Calibration at_speed(const Calibration& calibration, double speed) {
    Calibration scaled = calibration;
    for (double* const ns : times_of(scaled)) *ns /= speed;
    return scaled;
}

Calibration median_of(const std::vector<Calibration>& rounds) {
    std::vector<Calibration> copies = rounds;
    Calibration middle = rounds.front();
    const std::vector<double*> out = times_of(middle);
    std::vector<std::vector<double>> figures(out.size());
    for (Calibration& round : copies) {
        const std::vector<double*> times = times_of(round);
        TROMMEL_ASSERT(times.size() == out.size());
        for (size_t t = 0; t < out.size(); ++t) figures[t].push_back(*times[t]);
    }
    for (size_t t = 0; t < out.size(); ++t) *out[t] = bench::median(figures[t]);
    return middle;
}

double decode_ns(const Calibration& calibration, net::Format format, double event_bytes) {
    switch (format) {
        case net::Format::binary:
            return calibration.decode_binary_ns;
        case net::Format::json:
            return calibration.decode_json_ns_per_byte * event_bytes;
        case net::Format::csv:
            return calibration.decode_csv_ns_per_byte * event_bytes;
    }
    return 0;
}

std::string to_json(const Calibration& calibration) {
    std::string ids;
    for (const Calibration::Ids& measured : calibration.ids) {
        ids += ids.empty() ? "[" : ",";
        ids += JsonObject()
                   .text("kind", measured.kind)
                   .raw("points", points_json(measured.points))
                   .object();
    }
    return JsonObject()
        .text("format", kFormat)
        .text("machine", calibration.machine)
        .text("commit", calibration.commit)
        .real("base_ns", calibration.base_ns)
        .real("base_unique_ns", calibration.base_unique_ns)
        .raw("ids", ids.empty() ? "[]" : ids + "]")
        .raw("cell", points_json(calibration.cell))
        .raw("row", points_json(calibration.row))
        .real("decode_binary_ns", calibration.decode_binary_ns)
        .real("decode_json_ns_per_byte", calibration.decode_json_ns_per_byte)
        .real("decode_csv_ns_per_byte", calibration.decode_csv_ns_per_byte)
        .real("reference_ns", calibration.reference_ns)
        .object();
}

std::string read_calibration(const std::string& text, const std::string& origin,
                             Calibration& calibration) {
    Node root;
    Mistakes mistakes;
    const std::string what = origin + " is not what trommel plan --calibrate writes";
    if (!parse_document(text, origin, root, mistakes)) return what;
    const Node* const format = root.find("format");
    if (format == nullptr || format->text != kFormat) return what;
    Reader reader(root);
    calibration = {};
    reader.text("machine", calibration.machine);
    reader.text("commit", calibration.commit);
    reader.real("base_ns", calibration.base_ns);
    reader.real("base_unique_ns", calibration.base_unique_ns);
    const Node* const ids = root.find("ids");
    if (ids == nullptr || ids->items.size() > kPointsMax) reader.fail("ids");
    for (size_t i = 0; reader.wrong().empty() && i < ids->items.size(); ++i) {
        const Node* const kind = ids->items[i].find("kind");
        Calibration::Ids& measured = calibration.ids.emplace_back();
        if (kind != nullptr) measured.kind = kind->text;
        reader.points(ids->items[i].find("points"), "ids", measured.points);
    }
    reader.points(root.find("cell"), "cell", calibration.cell);
    reader.points(root.find("row"), "row", calibration.row);
    reader.real("decode_binary_ns", calibration.decode_binary_ns);
    reader.real("decode_json_ns_per_byte", calibration.decode_json_ns_per_byte);
    reader.real("decode_csv_ns_per_byte", calibration.decode_csv_ns_per_byte);
    reader.real("reference_ns", calibration.reference_ns);
    if (calibration.reference_ns <= 0) reader.fail("reference_ns");
    return reader.wrong().empty() ? "" : what + ": " + reader.wrong();
}

}  // namespace trommel::tools
