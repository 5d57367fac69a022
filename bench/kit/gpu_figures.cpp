#include "bench/kit/gpu_figures.h"

#include <algorithm>
#include <cstdio>

#include "trommel/json_text.h"

namespace trommel::bench {
namespace {

std::string real(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

std::string size_text(uint64_t bytes) {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    while (unit < 3 && bytes >= 1024 && bytes % 1024 == 0) bytes /= 1024, ++unit;
    return std::to_string(bytes) + " " + kUnits[unit];
}

std::string figure_json(const GpuFigure& figure) {
    std::string json = "{\"name\":";
    append_json_string(json, figure.name);
    json += ",\"bytes\":" + std::to_string(figure.bytes) + ",\"unit\":";
    append_json_string(json, figure.unit + " per second");
    return json + ",\"median\":" + real(figure.median) + ",\"least\":" + real(figure.least) +
           ",\"most\":" + real(figure.most) + "}";
}

}  // namespace

GpuFigure make_figure(std::string name, uint64_t bytes, std::string unit,
                      std::vector<double> per_second) {
    std::sort(per_second.begin(), per_second.end());
    const size_t middle = per_second.size() / 2;
    const double median = per_second.size() % 2 == 1
                              ? per_second[middle]
                              : (per_second[middle - 1] + per_second[middle]) / 2;
    return {std::move(name), bytes, std::move(unit), median, per_second.front(), per_second.back()};
}

std::vector<uint64_t> sizes_that_fit(const std::vector<uint64_t>& sizes, uint64_t free_bytes) {
    std::vector<uint64_t> fit;
    for (const uint64_t size : sizes) {
        if (size <= free_bytes - free_bytes / 10) fit.push_back(size);
    }
    return fit;
}

std::optional<double> best_figure(const std::vector<GpuFigure>& figures, const std::string& name) {
    std::optional<double> most;
    for (const GpuFigure& figure : figures) {
        if (figure.name == name) most = std::max(most.value_or(0), figure.median);
    }
    return most;
}

std::optional<double> figure_in_table(const std::vector<GpuFigure>& figures,
                                      const std::string& name, uint64_t bytes) {
    const GpuFigure* found = nullptr;
    for (const GpuFigure& figure : figures) {
        if (figure.name != name) continue;
        const bool fits = figure.bytes >= bytes;
        const bool found_fits = found != nullptr && found->bytes >= bytes;
        const bool is_better = found == nullptr || (fits && !found_fits) ||
                               (fits == found_fits && (figure.bytes < found->bytes) == fits);
        if (is_better) found = &figure;
    }
    return found != nullptr ? std::optional(found->median) : std::nullopt;
}

uint32_t transfers_for(uint64_t bytes) {
    constexpr uint64_t kBytes = uint64_t{256} << 20;
    return static_cast<uint32_t>(
        std::clamp<uint64_t>(kBytes / std::max<uint64_t>(bytes, 1), 8, 4096));
}

std::string to_json(const GpuMachine& machine, const std::vector<GpuFigure>& figures) {
    std::string json = "{\"format\":\"trommel gpu figures 1\",\"machine\":{\"gpu\":";
    append_json_string(json, machine.gpu);
    json += ",\"host\":";
    append_json_string(json, machine.host);
    json += ",\"runtime\":" + std::to_string(machine.runtime_version) +
            ",\"driver\":" + std::to_string(machine.driver_version) + ",\"commit\":";
    append_json_string(json, machine.commit);
    json += "},\"figures\":[";
    for (const GpuFigure& figure : figures) {
        json += (&figure == figures.data() ? "" : ",") + figure_json(figure);
    }
    return json + "]}";
}

std::string to_table(const std::vector<GpuFigure>& figures) {
    char line[128];
    std::snprintf(line, sizeof line, "%-16s %10s %14s %10s %10s\n", "what", "size", "median",
                  "least", "most");
    std::string table = line;
    for (const GpuFigure& figure : figures) {
        std::snprintf(line, sizeof line, "%-16s %10s %7.3f %-6s %10.3f %10.3f\n",
                      figure.name.c_str(), size_text(figure.bytes).c_str(), figure.median / 1e9,
                      figure.unit == "bytes" ? "GB/s" : "G/s", figure.least / 1e9,
                      figure.most / 1e9);
        table += line;
    }
    return table;
}

}  // namespace trommel::bench
