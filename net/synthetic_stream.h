#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "trommel/config.h"

#include "net/zipf.h"

namespace trommel::net {

// What a made-up stream looks like. Shares are of all records, and together at most kSharesMax.
struct SyntheticOptions {
    uint64_t events = 10'000'000;
    uint64_t seed = 1;
    uint32_t partitions = 1;  // 1 to kPartitionsMax, dealt in turn.

    uint64_t keys = 1000;  // Keys are 0 to keys-1, at most 2^32.
    double zipf = 0;       // Exponent; 0: all keys equally often. Else key 0 is the most frequent.
    int64_t value_min = 0, value_max = 999;  // Of v0, both inclusive.

    int64_t start_us = 1767225600000000;  // 2026-01-01T00:00:00Z
    int64_t step_ns = 1000;               // Event time from one record to the next, at least 1.
    int64_t disorder_us = 0;              // An event is up to this much older than its place says.

    double duplicate_share = 0;          // Copies of earlier events.
    uint64_t duplicate_distance = 1000;  // At most so many records after the original.
    double late_share = 0;
    int64_t late_by_us = 0;  // Late events are up to this much later than it takes to be late.
    double corrupt_share = 0;

    // What the job will judge by (contract T1, T3); pane 0: a session window or none. The stream
    // keeps to it, whence the truth is known: late events are surely late and all others surely
    // not.
    std::optional<int64_t> out_of_order_us;  // Absent: nothing is late, and late_share is not used.
    int64_t allowed_lateness_us = 0;
    int64_t pane_us = 0;
};
inline constexpr double kSharesMax = 0.98;

// Everything wrong with the options at once; `where` is the name of an option.
std::vector<Problem> validate(const SyntheticOptions& options);

// Sets what the stream has to know of the job that it is for.
void keep_to(const Config& config, SyntheticOptions& options);

struct SyntheticRecord {
    enum class Kind : uint8_t { original, duplicate, late, corrupt };
    uint64_t number = 0;  // Its place in the stream, from 0.
    uint64_t id = 0;
    int64_t key = 0, time_us = 0, v0 = 0;
    uint32_t partition = 0;
    Kind kind = Kind::original;  // corrupt: the fields are what it was before the damage.
    uint8_t damage = 0;          // Random bits that choose the kind of damage.
};

// What an exact engine without memory limits will say of the stream.
struct Truth {
    uint64_t in = 0, unique = 0, duplicate = 0, late = 0, corrupt = 0;
    bool operator==(const Truth&) const = default;
};

// An endless book of records in which every page can be opened at once: record n is a pure function
// of the options and n. All integer arithmetic, so the same on every machine. Immutable: any
// thread.
//
// How the truth is known beforehand. The event time of place n is base(n) = start + n * step, and
// an original is at most `disorder` older; so whatever a partition has shown before place n, its
// newest time is at most base(n - 1). A copy is taken only of an original that is on time by that
// measure, and carries its original's partition. Every 64th record of a partition is an original,
// its anchor. Late events are late measured by the last anchor, which the partition has surely
// shown. Neither depends on partitions being known, so the truth also holds for a file of these
// records read as one partition.
//
// Shares are met exactly on average as long as originals within reach are easy to find: up to 70 %
// duplicates; beyond, and at the start of the stream, an intended copy may become an original.
class SyntheticStream {
   public:
    // Precondition: validate(options) found nothing.
    explicit SyntheticStream(const SyntheticOptions& options);

    SyntheticRecord at(uint64_t n) const;

    // Walks over all records, or over [begin, end); some 10 ns each.
    Truth truth() const { return truth(0, options_.events); }
    Truth truth(uint64_t begin, uint64_t end) const;

    // As given, but `disorder` and `duplicate_distance` are shortened where else events that are
    // not meant to be late would be, and `events` where event time would end (contract E3).
    const SyntheticOptions& options() const { return options_; }

   private:
    using Kind = SyntheticRecord::Kind;
    enum Purpose : uint8_t {
        kIdOf,
        kKindOf,
        kKeyOf,
        kKeyWithin,
        kValueOf,
        kTimeOf,
        kSourceOf,
        kPurposes
    };
    struct Origin {
        Kind kind;
        uint64_t number;  // Of the record that it is a copy of, else its own.
    };

    uint64_t draw(uint64_t n, Purpose purpose) const;
    int64_t base_us(uint64_t n) const;
    int64_t original_time_us(uint64_t n) const;
    int64_t late_time_us(uint64_t n) const;
    bool is_anchor(uint64_t n) const;
    Kind intended_kind(uint64_t n) const;
    Origin origin(uint64_t n) const;
    bool is_on_time(uint64_t number, uint64_t at_place) const;

    SyntheticOptions options_;
    Zipf keys_;
    uint64_t seeds_[kPurposes];
    int64_t slack_us_ = 0;  // An event older than the newest by this much or more may be late.
    // Of 2^32: what is drawn below is corrupt, else late, else a copy.
    uint64_t corrupt_below_ = 0, late_below_ = 0, duplicate_below_ = 0;
};

}  // namespace trommel::net
