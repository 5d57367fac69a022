#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/kit/gpu_rates.h"
#include "bench/kit/resident_work.h"
#include "bench/kit/shard_feed.h"
#include "bench/kit/timing.h"
#include "kernels/cuda/device_shard.h"

namespace trommel::bench {

// How large the parts are that are measured.
struct RatesScale {
    RoundShape shape;
    uint32_t rounds = 5;                       // After one that does not count.
    uint64_t table_bytes = uint64_t{8} << 30;  // Of exact ids, and of a filter.
    std::vector<std::pair<const char*, uint64_t>> windows = {
        {"windows-1M", 1'000'000}, {"windows-10M", 10'000'000}, {"windows-100M", 100'000'000}};
    uint64_t skewed_keys = 1'000'000;
    uint64_t shard_bytes = uint64_t{2} << 30;  // Of a whole shard's ids.
    std::vector<std::pair<const char*, uint32_t>> latencies = {
        {"latency-16Ki", 16384}, {"latency-64Ki", 65536}, {"latency-256Ki", 262144}};
    uint32_t latency_batches = 500;
    double energy_seconds = 1;
    uint64_t device_bytes =
        0;  // That are free. What does not fit into 5/8 of them is made smaller.
};
inline RatesScale quick_rates(uint64_t device_bytes) {
    RatesScale scale;
    scale.shape = {.batches = 2, .batch_events = 2048};
    scale.rounds = 2;
    scale.table_bytes = scale.shard_bytes = uint64_t{2} << 20;
    for (auto& [name, keys] : scale.windows) keys /= 1000;
    scale.windows.back().second = 3000;
    scale.skewed_keys = 1000;
    for (auto& [name, events] : scale.latencies) events /= 128;
    scale.latency_batches = 2;
    scale.energy_seconds = 0;
    scale.device_bytes = device_bytes;
    return scale;
}

// What a device is measured with: makes devices, and a clock for each that measures its compute
// queue. What is queued between start() and stop() took seconds(), which waits.
template <class R>
concept Rig = cuda::Device<typename R::Device> &&
    std::constructible_from<typename R::Clock, typename R::Device&> &&
    requires(R& rig, typename R::Clock& clock, std::string& why) {
    { rig.make_device(why) } -> std::same_as<std::unique_ptr<typename R::Device>>;
    { clock.start() } -> std::same_as<void>;
    { clock.stop() } -> std::same_as<void>;
    { clock.seconds() } -> std::same_as<double>;
};

// Measures every part that gpu_targets() names, on one device and shards of others, and each only
// if what came out is right: every verdict of ids, and the rows of windows as sums over all events.
// Rates of what is on the device are those of the device's own clock; what goes through a shard is
// measured by the host, from the first batch to the last verdict. One thread.
template <Rig R>
class DeviceRates {
    using D = typename R::Device;

   public:
    DeviceRates(R& rig, const RatesScale& scale, EnergyReading energy)
        : rig_(rig), scale_(scale), energy_(std::move(energy)) {}

    // The error says why a device could not be had, or was lost; what was measured until then
    // stays.
    Status measure(std::vector<GpuRate>& rates);

   private:
    using Measure = std::function<void(D&, GpuRate&)>;

    void measure_exact(D& device, GpuRate& rate);
    template <class Work>
    void measure_resident(D& device, Work& work, GpuRate& rate);
    template <class Work>
    void measure_energy(Work& work, GpuRate& rate);
    void measure_windows(D& device, RateKeys kind, uint64_t keys, GpuRate& rate, GpuRate* rows);
    void measure_end_to_end(bool has_windows, GpuRate& rate);
    void measure_latency(uint32_t events, GpuRate& rate);

    bool make_shard(const Config& config, uint32_t rows_max, std::unique_ptr<cpu::Backend>& shard,
                    GpuRate& rate);
    // As much of it as there is room for.
    uint64_t fitting(uint64_t bytes, GpuRate& rate) const {
        uint64_t fits = bytes;
        while (fits > scale_.device_bytes / 8 * 5) fits /= 2;
        if (fits < bytes) {
            rate.note = "in " + std::to_string(fits >> 20) + " of " + std::to_string(bytes >> 20) +
                        " MiB: the device has no more to spare";
        }
        return fits;
    }
    double events_of_round() const {
        return static_cast<double>(scale_.shape.batches) * scale_.shape.batch_events;
    }
    // So many ids that a table of this size has grown to its end, with room for a quarter as many.
    static uint64_t settled_ids(uint64_t table_bytes) {
        return table_bytes / sizeof(cuda::Ids64::Slot) * 64 / 100;
    }

