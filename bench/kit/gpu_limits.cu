// Written against the CUDA runtime alone. Times are those of the device's own events; all are
// medians of five, after one that does not count.
#include <cuda_runtime.h>
#include <functional>

#include "bench/kit/gpu_limits.h"
#include "bench/kit/machine.h"
#include "kernels/cuda/devices.h"

namespace trommel::bench {
namespace {

constexpr int kRounds = 5;
constexpr uint64_t kKiB = 1024, kMiB = kKiB << 10, kGiB = kMiB << 10;

// A measurement that has failed has no figures; there is nothing to save.
struct CudaFailure {
    std::string what;
};

#define CHECK(call) check(call, #call)
void check(cudaError_t error, const char* call) {
    if (error == cudaSuccess) return;
    throw CudaFailure{std::string(call) + ": " + cudaGetErrorString(error)};
}

struct Scale {
    std::vector<uint64_t> transfers, tables;
    uint64_t copy_bytes, accesses;
};

Scale full_scale() {
    return {{64 * kKiB, 256 * kKiB, kMiB, 4 * kMiB, 16 * kMiB, 64 * kMiB},
            {32 * kMiB, kGiB, 4 * kGiB, 16 * kGiB, 64 * kGiB},
            4 * kGiB,
            uint64_t{1} << 27};
}

// Of tables as large as those that the engine has in gpu_rates.
Scale rates_scale() {
    return {
        {4 * kMiB, 16 * kMiB, 64 * kMiB}, {64 * kMiB, kGiB, 8 * kGiB}, 4 * kGiB, uint64_t{1} << 27};
}

Scale quick_scale() {
    return {{64 * kKiB, kMiB}, {32 * kMiB}, 64 * kMiB, uint64_t{1} << 20};
}

struct Stream {
    Stream() { CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)); }
    ~Stream() { cudaStreamDestroy(stream); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    cudaStream_t stream = nullptr;
};

struct Event {
    Event() { CHECK(cudaEventCreate(&event)); }
    ~Event() { cudaEventDestroy(event); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    cudaEvent_t event = nullptr;
};

struct DeviceBytes {
    explicit DeviceBytes(uint64_t bytes) { CHECK(cudaMalloc(&data, bytes)); }
    ~DeviceBytes() { cudaFree(data); }
    DeviceBytes(const DeviceBytes&) = delete;
    DeviceBytes& operator=(const DeviceBytes&) = delete;
    void* data = nullptr;
};

struct PinnedBytes {
    explicit PinnedBytes(uint64_t bytes) { CHECK(cudaMallocHost(&data, bytes)); }
    ~PinnedBytes() { cudaFreeHost(data); }
    PinnedBytes(const PinnedBytes&) = delete;
    PinnedBytes& operator=(const PinnedBytes&) = delete;
    void* data = nullptr;
};

// Runs `work`, which queues `amount` of something on `stream`, and says how much per second.
double time_once(cudaStream_t stream, double amount, const std::function<void()>& work) {
    const Event begin, end;
    CHECK(cudaEventRecord(begin.event, stream));
    work();
    CHECK(cudaEventRecord(end.event, stream));
    CHECK(cudaEventSynchronize(end.event));
    CHECK(cudaGetLastError());
    float milliseconds = 0;
    CHECK(cudaEventElapsedTime(&milliseconds, begin.event, end.event));
    return amount / (static_cast<double>(milliseconds) / 1e3);
}

std::vector<double> time_rounds(cudaStream_t stream, double amount,
                                const std::function<void()>& work) {
    std::vector<double> per_second;
    time_once(stream, amount, work);
    for (int round = 0; round < kRounds; ++round) {
        per_second.push_back(time_once(stream, amount, work));
    }
    return per_second;
}

// --- The link ------------------------------------------------------------------------------------

// Transfers of one size: in, out, and both at once, each direction's bytes counted.
void measure_link(uint64_t bytes, std::vector<GpuFigure>& figures) {
    const Stream in, out;
    const DeviceBytes device_in(bytes), device_out(bytes);
    const PinnedBytes host_in(bytes), host_out(bytes);
    CHECK(cudaMemset(device_out.data, 1, bytes));
    const uint32_t repeats = transfers_for(bytes);
    const auto total = static_cast<double>(bytes) * repeats;
    const auto copy_in = [&] {
        for (uint32_t i = 0; i < repeats; ++i) {
            CHECK(cudaMemcpyAsync(device_in.data, host_in.data, bytes, cudaMemcpyHostToDevice,
                                  in.stream));
        }
    };
    const auto copy_out = [&] {
        for (uint32_t i = 0; i < repeats; ++i) {
            CHECK(cudaMemcpyAsync(host_out.data, device_out.data, bytes, cudaMemcpyDeviceToHost,
                                  out.stream));
        }
    };
    // The second stream begins with the first, and the first ends with the second. They are filled
    // by turns, so that neither has to wait for the host to have filled the other.
    const Event began, ended;
    const auto copy_both = [&] {
        CHECK(cudaEventRecord(began.event, in.stream));
        CHECK(cudaStreamWaitEvent(out.stream, began.event, 0));
        for (uint32_t i = 0; i < repeats; ++i) {
            CHECK(cudaMemcpyAsync(device_in.data, host_in.data, bytes, cudaMemcpyHostToDevice,
                                  in.stream));
            CHECK(cudaMemcpyAsync(host_out.data, device_out.data, bytes, cudaMemcpyDeviceToHost,
                                  out.stream));
        }
        CHECK(cudaEventRecord(ended.event, out.stream));
        CHECK(cudaStreamWaitEvent(in.stream, ended.event, 0));
    };
    figures.push_back(make_figure("h2d", bytes, "bytes", time_rounds(in.stream, total, copy_in)));
    figures.push_back(make_figure("d2h", bytes, "bytes", time_rounds(out.stream, total, copy_out)));
    figures.push_back(
        make_figure("h2d+d2h", bytes, "bytes", time_rounds(in.stream, 2 * total, copy_both)));
}

// --- The device's memory -------------------------------------------------------------------------

__device__ uint64_t mix(uint64_t x) {
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
    return x ^ x >> 33;
}

// No two words alike, none of them compressible, none zero but by chance.
__global__ void fill_random(uint64_t* words, uint64_t count) {
    const uint64_t threads = uint64_t{gridDim.x} * blockDim.x;
    for (uint64_t i = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += threads) {
        words[i] = mix(i + 1);
    }
}

// One access each, to places that nobody can foresee. `visited` keeps what was read alive.
struct Visit {
    uint64_t* words;  // A power of two of bytes.
    uint64_t bytes;
    uint64_t seed;  // Other places in every launch.
    uint64_t* visited;
};

__device__ uint64_t* place_of(const Visit& visit, uint64_t index, uint64_t unit_bytes) {
    const uint64_t at = mix(index ^ visit.seed) & (visit.bytes - unit_bytes);
    return visit.words + at / sizeof(uint64_t);
}

// A sector of 32 bytes is the least that the memory gives.
struct ReadSector {
    static constexpr uint32_t kLanes = 1;
    __device__ static void access(const Visit& visit, uint64_t index, uint32_t) {
        const auto* const sector = reinterpret_cast<const ulonglong2*>(place_of(visit, index, 32));
        const ulonglong2 low = sector[0], high = sector[1];
        if ((low.x ^ low.y ^ high.x ^ high.y) == visit.seed) *visit.visited = index;
    }
};

// Every other one finds what it expects and writes.
struct ExchangeWord {
    static constexpr uint32_t kLanes = 1;
    __device__ static void access(const Visit& visit, uint64_t index, uint32_t) {
        auto* const word = reinterpret_cast<unsigned long long*>(place_of(visit, index, 8));
        const auto bytes =
            reinterpret_cast<uint64_t>(word) - reinterpret_cast<uint64_t>(visit.words);
        const uint64_t expected = index % 2 == 0 ? mix(bytes / 8 + 1) : visit.seed;
        if (atomicCAS(word, expected, expected) == visit.seed) *visit.visited = index;
    }
};

struct LowerWord {
    static constexpr uint32_t kLanes = 1;
    __device__ static void access(const Visit& visit, uint64_t index, uint32_t) {
        auto* const word = reinterpret_cast<unsigned long long*>(place_of(visit, index, 8));
        atomicMin(word, mix(index + visit.seed) | uint64_t{1} << 63);
    }
};

// A line of 64 bytes is read and written by four lanes, 16 bytes each, as a bucket would be.
struct UpdateLine {
    static constexpr uint32_t kLanes = 4;
    __device__ static void access(const Visit& visit, uint64_t index, uint32_t lane) {
        auto* const line = reinterpret_cast<ulonglong2*>(place_of(visit, index, 64));
        ulonglong2 part = line[lane];
        part.x += index;
        part.y ^= index;
        line[lane] = part;
    }
};

template <class Access>
__global__ void __launch_bounds__(256) visit_all(Visit visit, uint64_t accesses) {
    const uint64_t threads = uint64_t{gridDim.x} * blockDim.x;
    const uint64_t first = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
#pragma unroll 4
    for (uint64_t i = first; i < accesses * Access::kLanes; i += threads) {
        Access::access(visit, i / Access::kLanes, static_cast<uint32_t>(i % Access::kLanes));
    }
}

uint32_t blocks_for_all_processors() {
    int device = 0, processors = 0;
    CHECK(cudaGetDevice(&device));
    CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device));
    return static_cast<uint32_t>(processors) * 8;  // Of 256 threads: as many as can be resident.
}

