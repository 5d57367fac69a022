#include "net/synthetic_stream.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace trommel::net {
namespace {

constexpr uint64_t kAnchorEvery = 64;  // Of a partition's records.
constexpr int kSearches = 16;          // For an original to copy.

// A bijection of 64-bit numbers whose results look random: SplitMix64's last step (Steele, Lea and
// Flood 2014), with the constants of Stafford's mix 13.
constexpr uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}
constexpr uint64_t kStride = 0x9E3779B97F4A7C15;  // Odd, so multiplying by it loses nothing.

// A uniform draw made a number from 0 to max.
constexpr uint64_t scale(uint64_t draw, uint64_t max) {
    if (max == UINT64_MAX) return draw;
    return static_cast<uint64_t>(static_cast<uint128>(draw) * (max + 1) >> 64);
}

// How much older than the newest event an event must be to be late perhaps; INT64_MAX: never late.
// The end of a pane is at least 1 us after every event in it.
int64_t slack_us(const SyntheticOptions& options) {
    if (!options.out_of_order_us) return INT64_MAX;
    return *options.out_of_order_us + options.allowed_lateness_us + (options.pane_us > 0 ? 1 : 0);
}

// Of 2^32, among the records that are not anchors.
uint64_t threshold(double share) {
    const double of_free = share * kAnchorEvery / (kAnchorEvery - 1);
    return static_cast<uint64_t>(of_free * 4294967296.0 + 0.5);
}

}  // namespace

std::vector<Problem> validate(const SyntheticOptions& options) {
    std::vector<Problem> problems;
    const auto require = [&](bool holds, const char* where, std::string what) {
        if (!holds) problems.push_back({where, std::move(what)});
    };
    const auto is_share = [](double share) { return share >= 0 && share <= kSharesMax; };
    const auto is_duration = [](int64_t us) { return us >= 0 && us < kTimeLimitUs; };

    require(options.partitions >= 1 && options.partitions <= kPartitionsMax, "partitions",
            "must be 1 to " + std::to_string(kPartitionsMax));
    require(options.keys >= 1 && options.keys <= Zipf::kCountMax, "keys",
            "must be 1 to 4294967296");
    require(options.zipf >= 0 && options.zipf <= Zipf::kExponentMax, "zipf", "must be 0 to 8");
    require(options.value_min <= options.value_max, "value_max", "must not be below value_min");
    require(options.start_us > -kTimeLimitUs && options.start_us < kTimeLimitUs, "start",
            "must be less than 2^60 us away from 1970");
    require(options.step_ns >= 1, "step", "must be at least 1 ns");
    require(is_duration(options.disorder_us), "disorder", "must be 0 to 2^60 us");
    require(is_duration(options.late_by_us), "late_by", "must be 0 to 2^60 us");
    require(is_share(options.duplicate_share), "duplicates", "must be 0 to 0.98");
    require(is_share(options.late_share), "late", "must be 0 to 0.98");
    require(is_share(options.corrupt_share), "corrupt", "must be 0 to 0.98");
    require(options.duplicate_share + options.late_share + options.corrupt_share <= kSharesMax,
            "late",
            "the shares of duplicate, late and corrupt records together must be at most 0.98");
    require(is_duration(options.out_of_order_us.value_or(0)), "out_of_order",
            "must be 0 to 2^60 us");
    require(is_duration(options.allowed_lateness_us), "allowed_lateness", "must be 0 to 2^60 us");
    require(is_duration(options.pane_us), "pane", "must be 0 to 2^60 us");
    if (!problems.empty()) return problems;

    require(
        slack_us(options) > 0 || options.step_ns >= 1000, "step",
        "must be at least 1us where the job allows no disorder: of events at one time all but the "
        "first are late");
    const int128 late_most = static_cast<int128>(options.start_us) - options.disorder_us -
                             options.out_of_order_us.value_or(0) - options.allowed_lateness_us -
                             options.pane_us - options.late_by_us;
    require(late_most > -kTimeLimitUs, "start",
            "is too near the beginning of time for late events");
    return problems;
}

void keep_to(const Config& config, SyntheticOptions& options) {
    options.out_of_order_us = config.time.out_of_order_us;
    options.allowed_lateness_us = config.time.allowed_lateness_us;
    options.pane_us = 0;
    for (const Window& window : config.windows) {
        if (window.kind == WindowKind::session) {
            options.pane_us = 0;
            return;
        }
        options.pane_us = std::gcd(options.pane_us, std::gcd(window.size_us, window.slide_us));
    }
}

