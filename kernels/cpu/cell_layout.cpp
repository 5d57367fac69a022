#include "kernels/cpu/cell_layout.h"

#include <algorithm>

namespace trommel::cpu {
namespace {

constexpr int128 kCarry = int128{1} << 64;  // What one of a carry is worth.

// Cells are bytes.
template <typename T>
T load(const char* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}
template <typename T>
void store(char* at, const T& value) {
    std::memcpy(at, &value, sizeof value);
}

template <typename T, typename Combine>
void update_field(char* cell, uint32_t offset, const T& value, Combine combine) {
    store<T>(cell + offset, combine(load<T>(cell + offset), value));
}

struct StampedColumns {
    const int64_t* time_us;
    const int64_t* values;
};
template <auto kCombine>
void update_stamped(char* const* cells, uint32_t offset, const StampedColumns& events,
                    const uint32_t* rows, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
        const rules::Stamped event{events.time_us[rows[i]], events.values[rows[i]]};
        update_field(cells[i], offset, event, kCombine);
    }
}

template <typename T, typename Combine>
void combine_field(char* into, const char* from, uint32_t offset, Combine combine) {
    store<T>(into + offset, combine(load<T>(into + offset), load<T>(from + offset)));
}

}  // namespace

CellLayout::CellLayout(const Config& config) {
    body_bytes_ = sizeof(uint64_t);
    for (const Aggregate& aggregate : config.aggregates) {
        Result result{aggregate.kind, {}, 0, aggregate.digits};
        if (aggregate.kind != AggregateKind::count) {
            result.value_digits = config.values[aggregate.value].digits;
        }
        switch (aggregate.kind) {
            case AggregateKind::count:
                break;
            case AggregateKind::sum:
            case AggregateKind::avg:
                result.place = place_for(Op::sum, aggregate.value);
                break;
            case AggregateKind::min:
                result.place = place_for(Op::min, aggregate.value);
                break;
            case AggregateKind::max:
                result.place = place_for(Op::max, aggregate.value);
                break;
            case AggregateKind::first:
                result.place = place_for(Op::first, aggregate.value);
                break;
            case AggregateKind::last:
                result.place = place_for(Op::last, aggregate.value);
                break;
        }
        results_.push_back(result);
    }
    in_one_piece_.body_bytes = body_bytes_;
    empty_.assign(body_bytes_, '\0');
    for (const Field& field : fields_) {
        char* const at = empty_.data() + field.place.offset;
        switch (field.op) {
            case Op::sum:
                break;
            case Op::min:
                store(at, rules::kMinIdentity);
                break;
            case Op::max:
                store(at, rules::kMaxIdentity);
                break;
            case Op::first:
                store(at, rules::kFirstIdentity);
                break;
            case Op::last:
                store(at, rules::kLastIdentity);
                break;
        }
    }
}

CellLayout::Place CellLayout::place_for(Op op, uint32_t value) {
    for (const Field& field : fields_) {
        if (field.op == op && field.value == value) return field.place;
    }
    const Field field{op, value, {body_bytes_, carry_bytes_}};
    const bool two_words = op == Op::first || op == Op::last;
    body_bytes_ += two_words ? 16 : 8;
    if (op == Op::sum) carry_bytes_ += 8;
    if (!two_words) note_number(field);
    fields_.push_back(field);
    return field.place;
}

void CellLayout::note_number(const Field& field) {
    auto numbers = std::find_if(numbers_.begin(), numbers_.end(),
                                [&](const Numbers& n) { return n.value == field.value; });
    if (numbers == numbers_.end()) numbers = numbers_.insert(numbers, {field.value, {}, {}, {}});
    if (field.op == Op::sum) numbers->sum = field.place;
    if (field.op == Op::min) numbers->min = field.place;
    if (field.op == Op::max) numbers->max = field.place;
}

int128 CellLayout::sum_of(const char* cell, const CarryPlaces& places, Place place) {
    int128 sum = load<int64_t>(cell + place.offset);
    if (has_carries(cell)) {
        sum += int128{load<int64_t>(places.carries_of(cell) + place.carry)} * kCarry;
    }
    return sum;
}

void CellLayout::set_sum(char* cell, const CarryPlaces& places, Place place, int128 sum) const {
    const auto low = static_cast<int64_t>(static_cast<uint64_t>(sum));
    store(cell + place.offset, low);
    if (sum == low && !has_carries(cell)) return;
    char* const carries = places.carries_of(cell);
    if (!has_carries(cell)) {
        std::memset(carries, 0, carry_bytes_);
        set_count_word(cell, count_word(cell) | kHasCarries);
    }
    store(carries + place.carry, static_cast<int64_t>((sum - low) / kCarry));
}

void CellLayout::combine(char* into, const CarryPlaces& into_places, const char* from,
                         const CarryPlaces& from_places) const {
    const uint64_t events = rules::combine_count(count(into), count(from));
    set_count_word(into, events | (count_word(into) & kHasCarries));
    for (const Field& field : fields_) {
        const uint32_t offset = field.place.offset;
        switch (field.op) {
            case Op::sum:
                set_sum(into, into_places, field.place,
                        rules::combine_sum(sum_of(into, into_places, field.place),
                                           sum_of(from, from_places, field.place)));
                break;
            case Op::min:
                combine_field<int64_t>(into, from, offset, rules::combine_min);
                break;
            case Op::max:
                combine_field<int64_t>(into, from, offset, rules::combine_max);
                break;
            case Op::first:
                combine_field<rules::Stamped>(into, from, offset, rules::combine_first);
                break;
            case Op::last:
                combine_field<rules::Stamped>(into, from, offset, rules::combine_last);
                break;
        }
    }
}

