// What this machine's GPU and the link to it can do at most, in one run; see
// bench/kit/gpu_limits.h.
//
//   gpu_limits [--quick] [--json FILE] [--commit NAME]
//
// Exit codes: 0 measured; 64 usage; 69 no GPU here; 70 a CUDA call failed; 74 cannot write.
#include "bench/kit/gpu_limits.h"

#include <cstdio>
#include <string_view>

namespace trommel::bench {
namespace {

constexpr int kUsage = 64, kNoGpu = 69, kFailed = 70, kCannotWrite = 74;

bool write_file(const std::string& path, const std::string& text) {
    std::FILE* const file = std::fopen(path.c_str(), "we");
    if (file == nullptr) return false;
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    return std::fclose(file) == 0 && written;
}

int run(const std::vector<std::string_view>& words) {
    GpuScale scale = GpuScale::full;
    std::string json_path, commit;
    for (size_t i = 0; i < words.size(); ++i) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "--quick") {
            scale = GpuScale::quick;
        } else if (words[i] == "--json" && has_value) {
            json_path = words[++i];
        } else if (words[i] == "--commit" && has_value) {
            commit = words[++i];
        } else {
            std::fprintf(stderr, "usage: gpu_limits [--quick] [--json FILE] [--commit NAME]\n");
            return kUsage;
        }
    }
    GpuLimits limits;
    if (const Status status = measure_gpu_limits(scale, commit, limits); !status.ok()) {
        std::fprintf(stderr, "gpu_limits: %s\n", status.message.c_str());
        return status.code == Code::unreachable ? kNoGpu : kFailed;
    }
    std::printf("%s\n%s\n%s", limits.machine.gpu.c_str(), limits.machine.host.c_str(),
                to_table(limits.figures).c_str());
    if (json_path.empty() ||
        write_file(json_path, to_json(limits.machine, limits.figures) + "\n")) {
        return 0;
    }
    std::fprintf(stderr, "gpu_limits: cannot write %s\n", json_path.c_str());
    return kCannotWrite;
}

}  // namespace
}  // namespace trommel::bench

int main(int argc, char** argv) {
    return trommel::bench::run({argv + 1, argv + argc});
}
