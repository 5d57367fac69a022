#include "bench/kit/gpu_energy.h"

#include <dlfcn.h>
#include <utility>

#include "kernels/cuda/devices.h"

namespace trommel::bench {
namespace {

template <class Call>
bool find_call(void* library, const char* name, Call& call) {
    call = reinterpret_cast<Call>(dlsym(library, name));
    return call != nullptr;
}

}  // namespace

NvmlCalls driver_nvml(std::string& why_none, const char* library) {
    void* const opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) {
        why_none = std::string("there is no ") + library;
        return {};
    }
    NvmlCalls nvml;
    const bool has_all = find_call(opened, "nvmlInit_v2", nvml.init) &&
                         find_call(opened, "nvmlDeviceGetHandleByPciBusId_v2", nvml.find_by_bus) &&
                         find_call(opened, "nvmlDeviceGetTotalEnergyConsumption", nvml.read_energy);
    if (has_all) return nvml;
    why_none = std::string(library) + " does not count energy";
    return {};
}

EnergyReading energy_reading(const NvmlCalls& nvml, const std::string& bus, std::string& why_none) {
    if (nvml.init == nullptr) return {};
    const auto failed = [&](const char* what, int error) {
        why_none = std::string("NVML cannot ") + what + ": error " + std::to_string(error);
        return EnergyReading();
    };
    void* device = nullptr;
    unsigned long long millijoules = 0;
    if (const int error = nvml.init(); error != 0) return failed("start", error);
    if (const int error = nvml.find_by_bus(bus.c_str(), &device); error != 0) {
        return failed("find the GPU", error);
    }
    if (const int error = nvml.read_energy(device, &millijoules); error != 0) {
        return failed("read its energy", error);
    }
    return [read = nvml.read_energy, device]() -> std::optional<double> {
        unsigned long long now = 0;
        if (read(device, &now) != 0) return {};
        return static_cast<double>(now) / 1e3;
    };
}

EnergyReading first_gpu_energy(std::string& why_none) {
    const cuda::Devices devices = cuda::visible_devices();
    why_none = cuda::why_none_able(devices);
    if (!why_none.empty()) return {};
    const NvmlCalls nvml = driver_nvml(why_none);
    return energy_reading(nvml, devices.gpus[cuda::first_able(devices)].bus, why_none);
}

void EnergyMeter::begin() {
    if (reading_) began_ = reading_();
}

void EnergyMeter::end(double events, double seconds) {
    if (!reading_) return;
    const std::optional<double> ended = reading_();
    has_all_ &= began_.has_value() && ended.has_value();
    if (!has_all_) return;
    joules_ += *ended - *began_;
    events_ += events;
    seconds_ += seconds;
}

std::optional<double> EnergyMeter::joules_per_million() const {
    if (!reading_ || !has_all_ || seconds_ < kEnergySecondsMin || events_ <= 0) return {};
    return joules_ / events_ * 1e6;
}

}  // namespace trommel::bench
