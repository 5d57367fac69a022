#pragma once
#include <cstdint>

#include "kernels/cuda/atomics.h"
#include "kernels/cuda/device.h"

// What every Device must do, without a test framework: for the devices of the tests, and for a real
// one on a machine that has nothing else.
namespace trommel::cuda {

struct AddTerms {
    const uint64_t* terms;
    uint64_t* sum;
    TROMMEL_HD void operator()(uint32_t i) const { add(sum, terms[i]); }
};

struct FillTerms {
    uint64_t* terms;
    uint64_t factor;
    TROMMEL_HD void operator()(uint32_t i) const { terms[i] = i * factor; }
};

// Counts, in the block's memory and then in all, how often each of eight digits occurs.
struct CountDigits {
    static constexpr uint32_t kThreads = 64, kPhases = 3;
    struct Shared {
        uint32_t count[8];
    };
    const uint8_t* digits;
    uint32_t count;
    uint32_t* found;
    template <uint32_t kPhase>
    TROMMEL_HD void phase(Shared& shared, uint32_t block, uint32_t thread) const {
        if constexpr (kPhase == 0) {
            if (thread < 8) shared.count[thread] = 0;
        } else if constexpr (kPhase == 1) {
            const uint32_t i = block * kThreads + thread;
            if (i < count) add(&shared.count[digits[i]], 1);
        } else {
            if (thread < 8) add(&found[thread], shared.count[thread]);
        }
    }
};

// Copies in, adds up, copies out, each on its own queue and held by tickets only.
template <Device D>
bool orders_queues(D& device) {
    constexpr uint32_t kTerms = 10'000, kRounds = 5;
    const Array<D, uint64_t> terms(device, kTerms), more(device, kTerms), sum(device, 1);
    const PinnedArray<D, uint64_t> from(device, kTerms), to(device, 1);
    if (!terms || !more || !sum || !from || !to) return false;
    const auto arrived = device.make_ticket(), added = device.make_ticket(),
               back = device.make_ticket();
    bool is_right = device.is_reached(back);  // Never recorded.
    for (uint64_t round = 1; round <= kRounds; ++round) {
        for (uint32_t i = 0; i < kTerms; ++i) from[i] = i * round;
        device.copy_in(Queue::in, terms.data(), from.data(), terms.bytes());
        device.record(Queue::in, arrived);
        device.hold(Queue::compute, arrived);
        device.fill(Queue::compute, sum.data(), 0, sum.bytes());
        device.launch(kTerms, AddTerms{terms.data(), sum.data()});
        device.launch(kTerms, FillTerms{more.data(), round});
        device.launch(kTerms, AddTerms{more.data(), sum.data()});
        device.copy(Queue::compute, more.data(), terms.data(), more.bytes());
        device.launch(kTerms, AddTerms{more.data(), sum.data()});
        device.launch(0, AddTerms{nullptr, nullptr});
        device.record(Queue::compute, added);
        device.hold(Queue::out, added);
        device.copy_out(Queue::out, to.data(), sum.data(), sum.bytes());
        device.record(Queue::out, back);
        device.wait(back);
        is_right &= device.is_reached(back) && device.is_reached(arrived);
        is_right &= to[0] == 3 * round * (uint64_t{kTerms} * (kTerms - 1) / 2);
    }
    return is_right;
}

template <Device D>
bool runs_blocks(D& device) {
    constexpr uint32_t kDigits = 1000;
    const Array<D, uint8_t> digits(device, kDigits);
    const Array<D, uint32_t> found(device, 8);
    const PinnedArray<D, uint8_t> from(device, kDigits);
    const PinnedArray<D, uint32_t> to(device, 8);
    if (!digits || !found || !from || !to) return false;
    for (uint32_t i = 0; i < kDigits; ++i) from[i] = static_cast<uint8_t>(i * i % 8);
    device.copy_in(Queue::compute, digits.data(), from.data(), digits.bytes());
    device.fill(Queue::compute, found.data(), 0, found.bytes());
    device.launch_blocks(16, CountDigits{digits.data(), kDigits, found.data()});
    device.copy_out(Queue::compute, to.data(), found.data(), found.bytes());
    device.wait_all();
    return to[0] == 250 && to[1] == 500 && to[2] == 0 && to[4] == 250 && to[7] == 0;
}

// Sorts by the low bits of keys that repeat, and selects every third index.
template <Device D>
bool sorts_and_selects(D& device) {
    constexpr uint32_t kCount = 3000, kDifferent = 50, kBits = 8;
    if (!device.reserve_sort(kCount) || !device.reserve_select(kCount)) return false;
    const Array<D, uint64_t> keys(device, kCount);
    const Array<D, uint32_t> values(device, kCount), selected(device, kCount + 1);
    const Array<D, uint8_t> flags(device, kCount);
    const PinnedArray<D, uint64_t> key(device, kCount);
    const PinnedArray<D, uint32_t> value(device, kCount), index(device, kCount + 1);
    const PinnedArray<D, uint8_t> flag(device, kCount);
    if (!keys || !values || !selected || !flags || !key || !value || !index || !flag) return false;
    for (uint32_t i = 0; i < kCount; ++i) {
        const uint64_t high = kCount - i;  // Not looked at.
        key[i] = high << kBits | i * 7 % kDifferent;
        value[i] = i;
        flag[i] = i % 3 == 0 ? static_cast<uint8_t>(1 + i % 255) : 0;
    }
    device.copy_in(Queue::compute, keys.data(), key.data(), keys.bytes());
    device.copy_in(Queue::compute, values.data(), value.data(), values.bytes());
    device.copy_in(Queue::compute, flags.data(), flag.data(), flags.bytes());
    device.sort(keys.data(), values.data(), kCount, kBits);
    device.select(flags.data(), kCount, selected.data(), selected.data() + kCount);
    device.copy_out(Queue::compute, key.data(), keys.data(), keys.bytes());
    device.copy_out(Queue::compute, value.data(), values.data(), values.bytes());
    device.copy_out(Queue::compute, index.data(), selected.data(), selected.bytes());
    device.wait_all();
    bool is_right = index[kCount] == kCount / 3;
    for (uint32_t i = 0; i < kCount; ++i) {
        is_right &= key[i] == (uint64_t{kCount - value[i]} << kBits | value[i] * 7 % kDifferent);
        if (i == 0) continue;
        const uint64_t before = key[i - 1] % (1 << kBits), now = key[i] % (1 << kBits);
        is_right &= before < now || (before == now && value[i - 1] < value[i]);
    }
    for (uint32_t i = 0; i < kCount / 3; ++i) is_right &= index[i] == 3 * i;
    return is_right;
}

// The first thing that the device does not do, or null.
template <Device D>
const char* fault_of(D& device) {
    if (!orders_queues(device)) return "copies, launches and tickets";
    if (!runs_blocks(device)) return "blocks";
    if (!sorts_and_selects(device)) return "sort and select";
    return device.is_lost() ? device.error() : nullptr;
}

}  // namespace trommel::cuda
