#include "hostpath/row_merger.h"

#include <algorithm>

namespace trommel::hostpath {

RowMerger::RowMerger(const Config& config, uint32_t streams)
    : key_shape_(key_shape(config)),
      layout_(config),
      rank_(cpu::window_name_ranks(config)),
      streams_(streams),
      complete_end_us_(streams, INT64_MIN),
      cell_(layout_.bytes()),
      results_(config.aggregates.size()) {}

void RowMerger::offer(uint32_t stream, cpu::PartialRows* rows) {
    if (rows->count() == 0) {
        used_.push_back({stream, rows});
    } else {
        streams_[stream].push_back({rows, 0});
    }
}

RowMerger::State RowMerger::merge(RowBatch& out, size_t rows_max) {
    while (find_least()) {
        const bool keys_full = out.key_bytes.size() >= cpu::PartialRows::kKeyBytesMax;
        if (out.count() >= rows_max || keys_full) return State::full;
        append(equal_.front(), out);
        for (const uint32_t s : equal_) step(s);
    }
    return State::starved;
}

// Finds the streams whose next row is the least of all. False: nothing may come out yet.
bool RowMerger::find_least() {
    equal_.clear();
    starved_ = static_cast<uint32_t>(streams_.size()) - 1;
    for (uint32_t s = 0; s < streams_.size(); ++s) {
        if (streams_[s].empty()) continue;
        const int order = equal_.empty() ? -1 : compare(s, equal_.front());
        if (order < 0) equal_.clear();
        if (order <= 0) equal_.push_back(s);
    }
    if (equal_.empty()) return false;
    const Block& least = streams_[equal_.front()].front();
    const int64_t end_us = least.rows->end_us[least.next];
    for (starved_ = 0; starved_ < streams_.size(); ++starved_) {
        if (streams_[starved_].empty() && complete_end_us_[starved_] < end_us) return false;
    }
    return true;
}

int RowMerger::compare(uint32_t a, uint32_t b) const {
    const Block& left = streams_[a].front();
    const Block& right = streams_[b].front();
    return left.rows->compare(left.next, *right.rows, right.next, rank_);
}

void RowMerger::append(uint32_t first, RowBatch& out) {
    const Block& block = streams_[first].front();
    const cpu::PartialRows& rows = *block.rows;
    const uint32_t row = block.next;
    out.window.push_back(rows.window[row]);
    out.start_us.push_back(rows.start_us[row]);
    out.end_us.push_back(rows.end_us[row]);
    if (key_shape_ == KeyShape::integer) out.key_int.push_back(rows.key_int[row]);
    if (key_shape_ == KeyShape::encoded) {
        const std::string_view key = rows.key_text(row);
        out.key_bytes.insert(out.key_bytes.end(), key.begin(), key.end());
        out.key_end.push_back(static_cast<uint32_t>(out.key_bytes.size()));
    }
    const char* cell = rows.cell(row);
    if (equal_.size() > 1) {
        std::copy_n(cell, layout_.bytes(), cell_.data());
        for (size_t i = 1; i < equal_.size(); ++i) {
            const Block& other = streams_[equal_[i]].front();
            layout_.combine(cell_.data(), other.rows->cell(other.next));
        }
        cell = cell_.data();
    }
    layout_.finish(cell, results_.data());
    for (size_t a = 0; a < results_.size(); ++a) out.aggregates[a].push_back(results_[a]);
}

void RowMerger::step(uint32_t stream) {
    Block& block = streams_[stream].front();
    if (++block.next < block.rows->count()) return;
    used_.push_back({stream, block.rows});
    streams_[stream].pop_front();
}

bool RowMerger::take_used(uint32_t& stream, cpu::PartialRows*& rows) {
    if (used_.empty()) return false;
    stream = used_.back().stream;
    rows = used_.back().rows;
    used_.pop_back();
    return true;
}

}  // namespace trommel::hostpath