template <class Access>
GpuFigure measure_access(const char* name, const DeviceBytes& table, uint64_t bytes,
                         uint64_t accesses) {
    const Stream stream;
    const DeviceBytes visited(sizeof(uint64_t));
    const uint32_t blocks = blocks_for_all_processors();
    Visit visit{static_cast<uint64_t*>(table.data), bytes, 0x9e3779b97f4a7c15ull,
                static_cast<uint64_t*>(visited.data)};
    const auto work = [&] {
        visit.seed += 0x9e3779b97f4a7c15ull;
        visit_all<Access><<<blocks, 256, 0, stream.stream>>>(visit, accesses);
    };
    return make_figure(name, bytes, "accesses",
                       time_rounds(stream.stream, static_cast<double>(accesses), work));
}

void measure_table(uint64_t bytes, uint64_t accesses, std::vector<GpuFigure>& figures) {
    const DeviceBytes table(bytes);
    fill_random<<<blocks_for_all_processors(), 256>>>(static_cast<uint64_t*>(table.data),
                                                      bytes / sizeof(uint64_t));
    CHECK(cudaDeviceSynchronize());
    figures.push_back(measure_access<ReadSector>("random-read", table, bytes, accesses));
    figures.push_back(measure_access<ExchangeWord>("random-cas", table, bytes, accesses));
    figures.push_back(measure_access<LowerWord>("random-min", table, bytes, accesses));
    figures.push_back(measure_access<UpdateLine>("random-update", table, bytes, accesses));
}

