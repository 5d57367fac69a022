#pragma once
#include <functional>
#include <optional>
#include <string>

// What a GPU has used, as its driver counts it.
namespace trommel::bench {

// Joules since some moment before; nothing when the driver does not say. Empty: there is nobody to
// ask. The driver's counter moves in steps of up to a tenth of a second, so a stretch of less than
// kEnergySecondsMin is not to be measured with it.
using EnergyReading = std::function<std::optional<double>()>;
inline constexpr double kEnergySecondsMin = 0.5;

// The calls of NVML that it takes, without its header: 0 is success, energy is in millijoules.
struct NvmlCalls {
    int (*init)() = nullptr;
    int (*find_by_bus)(const char* bus, void** device) = nullptr;
    int (*read_energy)(void* device, unsigned long long* millijoules) = nullptr;
};

// Those of the driver's own library, which is opened when this is called and never closed; null,
// and why, where there is none.
NvmlCalls driver_nvml(std::string& why_none, const char* library = "libnvidia-ml.so.1");

// A reading of the GPU at this place ("0000:3b:00.0"); empty, and why, when it cannot be read.
EnergyReading energy_reading(const NvmlCalls& nvml, const std::string& bus, std::string& why_none);

// That of the first GPU that the engine would run on.
EnergyReading first_gpu_energy(std::string& why_none);

// Adds up stretches of work, each from begin() to end(events, seconds).
class EnergyMeter {
   public:
    explicit EnergyMeter(EnergyReading reading) : reading_(std::move(reading)) {}

    void begin();
    void end(double events, double seconds);
    // Nothing: it was not reported, or there was too little to tell.
    std::optional<double> joules_per_million() const;

   private:
    EnergyReading reading_;
    std::optional<double> began_;
    bool has_all_ = true;
    double joules_ = 0, events_ = 0, seconds_ = 0;
};

}  // namespace trommel::bench
