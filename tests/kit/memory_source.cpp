#include "tests/kit/memory_source.h"

#include <algorithm>
#include <utility>

#include "tests/kit/random_job.h"

namespace trommel::testkit {

MemorySource::MemorySource(const Config& config, std::vector<OracleEvent> events, Options options)
    : config_(config),
      events_(std::move(events)),
      options_(std::move(options)),
      random_(options_.cut_seed) {
    for (size_t i = options_.lines.size(); i < events_.size(); ++i) {
        options_.lines.push_back("record " + std::to_string(i));
    }
}

Status MemorySource::open() {
    if (opened_) return Status::error(Code::internal, "the source was opened twice");
    opened_ = true;
    for (uint32_t p = 0; p < options_.known_partitions; ++p) index_of(p);
    return {};
}

Source::Poll MemorySource::poll(RecordBatch& batch, int64_t until_us) {
    if (!opened_) return {State::failed, 0, Status::error(Code::internal, "poll() before open()")};
    uint32_t most = std::min(options_.records_per_poll_max, batch.capacity - batch.count);
    if (most == 0) return {State::nothing, 0, {}};
    if (options_.cut_seed != 0) {
        if (random_.one_in(4)) return {State::nothing, 0, {}};
        most = std::min(most, static_cast<uint32_t>(1 + random_.below(most)));
    }
    uint32_t brought = 0;
    for (; brought < most && next_ < events_.size(); ++brought) {
        if (next_ >= options_.fail_after) break;
        if (is_held(events_[next_], until_us)) {
            if (brought > 0) break;
            return {State::held, events_[next_].time_us, {}};
        }
        append(batch);
    }
    if (brought > 0) return {State::records, 0, {}};
    if (next_ >= options_.fail_after) {
        return {State::failed, 0, Status::error(Code::io, "the memory source was told to fail")};
    }
    if (options_.stays_open) return {State::nothing, 0, {}};
    return {State::ended, 0, {}};
}

// Corrupt records have no time to be held by.
bool MemorySource::is_held(const OracleEvent& event, int64_t until_us) const {
    return !event.corrupt && event.time_us > until_us;
}

void MemorySource::append(RecordBatch& batch) {
    const std::string& raw = options_.lines[next_];
    const uint32_t row = batch.count;
    fill(batch, config_, events_, next_, next_ + 1);
    batch.partition[row] = index_of(events_[next_].partition);
    batch.raw[row] = raw;
    batch.offset[row] = offset_;
    offset_ += raw.size() + 1;
    ++next_;
}

uint32_t MemorySource::index_of(uint32_t number) {
    const auto [found, inserted] =
        index_of_number_.try_emplace(number, static_cast<uint32_t>(names_.size()));
    if (inserted) names_.push_back(partition_name_of(number));
    return found->second;
}

}  // namespace trommel::testkit
