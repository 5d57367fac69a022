#include <cstdio>
#include <string>

#include "hostpath/engine_choice.h"
#include "kernels/cpu/simd_level.h"
#include "net/byte_stream.h"
#include "net/decoder.h"
#include "net/dpdk_source.h"
#include "net/frame_keys.h"
#include "net/udp_receiver.h"
#include "tools/break_even_file.h"
#include "tools/commands.h"
#include "tools/job/parts.h"

namespace trommel::tools {
namespace {

void print_line(const char* name, const std::string& value) {
    std::printf("%-12s %s\n", name, value.c_str());
}

const char* yes_no(bool yes) {
    return yes ? "yes" : "no (not found when this was built)";
}

std::string compiler() {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "g++ " __VERSION__;
#endif
}

// The GPUs, and which engine a job gets that says `auto`.
void print_engines() {
    const ThisMachine machine = this_machine();
    const cuda::Devices& devices = machine.devices;
    std::string cuda = yes_no(devices.runtime_version > 0);
    if (devices.runtime_version > 0) {
        cuda += ", " + cuda::version_text(devices.runtime_version) + "; driver " +
                (devices.driver_version > 0 ? "for " + cuda::version_text(devices.driver_version)
                                            : "none");
    }
    print_line("CUDA", cuda);
    for (const cuda::Gpu& gpu : devices.gpus) print_line("GPU", cuda::to_text(gpu));
    if (devices.gpus.empty()) print_line("GPU", "none: " + devices.why_none);
    Config dedup, windows;
    windows.windows.resize(1);
    const KnownBreakEven of_dedup = known_break_even(break_even_path(), dedup, machine);
    const KnownBreakEven of_windows = known_break_even(break_even_path(), windows, machine);
    print_line("break-even", of_dedup.says);
    if (of_windows.says != of_dedup.says) print_line("break-even", of_windows.says);
    dedup.engine.gpu_pays_from = of_dedup.gpu_pays_from;
    const hostpath::EngineChoice choice = hostpath::choose_engine(dedup, devices);
    print_line("engine",
               std::string(hostpath::to_text(choice.type)) + ", because " + choice.reason);
}

}  // namespace

ExitCode version(const VersionCommand& command) {
    std::printf("trommel %s\n", TROMMEL_VERSION);
    if (!command.verbose) return kExitDone;
    cpu::SimdLevel chosen = cpu::SimdLevel::scalar;
    const Status simd = cpu::simd_from_environment(chosen);
    print_line("build", TROMMEL_BUILD_TYPE);
    print_line("compiler", compiler());
    print_line("JSON", yes_no(net::built_with_json()));
    print_line("gzip", yes_no(net::built_with_gzip()));
    print_line("Zstandard", yes_no(net::built_with_zstd()));
    const Status ring = net::built_with_io_uring() ? net::probe_ring_receiver() : Status();
    print_line("io_uring", !net::built_with_io_uring() ? yes_no(false)
                           : ring.ok()                 ? "yes"
                                                       : "no: " + ring.message);
    print_line("DPDK", yes_no(net::built_with_dpdk()));
    print_line("signatures", yes_no(net::built_with_signatures()));
    print_line("jemalloc", yes_no(TROMMEL_WITH_JEMALLOC != 0));
    print_engines();
    print_line("SIMD",
               std::string(cpu::to_text(cpu::detect_simd())) + " available, " +
                   (simd.ok() ? std::string(cpu::to_text(chosen)) + " chosen" : simd.message));
    print_line("threads", std::to_string(available_threads()) + " available");
    return kExitDone;
}

}  // namespace trommel::tools