SyntheticStream::SyntheticStream(const SyntheticOptions& options)
    : options_(options), keys_(options.keys, options.zipf), slack_us_(slack_us(options)) {
    for (uint64_t purpose = 0; purpose < kPurposes; ++purpose) {
        seeds_[purpose] = mix(mix(options.seed + kStride) + purpose);
    }
    const int128 span_ns = static_cast<int128>(kTimeLimitUs - 1 - options.start_us) * 1000;
    const int128 places = span_ns / options.step_ns + 1;
    if (options_.events > places) options_.events = static_cast<uint64_t>(places);
    if (options.out_of_order_us) {
        options_.disorder_us =
            std::min(options.disorder_us, slack_us_ + options.step_ns / 1000 - 1);
        const int128 reach = static_cast<int128>(slack_us_) * 1000 / options.step_ns + 1;
        if (options_.duplicate_distance > reach) {
            options_.duplicate_distance = static_cast<uint64_t>(reach);
        }
    } else {
        options_.late_share = 0;
    }
    corrupt_below_ = threshold(options_.corrupt_share);
    late_below_ = corrupt_below_ + threshold(options_.late_share);
    duplicate_below_ = late_below_ + threshold(options_.duplicate_share);
}

uint64_t SyntheticStream::draw(uint64_t n, Purpose purpose) const {
    return mix(n * kStride + seeds_[purpose]);
}

int64_t SyntheticStream::base_us(uint64_t n) const {
    const auto since_start = static_cast<uint128>(n) * static_cast<uint64_t>(options_.step_ns);
    const bool small = since_start >> 64 == 0;  // Spares the slow division.
    return options_.start_us + static_cast<int64_t>(small
                                                        ? static_cast<uint64_t>(since_start) / 1000
                                                        : since_start / 1000);
}

int64_t SyntheticStream::original_time_us(uint64_t n) const {
    const auto disorder = static_cast<uint64_t>(options_.disorder_us);
    return base_us(n) - static_cast<int64_t>(scale(draw(n, kTimeOf), disorder));
}

bool SyntheticStream::is_anchor(uint64_t n) const {
    return n / options_.partitions % kAnchorEvery == 0;
}

// Its pane's end and the allowed lateness are not beyond the watermark that the last anchor
// brought.
int64_t SyntheticStream::late_time_us(uint64_t n) const {
    const uint64_t anchor = n - n / options_.partitions % kAnchorEvery * options_.partitions;
    const auto more = scale(draw(n, kTimeOf), static_cast<uint64_t>(options_.late_by_us));
    return original_time_us(anchor) - *options_.out_of_order_us - options_.allowed_lateness_us -
           options_.pane_us - static_cast<int64_t>(more);
}

// The kind of record n, but for copies that will find no original.
SyntheticStream::Kind SyntheticStream::intended_kind(uint64_t n) const {
    const uint64_t drawn = draw(n, kKindOf) >> 32;
    if (drawn >= duplicate_below_ || is_anchor(n)) return Kind::original;
    if (drawn < corrupt_below_) return Kind::corrupt;
    return drawn < late_below_ ? Kind::late : Kind::duplicate;
}

// Whether a copy of original `number` is surely on time at a later place.
bool SyntheticStream::is_on_time(uint64_t number, uint64_t at_place) const {
    return base_us(at_place - 1) - original_time_us(number) < slack_us_;
}

SyntheticStream::Origin SyntheticStream::origin(uint64_t n) const {
    const Kind kind = intended_kind(n);
    if (kind != Kind::duplicate) return {kind, n};
    const uint64_t reach = std::min(options_.duplicate_distance, n);
    uint64_t drawn = draw(n, kSourceOf);
    for (int search = 0; search < kSearches && reach > 0; ++search) {
        const uint64_t number = n - 1 - scale(drawn, reach - 1);
        if (intended_kind(number) == Kind::original && is_on_time(number, n)) {
            return {Kind::duplicate, number};
        }
        drawn = mix(drawn + kStride);
    }
    return {Kind::original, n};
}

SyntheticRecord SyntheticStream::at(uint64_t n) const {
    const auto [kind, from] = origin(n);
    SyntheticRecord record;
    record.number = n;
    record.kind = kind;
    record.id = draw(from, kIdOf);
    record.key = static_cast<int64_t>(keys_.rank(draw(from, kKeyOf), draw(from, kKeyWithin)));
    const auto values =
        static_cast<uint64_t>(options_.value_max) - static_cast<uint64_t>(options_.value_min);
    record.v0 = static_cast<int64_t>(static_cast<uint64_t>(options_.value_min) +
                                     scale(draw(from, kValueOf), values));
    record.time_us = kind == Kind::late ? late_time_us(n) : original_time_us(from);
    // The usual cases spare a division and a draw.
    if (options_.partitions > 1) {
        record.partition = static_cast<uint32_t>(from % options_.partitions);
    }
    if (kind == Kind::corrupt) record.damage = static_cast<uint8_t>(draw(n, kSourceOf));
    return record;
}

Truth SyntheticStream::truth(uint64_t begin, uint64_t end) const {
    Truth truth;
    truth.in = end - begin;
    for (uint64_t n = begin; n < end; ++n) {
        switch (origin(n).kind) {
            case Kind::original:
                ++truth.unique;
                break;
            case Kind::duplicate:
                ++truth.duplicate;
                break;
            case Kind::late:
                ++truth.late;
                break;
            case Kind::corrupt:
                ++truth.corrupt;
                break;
        }
    }
    return truth;
}

}  // namespace trommel::net
