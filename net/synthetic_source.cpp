#include "net/synthetic_source.h"

#include <algorithm>

namespace trommel::net {

SyntheticSource::SyntheticSource(const SyntheticSourceOptions& options, Clock& clock)
    : options_(options),
      clock_(clock),
      writer_(RecordFormat::json, options.stream.partitions > 1) {}

Status SyntheticSource::open() {
    std::string message;
    for (const Problem& problem : validate(options_.stream)) {
        message += (message.empty() ? "" : "; ") + problem.where + " " + problem.what;
    }
    if (!message.empty())
        return Status::error(Code::invalid_config, "synthetic source: " + message);
    stream_.emplace(options_.stream);
    for (uint32_t p = 0; p < options_.stream.partitions; ++p)
        names_.push_back("p" + std::to_string(p));
    opened_us_ = clock_.monotonic_us();
    return {};
}

// How many records the rate has allowed so far.
uint64_t SyntheticSource::due() const {
    const uint64_t events = stream_->options().events;
    if (options_.rate == 0) return events;
    const auto elapsed_us = static_cast<uint64_t>(clock_.monotonic_us() - opened_us_);
    const uint128 allowed = static_cast<uint128>(elapsed_us) * options_.rate / 1000000;
    return allowed < events ? static_cast<uint64_t>(allowed) : events;
}

Source::Poll SyntheticSource::poll(RecordBatch& batch, int64_t until_us) {
    if (!batch.id_hi.empty() || !batch.key_text.empty()) {
        return {
            State::failed,
            0,
            {Code::invalid_config, "synthetic records have an id of type u64 and one integer key"}};
    }
    const uint64_t end = std::min(due(), next_ + (batch.capacity - batch.count));
    if (batch.count == 0) batch.first_record = next_;
    for (; next_ < end; ++next_) {
        const SyntheticRecord record = stream_->at(next_);
        if (record.time_us > until_us && record.kind != SyntheticRecord::Kind::corrupt) {
            if (batch.count == 0) return {State::held, record.time_us, {}};
            return {State::records, 0, {}};
        }
        add(record, batch);
    }
    if (next_ == stream_->options().events) return {State::ended, 0, {}};
    return {batch.count > 0 ? State::records : State::nothing, 0, {}};
}

void SyntheticSource::add(const SyntheticRecord& record, RecordBatch& batch) {
    using Kind = SyntheticRecord::Kind;
    const uint32_t row = batch.count++;
    const bool corrupt = record.kind == Kind::corrupt;
    batch.id_lo[row] = record.id;
    batch.time_us[row] = record.time_us;
    if (!batch.key_int.empty()) batch.key_int[row] = record.key;
    for (auto& column : batch.values) column[row] = record.v0;
    batch.partition[row] = record.partition;
    batch.offset[row] = record.number;
    batch.verdict[row] = corrupt ? Verdict::corrupt : Verdict::pending;
    batch.detail[row] = corrupt ? "damaged on purpose" : std::string_view{};
    batch.raw[row] = {};
    if (options_.with_raw || corrupt || record.kind == Kind::late) {
        line_.clear();
        writer_.append(line_, record);
        line_.pop_back();  // The line end.
        batch.raw[row] = batch.copy_text(line_);
    }
}

}  // namespace trommel::net
