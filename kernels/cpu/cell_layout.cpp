#include "kernels/cpu/cell_layout.h"

#include <algorithm>

namespace trommel::cpu {
namespace {

// Cells are bytes, 8-byte aligned; an int128 is not.
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

// One field of a cell, or of none: at offset 0 is the count.
template <typename T, typename Combine>
void update_field(char* cell, uint32_t offset, const T& value, Combine combine) {
    store<T>(cell + offset, combine(load<T>(cell + offset), value));
}

// The numbers of one value, of many cells, in one pass instead of three (window_store.md).
template <bool kSum, bool kMin, bool kMax, typename Numbers>
void update_numbers(char* const* cells, const Numbers& numbers, const int64_t* values,
                    const uint32_t* rows, uint32_t count) {
    const auto [value_index, sum, min, max] = numbers;
    for (uint32_t i = 0; i < count; ++i) {
        const int64_t value = values[rows[i]];
        if constexpr (kSum) update_field<int128>(cells[i], sum, value, rules::combine_sum);
        if constexpr (kMin) update_field<int64_t>(cells[i], min, value, rules::combine_min);
        if constexpr (kMax) update_field<int64_t>(cells[i], max, value, rules::combine_max);
    }
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
    bytes_ = sizeof(uint64_t);
    for (const Aggregate& aggregate : config.aggregates) {
        Result result{aggregate.kind, 0, 0, aggregate.digits};
        if (aggregate.kind != AggregateKind::count) {
            result.value_digits = config.values[aggregate.value].digits;
        }
        switch (aggregate.kind) {
            case AggregateKind::count:
                break;
            case AggregateKind::sum:
            case AggregateKind::avg:
                result.offset = field_offset(Op::sum, aggregate.value);
                break;
            case AggregateKind::min:
                result.offset = field_offset(Op::min, aggregate.value);
                break;
            case AggregateKind::max:
                result.offset = field_offset(Op::max, aggregate.value);
                break;
            case AggregateKind::first:
                result.offset = field_offset(Op::first, aggregate.value);
                break;
            case AggregateKind::last:
                result.offset = field_offset(Op::last, aggregate.value);
                break;
        }
        results_.push_back(result);
    }
    empty_.assign(bytes_, '\0');
    for (const Field& field : fields_) {
        char* const at = empty_.data() + field.offset;
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

uint32_t CellLayout::field_offset(Op op, uint32_t value) {
    for (const Field& field : fields_) {
        if (field.op == op && field.value == value) return field.offset;
    }
    const bool one_word = op == Op::min || op == Op::max;
    fields_.push_back({op, value, bytes_});
    if (op != Op::first && op != Op::last) note_number(fields_.back());
    bytes_ += one_word ? 8 : 16;
    return fields_.back().offset;
}

void CellLayout::note_number(const Field& field) {
    auto numbers = std::find_if(numbers_.begin(), numbers_.end(),
                                [&](const Numbers& n) { return n.value == field.value; });
    if (numbers == numbers_.end()) numbers = numbers_.insert(numbers, {field.value});
    if (field.op == Op::sum) numbers->sum = field.offset;
    if (field.op == Op::min) numbers->min = field.offset;
    if (field.op == Op::max) numbers->max = field.offset;
}

void CellLayout::combine(char* into, const char* from) const {
    combine_field<uint64_t>(into, from, 0, rules::combine_count);
    for (const Field& field : fields_) {
        const uint32_t offset = field.offset;
        switch (field.op) {
            case Op::sum:
                combine_field<int128>(into, from, offset, rules::combine_sum);
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

void CellLayout::update(char* const* cells, const RecordBatch& batch, const uint32_t* rows,
                        uint32_t count) const {
    for (uint32_t i = 0; i < count; ++i) count_one(cells[i]);
    update_values(cells, batch, rows, count);
}

void CellLayout::update_values(char* const* cells, const RecordBatch& batch, const uint32_t* rows,
                               uint32_t count) const {
    for (const Numbers& numbers : numbers_) {
        constexpr decltype(&update_numbers<true, true, true, Numbers>) kPasses[2][2][2] = {
            {{nullptr, update_numbers<false, false, true, Numbers>},
             {update_numbers<false, true, false, Numbers>,
              update_numbers<false, true, true, Numbers>}},
            {{update_numbers<true, false, false, Numbers>,
              update_numbers<true, false, true, Numbers>},
             {update_numbers<true, true, false, Numbers>,
              update_numbers<true, true, true, Numbers>}}};
        const auto pass = kPasses[numbers.sum != 0][numbers.min != 0][numbers.max != 0];
        pass(cells, numbers, batch.values[numbers.value].data(), rows, count);
    }
    for (const Field& field : fields_) {
        if (field.op != Op::first && field.op != Op::last) continue;
        const auto pass = field.op == Op::first ? update_stamped<rules::combine_first>
                                                : update_stamped<rules::combine_last>;
        const StampedColumns events{batch.time_us.data(), batch.values[field.value].data()};
        pass(cells, field.offset, events, rows, count);
    }
}

void CellLayout::finish(const char* cell, int128* out) const {
    for (const Result& result : results_) {
        const char* const at = cell + result.offset;
        switch (result.kind) {
            case AggregateKind::count:
                *out = count(cell);
                break;
            case AggregateKind::sum:
                *out = load<int128>(at);
                break;
            case AggregateKind::min:
            case AggregateKind::max:
                *out = load<int64_t>(at);
                break;
            case AggregateKind::avg:
                *out = rules::finish_avg(load<int128>(at), count(cell), result.value_digits,
                                         result.digits);
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
    store(cell, count);
    for (const Field& field : fields_) {
        char* const at = cell + field.offset;
        switch (field.op) {
            case Op::sum:
                store(at, static_cast<int128>(uint128{words[1]} << 64 | words[0]));
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