void CellLayout::copy(char* into, const char* from, const CarryPlaces& from_places) const {
    std::memcpy(into, from, body_bytes_);
    char* const carries = into + body_bytes_;
    if (has_carries(from)) {
        std::memcpy(carries, from_places.carries_of(from), carry_bytes_);
    } else {
        std::memset(carries, 0, carry_bytes_);
    }
}

void CellLayout::update(char* const* cells, const RecordBatch& batch, const uint32_t* rows,
                        uint32_t count) const {
    for (uint32_t i = 0; i < count; ++i) count_one(cells[i]);
    update_values(cells, in_one_piece_, batch, rows, count);
}

// The numbers of one value, of many cells, in one pass instead of three (window_store.md).
template <bool kSum, bool kMin, bool kMax>
void CellLayout::update_numbers(char* const* cells, const CarryPlaces& places,
                                const Numbers& numbers, const int64_t* values, const uint32_t* rows,
                                uint32_t count) const {
    const auto [value_index, sum, min, max] = numbers;
    for (uint32_t i = 0; i < count; ++i) {
        char* const cell = cells[i];
        const int64_t value = values[rows[i]];
        if constexpr (kSum) {
            int64_t low;
            if (__builtin_add_overflow(load<int64_t>(cell + sum.offset), value, &low)) {
                set_sum(cell, places, sum, rules::combine_sum(sum_of(cell, places, sum), value));
            } else {
                store(cell + sum.offset, low);
            }
        }
        if constexpr (kMin) update_field<int64_t>(cell, min.offset, value, rules::combine_min);
        if constexpr (kMax) update_field<int64_t>(cell, max.offset, value, rules::combine_max);
    }
}

void CellLayout::update_values(char* const* cells, const CarryPlaces& places,
                               const RecordBatch& batch, const uint32_t* rows,
                               uint32_t count) const {
    for (const Numbers& numbers : numbers_) {
        using Layout = CellLayout;
        constexpr decltype(&Layout::update_numbers<true, true, true>) kPasses[2][2][2] = {
            {{nullptr, &Layout::update_numbers<false, false, true>},
             {&Layout::update_numbers<false, true, false>,
              &Layout::update_numbers<false, true, true>}},
            {{&Layout::update_numbers<true, false, false>,
              &Layout::update_numbers<true, false, true>},
             {&Layout::update_numbers<true, true, false>,
              &Layout::update_numbers<true, true, true>}}};
        const auto pass =
            kPasses[numbers.sum.offset != 0][numbers.min.offset != 0][numbers.max.offset != 0];
        (this->*pass)(cells, places, numbers, batch.values[numbers.value].data(), rows, count);
    }
    for (const Field& field : fields_) {
        if (field.op != Op::first && field.op != Op::last) continue;
        const auto pass = field.op == Op::first ? update_stamped<rules::combine_first>
                                                : update_stamped<rules::combine_last>;
        const StampedColumns events{batch.time_us.data(), batch.values[field.value].data()};
        pass(cells, field.place.offset, events, rows, count);
    }
}

void CellLayout::finish(const char* cell, int128* out) const {
    for (const Result& result : results_) {
        const char* const at = cell + result.place.offset;
        switch (result.kind) {
            case AggregateKind::count:
                *out = count(cell);
                break;
            case AggregateKind::sum:
                *out = sum_of(cell, in_one_piece_, result.place);
                break;
            case AggregateKind::min:
            case AggregateKind::max:
                *out = load<int64_t>(at);
                break;
            case AggregateKind::avg:
                *out = rules::finish_avg(sum_of(cell, in_one_piece_, result.place), count(cell),
                                         result.value_digits, result.digits);
                break;
            case AggregateKind::first:
            case AggregateKind::last:
                *out = load<rules::Stamped>(at).value;
                break;
        }
        ++out;
    }
}

std::vector<CellLayout::Part> CellLayout::parts() const {
    std::vector<Part> parts;
    for (const Field& field : fields_) parts.push_back({field.op, field.value});
    return parts;
}

void CellLayout::assemble(char* cell, uint64_t count, const uint64_t* words) const {
    clear(cell);
    set_count_word(cell, count);
    for (const Field& field : fields_) {
        char* const at = cell + field.place.offset;
        switch (field.op) {
            case Op::sum:
                set_sum(cell, in_one_piece_, field.place,
                        static_cast<int128>(uint128{words[1]} << 64 | words[0]));
                break;
            case Op::min:
            case Op::max:
                store(at, words[0]);
                break;
            case Op::first:
            case Op::last:
                store(at, rules::Stamped{static_cast<int64_t>(words[0]),
                                         static_cast<int64_t>(words[1])});
                break;
        }
        words += CellLayout::words(field.op);
    }
}

}  // namespace trommel::cpu