    R& rig_;
    const RatesScale scale_;
    const EnergyReading energy_;
};

template <Rig R>
Status DeviceRates<R>::measure(std::vector<GpuRate>& rates) {
    std::string why;
    const std::unique_ptr<D> device = rig_.make_device(why);
    if (device == nullptr) return Status::error(Code::unreachable, "no GPU to measure: " + why);
    // A rate stays where it is: another may point to it.
    rates.reserve(rates.size() + gpu_targets().size());
    const auto add = [&](const char* name) -> GpuRate& {
        rates.push_back({.name = name});
        return rates.back();
    };
    const auto exact = [&]<class Kind>(const char* name) {
        GpuRate& rate = add(name);
        ExactWork<D, Kind> work(*device, scale_.shape, fitting(scale_.table_bytes, rate));
        measure_resident(*device, work, rate);
    };
    exact.template operator()<cuda::Ids64>("exact-64");
    exact.template operator()<cuda::Ids128>("exact-128");
    for (const bool has_horizon : {false, true}) {
        GpuRate& rate = add(has_horizon ? "filter-aged" : "filter-forever");
        FilterWork<D> work(*device, scale_.shape, fitting(scale_.table_bytes, rate), has_horizon);
        measure_resident(*device, work, rate);
    }
    GpuRate& rows = add("window-rows");
    for (const auto& [name, keys] : scale_.windows) {
        const bool is_first = name == scale_.windows[0].first;
        measure_windows(*device, RateKeys::uniform, keys, add(name), is_first ? &rows : nullptr);
    }
    measure_windows(*device, RateKeys::zipf, scale_.skewed_keys, add("windows-zipf"), nullptr);
    measure_windows(*device, RateKeys::one, scale_.skewed_keys, add("windows-one-key"), nullptr);
    if (device->is_lost()) return Status::error(Code::internal, device->error());
    measure_end_to_end(false, add("end-to-end-dedup"));
    measure_end_to_end(true, add("end-to-end-windows"));
    for (const auto& [name, events] : scale_.latencies) measure_latency(events, add(name));
    return {};
}

// --- On the device -------------------------------------------------------------------------------

// A round in which room had to be made is no figure of a batch's work; another is measured.
template <Rig R>
template <class Work>
void DeviceRates<R>::measure_resident(D& device, Work& work, GpuRate& rate) {
    typename R::Clock clock(device);
    rate.wrong = work.begin();
    std::vector<double> per_second;
    const uint32_t tries_max = 4 * scale_.rounds;
    for (uint32_t tries = 0; rate.wrong.empty() && per_second.size() <= scale_.rounds; ++tries) {
        work.prepare();
        clock.start();
        for (uint32_t b = 0; b < scale_.shape.batches; ++b) work.submit(b);
        clock.stop();
        const bool was_halted = work.settle();
        rate.wrong = device.is_lost() ? device.error() : work.fault();
        if (!was_halted) per_second.push_back(events_of_round() / clock.seconds());
        if (tries == tries_max) rate.wrong = "room had to be made in every round";
    }
    if (!rate.wrong.empty()) return;
    rate.rounds.assign(per_second.begin() + 1, per_second.end());
    rate.bytes = work.bytes();
    measure_energy(work, rate);
}

template <Rig R>
template <class Work>
void DeviceRates<R>::measure_energy(Work& work, GpuRate& rate) {
    if (!energy_) return;
    EnergyMeter meter(energy_);
    meter.begin();
    const double begin = wall_seconds();
    double events = 0, seconds = 0;
    while (seconds < scale_.energy_seconds) {
        for (uint32_t b = 0; b < scale_.shape.batches; ++b) work.submit(b);
        work.settle();
        events += events_of_round();
        seconds = wall_seconds() - begin;
    }
    meter.end(events, seconds);
    rate.joules_per_million = meter.joules_per_million();
}

template <Rig R>
void DeviceRates<R>::measure_windows(D& device, RateKeys kind, uint64_t keys, GpuRate& rate,
                                     GpuRate* rows) {
    const uint64_t asked = keys;
    while (keys > 1 && WindowWork<D>::memory_bytes(keys) > scale_.device_bytes / 8 * 5) keys /= 2;
    if (keys < asked) {
        rate.note = std::to_string(keys) + " of " + std::to_string(asked) +
                    " keys: the device has no more memory to spare";
    }
    WindowWork<D> work(device, scale_.shape, kind, keys);
    measure_resident(device, work, rate);
    if (!rate.wrong.empty()) return;
    uint64_t taken = 0;
    const double begin = wall_seconds();
    rate.wrong = work.take_rows(taken);
    if (rows == nullptr || !rate.wrong.empty()) return;
    rows->unit = "rows";
    rows->rounds = {static_cast<double>(taken) / (wall_seconds() - begin)};
}

// --- Through a shard -----------------------------------------------------------------------------

template <Rig R>
bool DeviceRates<R>::make_shard(const Config& config, uint32_t rows_max,
                                std::unique_ptr<cpu::Backend>& shard, GpuRate& rate) {
    std::unique_ptr<D> device = rig_.make_device(rate.wrong);
    if (device == nullptr) return false;
    cpu::ShardOptions options;
    options.seed = 7;
    options.id_bytes = fitting(scale_.shard_bytes, rate);
    options.key_bytes = WindowWork<D>::memory_bytes(scale_.skewed_keys);
    options.rows_max = rows_max;
    const Status status = cuda::DeviceShard<D>::create(std::move(device), config, options, shard);
    rate.bytes = options.id_bytes;
    rate.wrong = status.message;
    return status.ok();
}

template <Rig R>
void DeviceRates<R>::measure_end_to_end(bool has_windows, GpuRate& rate) {
    const Config config = ShardFeed::job(has_windows);
    std::unique_ptr<cpu::Backend> shard;
    if (!make_shard(config, scale_.shape.batch_events, shard, rate)) return;
    ShardFeed feed(std::move(shard), config, scale_.shape, scale_.skewed_keys);
    rate.wrong = feed.begin(settled_ids(rate.bytes));
    std::vector<double> per_second;
    while (rate.wrong.empty() && per_second.size() <= scale_.rounds) {
        feed.prepare();
        per_second.push_back(events_of_round() / feed.run());
        rate.wrong = feed.fault();
    }
    if (rate.wrong.empty() && energy_ && !has_windows) {
        EnergyMeter meter(energy_);
        meter.begin();
        double events = 0, seconds = 0;
        while (seconds < scale_.energy_seconds) {
            seconds += feed.run();
            events += events_of_round();
        }
        meter.end(events, seconds);
        rate.joules_per_million = meter.joules_per_million();
    }
    if (rate.wrong.empty()) rate.wrong = feed.take_rows();
    if (rate.wrong.empty()) rate.rounds.assign(per_second.begin() + 1, per_second.end());
}

// The device has nothing else to do, and has been waited for before each batch.
template <Rig R>
void DeviceRates<R>::measure_latency(uint32_t events, GpuRate& rate) {
    rate.unit = "seconds";
    const Config config = ShardFeed::job(false);
    std::unique_ptr<cpu::Backend> shard;
    if (!make_shard(config, events, shard, rate)) return;
    ShardFeed feed(std::move(shard), config, {.batches = 1, .batch_events = events}, 1);
    rate.wrong = feed.begin(settled_ids(rate.bytes));
    // Half of the events are new, and there is room for a quarter more.
    const uint64_t room = settled_ids(rate.bytes) / 4 / std::max(events / 2, 1u);
    const auto batches =
        static_cast<uint32_t>(std::clamp<uint64_t>(room, 1, scale_.latency_batches));
    std::vector<double> seconds;
    while (rate.wrong.empty() && seconds.size() < batches) {
        feed.prepare();
        seconds.push_back(feed.run());
        rate.wrong = feed.fault();
    }
    if (rate.wrong.empty()) rate.rounds = std::move(seconds);
}

}  // namespace trommel::bench
