// What the engine's parts do on this machine's GPU, as shares of its limits, which are measured in
// the same run; see bench/kit/gpu_rates.h and bench/gpu.md.
//
//   gpu_rates [--quick] [--json FILE] [--commit NAME]
//
// Exit codes: 0 measured; 64 usage; 69 no GPU here; 70 something that came out was wrong, which
// then has no figures, or a CUDA call failed; 74 cannot write.
#include "bench/kit/gpu_rates.h"

#include <cstdio>
#include <string_view>

#include "kernels/cuda/devices.h"

namespace trommel::bench {
namespace {

constexpr int kDone = 0, kUsage = 64, kNoGpu = 69, kWrong = 70, kCannotWrite = 74;

bool write_file(const std::string& path, const std::string& text) {
    std::FILE* const file = std::fopen(path.c_str(), "we");
    if (file == nullptr) return false;
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    return std::fclose(file) == 0 && written;
}

int fail(int code, const std::string& message) {
    std::fprintf(stderr, "gpu_rates: %s\n", message.c_str());
    return code;
}

int fail(const Status& status) {
    return fail(status.code == Code::unreachable ? kNoGpu : kWrong, status.message);
}

int run(const std::vector<std::string_view>& words) {
    GpuRatesReport report;
    report.command = "gpu_rates";
    std::string json_path, commit;
    for (size_t i = 0; i < words.size(); ++i) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "--quick") {
            report.quick = true;
            report.command += " --quick";
        } else if (words[i] == "--json" && has_value) {
            json_path = words[++i];
        } else if (words[i] == "--commit" && has_value) {
            commit = words[++i];
        } else {
            return fail(kUsage, "usage: gpu_rates [--quick] [--json FILE] [--commit NAME]");
        }
    }
    const GpuScale scale = report.quick ? GpuScale::quick : GpuScale::rates;
    if (const Status status = measure_gpu_limits(scale, commit, report.limits); !status.ok()) {
        return fail(status);
    }
    const EnergyReading energy = first_gpu_energy(report.why_no_energy);
    const Status status = measure_gpu_rates(scale, energy, report.rates);
    std::fputs(to_table(report).c_str(), stdout);
    if (!json_path.empty() && !write_file(json_path, to_json(report) + "\n")) {
        return fail(kCannotWrite, "cannot write " + json_path);
    }
    if (!status.ok()) return fail(status);
    return report.right() ? kDone : fail(kWrong, "not all that came out is right; see above");
}

}  // namespace
}  // namespace trommel::bench

int main(int argc, char** argv) {
    return trommel::bench::run({argv + 1, argv + argc});
}
