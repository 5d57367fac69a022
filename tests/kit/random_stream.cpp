#include "tests/kit/random_stream.h"

#include <algorithm>
#include <utility>

namespace trommel::testkit {
namespace {

int64_t clamped(int64_t time_us) {
    return std::clamp(time_us, -kTimeLimitUs + 1, kTimeLimitUs - 1);
}

// Rounds down to a multiple of `unit`, also below zero.
int64_t rounded_down(int64_t value, int64_t unit) {
    return value - (value % unit + unit) % unit;
}

std::string little_endian(uint64_t value) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
    return bytes;
}

// Values that tables like to use as marks, and neighbours of them.
uint64_t number_of(uint64_t index) {
    constexpr uint64_t kEdges[] = {0, UINT64_MAX, 1, uint64_t{1} << 63, UINT64_MAX - 1};
    return index < std::size(kEdges) ? kEdges[index] : index;
}

KeyPart random_part(Random& random, FieldType type) {
    static const std::vector<int64_t> kIntegers = {0, -1, 1, INT64_MIN, INT64_MAX, 255, 256};
    static const std::vector<std::string> kTexts = {
        "",  std::string(1, '\0'), "a",        std::string("a\0", 2), std::string("a\0b", 3),
        "b", "\xC3\xA4",           "\xFF\xFE", std::string(40, 'x'),  std::string("\0\xFF", 2)};
    KeyPart part;
    part.type = type;
    if (type == FieldType::integer) part.integer = random.pick(kIntegers);
    if (type == FieldType::text) part.text = random.pick(kTexts);
    return part;
}

}  // namespace

