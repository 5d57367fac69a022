#pragma once
#include <cmath>
#include <cstdint>

#include "trommel/record_batch.h"

#include "kernels/cpu/id_memory.h"
#include "kernels/cuda/atomics.h"
#include "kernels/rules/hash.h"
#include "kernels/rules/host_device.h"

// Events that are made where they are wanted, on a device or on the host, from their number alone,
// so that what is true of them is known without keeping them.
namespace trommel::bench {

// Ids. Event 0 is new, and every odd one a copy of an id before it.
struct IdStream {
    uint64_t seed = 1;
    uint64_t known = 0;             // Ids that came before event 0.
    uint64_t reach = ~uint64_t{0};  // A copy is of one of the last so many, its own batch's among
                                    // them. 0: no copies.

    TROMMEL_HD constexpr bool is_copy(uint64_t event) const { return reach > 0 && event % 2 == 1; }
    TROMMEL_HD constexpr uint64_t new_until(uint64_t events) const {
        return reach > 0 ? (events + 1) / 2 : events;
    }
    // Which of the ids it has, counted in the order in which they are new.
    TROMMEL_HD constexpr uint64_t number_of(uint64_t event) const {
        if (!is_copy(event)) return known + new_until(event);
        const uint64_t choice = known + new_until(event);  // All that came before.
        const uint64_t within = choice < reach ? choice : reach;
        return choice - 1 - rules::mix64(event * 0x9e3779b97f4a7c15u ^ seed) % within;
    }
    // mix64 is a bijection: other numbers are other ids.
    TROMMEL_HD constexpr uint64_t id_of(uint64_t event) const {
        return rules::mix64(number_of(event) ^ seed << 32);
    }
    TROMMEL_HD static uint64_t upper_half_of(uint64_t id) { return rules::mix64(~id); }
};
static_assert(IdStream{}.number_of(0) == 0 && IdStream{}.number_of(1) == 0);
static_assert(IdStream{.known = 7}.number_of(4) == 9 && IdStream{.known = 7}.number_of(5) < 10);
static_assert(IdStream{.known = 90, .reach = 2}.number_of(21) >= 99);
static_assert(IdStream{.known = 90, .reach = 0}.number_of(21) == 111);

// Item: an event of a batch.
struct MakeIds {
    IdStream stream;
    uint64_t first;  // The number of the batch's first event.
    uint64_t* lo;
    uint64_t* hi;  // Null: 64-bit ids.
    TROMMEL_HD void operator()(uint32_t i) const {
        lo[i] = stream.id_of(first + i);
        if (hi != nullptr) hi[i] = IdStream::upper_half_of(lo[i]);
    }
};

struct WrongOutcomes {
    uint64_t copies;   // That were not found out.
    uint64_t new_ids;  // That were taken for copies, or found no room.
};
struct CheckOutcomes {
    IdStream stream;
    uint64_t first;
    const cpu::Outcome* outcome;
    WrongOutcomes* wrong;
    TROMMEL_HD void operator()(uint32_t i) const {
        const bool is_copy = stream.is_copy(first + i);
        if (is_copy && outcome[i] != cpu::Outcome::duplicate)
            cuda::add(&wrong->copies, uint64_t{1});
        if (!is_copy && outcome[i] != cpu::Outcome::unique) cuda::add(&wrong->new_ids, uint64_t{1});
    }
};

// Keys. `each` goes through all of them, one after the other.
enum class RateKeys : uint8_t { each, uniform, zipf, one };

// Probability 1 / rank^1.5 for the ranks 1 to `keys`, exactly, by rejection from the hyperbola that
// lies above the steps (rejection-inversion). `random` is drawn from as often as it takes, at
// most kTriesMax times, which is not reached in the life of a machine.
struct ZipfRanks {
    static constexpr int kTriesMax = 64;
    uint64_t keys;

    TROMMEL_HD static double density(double x) { return 1 / (x * std::sqrt(x)); }
    TROMMEL_HD static double integral(double x) { return -2 / std::sqrt(x); }
    TROMMEL_HD static double inverse(double y) { return 4 / (y * y); }
    TROMMEL_HD uint64_t rank(uint64_t random) const {
        const double low = integral(1.5) - 1;  // Rank 1 is a whole step of height 1.
        const double high = integral(static_cast<double>(keys) + 0.5);
        for (int attempt = 0; attempt < kTriesMax; ++attempt) {
            random = rules::mix64(random + 0x9e3779b97f4a7c15u);
            const double share = static_cast<double>(random >> 11) * 0x1p-53;
            const double y = low + share * (high - low);
            const double nearest = std::floor(inverse(y) + 0.5);
            const double most = static_cast<double>(keys);
            const double rank = nearest < 1 ? 1 : nearest > most ? most : nearest;
            if (y >= integral(rank + 0.5) - density(rank)) return static_cast<uint64_t>(rank);
        }
        return 1;
    }
};

// What cells add up to: of a key and a value of each event, so that the sum over all rows of
// mix(key) x count, and of mix(key) x sum, must be the same whatever order they came in.
struct KeyedSums {
    uint64_t counts, sums;

    TROMMEL_HD static uint64_t weight(uint64_t key) { return rules::mix64(key + 1); }
};

struct MakeKeyedEvents {
    static constexpr uint32_t kSums = 256;  // So that hardly two threads add to the same at once.

    RateKeys kind;
    uint64_t keys;
    uint64_t first, seed;
    uint64_t* key;
    int64_t* value;
    KeyedSums* truth;  // [kSums], added to.

    TROMMEL_HD uint64_t key_of(uint64_t event) const {
        const uint64_t random = rules::mix64(event ^ seed << 40);
        switch (kind) {
            case RateKeys::each:
                return event % keys;
            case RateKeys::uniform:
                return random % keys;
            case RateKeys::zipf:
                return ZipfRanks{keys}.rank(random) - 1;
            case RateKeys::one:
                break;
        }
        return 0;
    }
    TROMMEL_HD static int64_t value_of(uint64_t event) {
        return static_cast<int64_t>(rules::mix64(event) % 2001) - 1000;
    }
    TROMMEL_HD void operator()(uint32_t i) const {
        key[i] = key_of(first + i);
        value[i] = value_of(first + i);
        const uint64_t weight = KeyedSums::weight(key[i]);
        cuda::add(&truth[i % kSums].counts, weight);
        cuda::add(&truth[i % kSums].sums, weight * static_cast<uint64_t>(value[i]));
    }
};

// Times within one pane, one after the other.
struct MakeTimes {
    int64_t* time_us;
    TROMMEL_HD void operator()(uint32_t i) const { time_us[i] = i; }
};

}  // namespace trommel::bench
