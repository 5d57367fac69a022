#include "kernels/cuda/cuda_device.cuh"
#include "kernels/rules/assert.h"

namespace trommel::cuda {
namespace {

// What is left of the device's memory for others: the driver loads the code of a kernel when it is
// first launched, and a launch for which there is no memory loses the device.
constexpr size_t kHeadroomBytes = size_t{64} << 20;
constexpr size_t kLargeBytes = size_t{1} << 20;  // For less it is not worth asking.

}  // namespace

std::unique_ptr<CudaDevice> CudaDevice::create(int ordinal, std::string& why) {
    int devices = 0;
    cudaError_t error = cudaGetDeviceCount(&devices);
    if (error == cudaSuccess && ordinal >= devices) error = cudaErrorInvalidDevice;
    if (error == cudaSuccess) error = cudaSetDevice(ordinal);
    std::unique_ptr<CudaDevice> device(new CudaDevice(ordinal));
    device->note(error);
    for (cudaStream_t& stream : device->streams_) {
        if (device->is_lost()) break;
        device->note(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    }
    if (!device->is_lost()) return device;
    why = device->error();
    (void)cudaGetLastError();  // Or the next user of the runtime in this process finds it.
    return nullptr;
}

CudaDevice::~CudaDevice() {
    for (uint32_t t = 0; t < tickets_made_; ++t) cudaEventDestroy(tickets_[t]);
    cudaFree(scratch_);
    cudaFree(spare_keys_);
    cudaFree(spare_values_);
    for (const cudaStream_t stream : streams_) {
        if (stream != nullptr) cudaStreamDestroy(stream);
    }
}

// --- Memory
// -------------------------------------------------------------------------------------

// That there is none is an answer and not an error, and must not stick.
void* CudaDevice::allocate(size_t bytes) {
    void* memory = nullptr;
    if (is_lost() || !has_headroom(bytes)) return nullptr;
    const cudaError_t error = cudaMalloc(&memory, bytes);
    if (error == cudaSuccess) return memory;
    (void)cudaGetLastError();
    if (error != cudaErrorMemoryAllocation) note(error);
    return nullptr;
}

bool CudaDevice::has_headroom(size_t bytes) {
    if (bytes < kLargeBytes) return true;
    size_t free = 0, all = 0;
    note(cudaMemGetInfo(&free, &all));
    return !is_lost() && free >= kHeadroomBytes && bytes <= free - kHeadroomBytes;
}

void CudaDevice::release(void* memory) {
    cudaFree(memory);
}

void* CudaDevice::allocate_pinned(size_t bytes) {
    void* memory = nullptr;
    if (is_lost() || cudaMallocHost(&memory, bytes) == cudaSuccess) return memory;
    (void)cudaGetLastError();
    return nullptr;
}

void CudaDevice::release_pinned(void* memory) {
    cudaFreeHost(memory);
}

bool CudaDevice::pin(const void* memory, size_t bytes) {
    if (is_lost()) return false;
    void* const at = const_cast<void*>(memory);
    if (cudaHostRegister(at, bytes, cudaHostRegisterDefault) == cudaSuccess) return true;
    (void)cudaGetLastError();
    return false;
}

void CudaDevice::unpin(const void* memory) {
    cudaHostUnregister(const_cast<void*>(memory));
}

// --- Work
// ---------------------------------------------------------------------------------------

void CudaDevice::fill(Queue queue, void* memory, uint8_t value, size_t bytes) {
    if (!is_lost()) note(cudaMemsetAsync(memory, value, bytes, stream(queue)));
}

void CudaDevice::copy_in(Queue queue, void* memory, const void* host, size_t bytes) {
    if (is_lost()) return;
    note(cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, stream(queue)));
}

void CudaDevice::copy_out(Queue queue, void* host, const void* memory, size_t bytes) {
    if (is_lost()) return;
    note(cudaMemcpyAsync(host, memory, bytes, cudaMemcpyDeviceToHost, stream(queue)));
}

void CudaDevice::copy(Queue queue, void* to, const void* from, size_t bytes) {
    if (is_lost()) return;
    note(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream(queue)));
}

// --- Tickets
// ------------------------------------------------------------------------------------

CudaDevice::Ticket CudaDevice::make_ticket() {
    TROMMEL_ASSERT(tickets_made_ < kTicketsMax);
    cudaEvent_t& ticket = tickets_[tickets_made_];
    note(cudaEventCreateWithFlags(&ticket, cudaEventDisableTiming));
    if (!is_lost()) ++tickets_made_;
    return ticket;
}

void CudaDevice::record(Queue queue, Ticket ticket) {
    if (!is_lost()) note(cudaEventRecord(ticket, stream(queue)));
}

void CudaDevice::hold(Queue queue, Ticket ticket) {
    if (!is_lost()) note(cudaStreamWaitEvent(stream(queue), ticket, 0));
}

bool CudaDevice::is_reached(Ticket ticket) {
    if (is_lost()) return true;
    const cudaError_t state = cudaEventQuery(ticket);
    if (state == cudaErrorNotReady) {
        (void)cudaGetLastError();  // No error, but CUB looks there for those of its launches.
        return false;
    }
    note(state);
    return true;
}

void CudaDevice::wait(Ticket ticket) {
    if (!is_lost()) note(cudaEventSynchronize(ticket));
}

void CudaDevice::wait_all() {
    for (const cudaStream_t stream : streams_) {
        if (!is_lost()) note(cudaStreamSynchronize(stream));
    }
}

}  // namespace trommel::cuda