// From one place of the device's memory to another, bytes read and bytes written counted.
void measure_copy(uint64_t bytes, std::vector<GpuFigure>& figures) {
    const Stream stream;
    const DeviceBytes from(bytes), to(bytes);
    CHECK(cudaMemset(from.data, 1, bytes));
    CHECK(cudaDeviceSynchronize());
    figures.push_back(make_figure(
        "copy", bytes, "bytes", time_rounds(stream.stream, 2.0 * static_cast<double>(bytes), [&] {
            CHECK(cudaMemcpyAsync(to.data, from.data, bytes, cudaMemcpyDeviceToDevice,
                                  stream.stream));
        })));
}

uint64_t free_bytes() {
    size_t free = 0, total = 0;
    CHECK(cudaMemGetInfo(&free, &total));
    return free;
}

Scale scale_of(GpuScale scale) {
    return scale == GpuScale::full    ? full_scale()
           : scale == GpuScale::rates ? rates_scale()
                                      : quick_scale();
}

std::vector<GpuFigure> measure(const Scale& scale) {
    std::vector<GpuFigure> figures;
    for (const uint64_t bytes : scale.transfers) measure_link(bytes, figures);
    for (const uint64_t bytes : sizes_that_fit({scale.copy_bytes}, free_bytes() / 2)) {
        measure_copy(bytes, figures);
    }
    for (const uint64_t bytes : sizes_that_fit(scale.tables, free_bytes())) {
        measure_table(bytes, scale.accesses, figures);
    }
    return figures;
}

}  // namespace

Status measure_gpu_limits(GpuScale scale, const std::string& commit, GpuLimits& limits) {
    const cuda::Devices devices = cuda::visible_devices();
    if (const std::string why = cuda::why_none_able(devices); !why.empty()) {
        return Status::error(Code::unreachable, "no GPU to measure: " + why);
    }
    const size_t device = cuda::first_able(devices);
    limits.machine = {.gpu = cuda::to_text(devices.gpus[device]),
                      .host = describe_machine(),
                      .runtime_version = devices.runtime_version,
                      .driver_version = devices.driver_version,
                      .commit = commit};
    try {
        CHECK(cudaSetDevice(static_cast<int>(device)));
        limits.figures = measure(scale_of(scale));
        return {};
    } catch (const CudaFailure& failure) {
        return Status::error(Code::internal, failure.what);
    }
}

}  // namespace trommel::bench
