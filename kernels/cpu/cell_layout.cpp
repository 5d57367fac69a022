#include "kernels/cpu/cell_layout.h"

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

// One field of many cells: cells[i] becomes combine(cells[i], lift(rows[i])).
template <typename T, typename Combine, typename Lift>
void update_field(char* const* cells, uint32_t offset, const uint32_t* rows, uint32_t count,
                  Combine combine, Lift lift) {
    for (uint32_t i = 0; i < count; ++i) {
        char* const at = cells[i] + offset;
        store<T>(at, combine(load<T>(at), lift(rows[i])));
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
    bytes_ += one_word ? 8 : 16;
    return fields_.back().offset;
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
    const int64_t* const time = batch.time_us.data();
    for (const Field& field : fields_) {
        const int64_t* const values = batch.values[field.value].data();
        const auto value = [=](uint32_t row) { return values[row]; };
        const auto stamped = [=](uint32_t row) { return rules::Stamped{time[row], values[row]}; };
        const uint32_t offset = field.offset;
        switch (field.op) {
            case Op::sum:
                update_field<int128>(cells, offset, rows, count, rules::combine_sum, value);
                break;
            case Op::min:
                update_field<int64_t>(cells, offset, rows, count, rules::combine_min, value);
                break;
            case Op::max:
                update_field<int64_t>(cells, offset, rows, count, rules::combine_max, value);
                break;
            case Op::first:
                update_field<rules::Stamped>(cells, offset, rows, count, rules::combine_first,
                                             stamped);
                break;
            case Op::last:
                update_field<rules::Stamped>(cells, offset, rows, count, rules::combine_last,
                                             stamped);
                break;
        }
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

}  // namespace trommel::cpu