RandomStream::RandomStream(Random& random, const Config& config, size_t events)
    : random_(random), config_(config) {
    static const std::vector<uint64_t> kIdCounts = {1, 3, 10, 40, 400, 100'000};
    ids_ = random_.pick(kIdCounts);
    extreme_values_ = random_.one_in(4);
    if (config.dedup.horizon_us != kForeverUs) {
        tick_us_ = std::max<int64_t>(1000, (config.dedup.horizon_us + 63) / 64);
        reach_ = (config.dedup.horizon_us + tick_us_ - 1) / tick_us_;
    }
    choose_keys();
    choose_steps();
    choose_partitions(events);
}

void RandomStream::choose_keys() {
    const uint64_t count = 1 + random_.below(12);
    for (uint64_t k = 0; k < count; ++k) {
        std::vector<KeyPart> key;
        for (const KeyField& field : config_.key) key.push_back(random_part(random_, field.type));
        keys_.push_back(key);
    }
}

// The lengths of time that mean something to this job; a stream uses one to three of them.
void RandomStream::choose_steps() {
    std::vector<int64_t> all = {1,
                                tick_us_,
                                3 * tick_us_ + 1,
                                tick_us_ * reach_,
                                500 * tick_us_,
                                std::max<int64_t>(1, pane_us(config_)),
                                config_.time.out_of_order_us.value_or(0) + 1};
    for (const Window& window : config_.windows) {
        all.push_back(window.kind == WindowKind::session ? window.gap_us : window.size_us);
    }
    const uint64_t count = 1 + random_.below(3);
    for (uint64_t s = 0; s < count; ++s) steps_us_.push_back(random_.pick(all));
}

void RandomStream::choose_partitions(size_t events) {
    static const std::vector<int64_t> kStarts = {0,
                                                 -1'000'000,
                                                 1'700'000'000'123'456,
                                                 -60'000'000'000'000'000,
                                                 -kTimeLimitUs + 1,
                                                 kTimeLimitUs - 5'000'000};
    static const std::vector<uint32_t> kSparse = {7, 0, kPartitionsMax - 1, 256, 1};
    const uint64_t count = random_.one_in(2) ? 1 : 2 + random_.below(4);
    const bool sparse = random_.one_in(6);
    const int64_t start_us = random_.pick(kStarts);
    for (uint64_t p = 0; p < count; ++p) {
        Partition partition{static_cast<uint32_t>(p), 0, events, false, start_us};
        if (sparse) partition.number = kSparse[p];
        // The first one is there all the time, so that somebody always is.
        if (p > 0 && random_.one_in(2)) partition.begin = random_.below(events + 1);
        if (p > 0 && random_.one_in(2)) {
            partition.end = partition.begin + random_.below(events - partition.begin + 1);
        }
        partition.says_when_it_ends = random_.one_in(3);
        partitions_.push_back(partition);
    }
}

std::vector<RandomJob::End> RandomStream::ends() const {
    std::vector<RandomJob::End> ends;
    for (const Partition& partition : partitions_) {
        if (partition.says_when_it_ends) ends.push_back({partition.end, partition.number});
    }
    std::stable_sort(ends.begin(), ends.end(),
                     [](const auto& a, const auto& b) { return a.before_event < b.before_event; });
    return ends;
}

RandomStream::Partition& RandomStream::active_partition() {
    Partition& one = partitions_[random_.below(partitions_.size())];
    const size_t index = events_.size();
    return one.begin <= index && index < one.end ? one : partitions_[0];
}

void RandomStream::append_event() {
    Partition& partition = active_partition();
    advance(partition);
    const bool again = !events_.empty() && random_.one_in(3);
    OracleEvent event = again ? repeat(partition) : fresh(partition);
    event.partition = partition.number;
    partition.now_us = std::max(partition.now_us, event.time_us);
    if (random_.one_in(25)) damage(event);
    events_.push_back(std::move(event));
}

void RandomStream::advance(Partition& partition) {
    int64_t step_us = 0;
    if (!random_.one_in(4)) step_us = random_.between(0, random_.pick(steps_us_));
    // A jump of 2^16 ticks brings a tick kept in 16 bits back to where it was.
    if (random_.one_in(60)) step_us = (65536 + random_.between(-1, 1)) * tick_us_;
    if (random_.one_in(200)) step_us = 1'000'000 * tick_us_ % kTimeLimitUs;
    partition.now_us = clamped(partition.now_us + step_us);
    // Time mostly passes for all partitions; the others drift.
    if (random_.one_in(4)) return;
    for (Partition& other : partitions_) other.now_us = std::max(other.now_us, partition.now_us);
}

OracleEvent RandomStream::fresh(Partition& partition) {
    OracleEvent event;
    event.id = random_id();
    event.key = random_.pick(keys_);
    event.time_us = clamped(snapped(time_near(partition)));
    event.values = random_values();
    return event;
}

// Now, a little older, or about as old as may just be on time.
int64_t RandomStream::time_near(const Partition& partition) {
    const int64_t late_us =
        config_.time.out_of_order_us.value_or(2 * tick_us_) + config_.time.allowed_lateness_us;
    const int64_t pane = pane_us(config_);
    switch (random_.below(8)) {
        case 0:
        case 1:
            return partition.now_us - random_.between(0, late_us);
        case 2:
            return partition.now_us - late_us + random_.between(-1, 1);
        case 3:
            return partition.now_us - late_us - pane + random_.between(-1, 1);
        case 4:
            return random_.one_in(3) ? partition.now_us - random_.between(0, 3 * (late_us + pane))
                                     : partition.now_us;
        default:
            return partition.now_us;
    }
}

// Now and then to the edge of a pane or a tick, or one microsecond beside it.
int64_t RandomStream::snapped(int64_t time_us) {
    const int64_t beside = random_.between(-1, 1);
    const int64_t pane = pane_us(config_);
    const int64_t offset = config_.window_offset_us;
    if (pane > 0 && random_.one_in(4))
        return rounded_down(time_us - offset, pane) + offset + beside;
    if (random_.one_in(8)) return rounded_down(time_us, tick_us_) + beside;
    return time_us;
}

// An earlier event once more, usually as it was.
OracleEvent RandomStream::repeat(Partition& partition) {
    const size_t back = random_.one_in(2) ? std::min<size_t>(events_.size(), 10) : events_.size();
    const OracleEvent& earlier = events_[events_.size() - 1 - random_.below(back)];
    if (earlier.corrupt || std::abs(earlier.time_us / 2) >= kTimeLimitUs / 2) {
        return fresh(partition);
    }
    OracleEvent event = earlier;
    if (random_.one_in(2)) event.time_us = clamped(event.time_us + repeat_distance());
    if (random_.one_in(6)) event.key = random_.pick(keys_);
    if (random_.one_in(6)) event.values = random_values();
    return event;
}

int64_t RandomStream::repeat_distance() {
    const int64_t sign = random_.one_in(2) ? 1 : -1;
    const int64_t beside = random_.between(-1, 1);
    switch (random_.below(8)) {
        case 0:
            return sign * config_.time.out_of_order_us.value_or(tick_us_) + beside;
        case 1:
            return sign * random_.between(0, 2 * reach_ * tick_us_);
        case 2:
            return 65536 * tick_us_ + random_.between(-reach_, reach_) * tick_us_;
        case 3:
            return sign * tick_us_ * reach_ + beside;
        default:
            return sign * (reach_ + random_.between(-1, 2)) * tick_us_ +
                   random_.between(0, tick_us_ - 1);
    }
}

// Unreadable, with rubbish that nobody may look at; or readable with a time that no event can have.
void RandomStream::damage(OracleEvent& event) {
    static const std::vector<int64_t> kNoTimes = {kTimeLimitUs, -kTimeLimitUs, INT64_MAX,
                                                  INT64_MIN};
    event.time_us = random_.pick(kNoTimes);
    event.corrupt = random_.one_in(2);
}

std::string RandomStream::random_id() {
    const uint64_t number = random_.below(ids_);
    if (config_.dedup.id_type == IdType::bytes) return random_text_id(number);
    if (config_.dedup.id_type == IdType::u64) return little_endian(number_of(number));
    // Ids that agree in one half.
    return little_endian(number_of(number % 7)) + little_endian(number_of(number / 7));
}

std::string RandomStream::random_text_id(uint64_t number) {
    switch (number) {
        case 0:
            return "";
        case 1:
            return std::string(1, '\0');
        case 2:
            return std::string(2, '\0');
        case 3:
            return "\xFF";
        case 4:
            return std::string(3000, 'i');
        case 5:
            return std::string(2999, 'i') + 'j';
        default:
            return "id-" + std::to_string(number);
    }
}

std::vector<int64_t> RandomStream::random_values() {
    static const std::vector<int64_t> kExtremes = {INT64_MIN, INT64_MAX, INT64_MIN + 1, 0, -1};
    std::vector<int64_t> values;
    for (size_t v = 0; v < config_.values.size(); ++v) {
        const bool extreme = extreme_values_ && random_.one_in(2);
        values.push_back(extreme ? random_.pick(kExtremes) : random_.between(-1000, 1000));
    }
    return values;
}

}  // namespace trommel::testkit
