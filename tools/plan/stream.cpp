#include "tools/plan/stream.h"

#include <algorithm>
#include <cstring>

#include "bench/kit/timing.h"
#include "kernels/rules/hash.h"

namespace trommel::tools {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15u;

// A uniform draw below `count`.
uint64_t below(uint64_t draw, uint64_t count) {
    return static_cast<uint64_t>(static_cast<uint128>(draw) * count >> 64);
}

// `bytes` characters that are different for different numbers, as far as there is room for them.
char* write_digits(uint64_t number, uint32_t bytes, char* out) {
    constexpr char kHex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < bytes; ++i) *out++ = kHex[number >> (i % 16 * 4) & 15];
    return out;
}

}  // namespace

// Notes the time where a slice begins, once for each.
void PlanStream::note_moment() {
    if (moments_.size() > options_.slices) return;
    const uint64_t end = options_.timed_end == 0 ? options_.events : options_.timed_end;
    const uint64_t of_slice = (end - options_.warm) / options_.slices;
    const bool is_last = moments_.size() == options_.slices;
    if (next_ < (is_last ? end : options_.warm + of_slice * moments_.size())) return;
    moments_.push_back(
        {next_, originals_, bench::cpu_seconds(), own_cpu_s_, bench::wall_seconds()});
}

PlanStream::Timed PlanStream::timed() const {
    if (moments_.size() <= options_.slices) return {};
    std::vector<double> source, others;
    for (size_t m = 1; m < moments_.size(); ++m) {
        const Moment &begin = moments_[m - 1], &end = moments_[m];
        const auto events = static_cast<double>(std::max<uint64_t>(1, end.events - begin.events));
        const double own_s = end.own_cpu_s - begin.own_cpu_s;
        source.push_back(own_s * 1e9 / events);
        others.push_back((end.cpu_s - begin.cpu_s - own_s) * 1e9 / events);
    }
    const Moment &begin = moments_.front(), &end = moments_.back();
    return {end.events - begin.events, end.originals - begin.originals, bench::median(source),
            bench::median(others),
            (end.cpu_s - begin.cpu_s) / std::max(1e-9, end.wall_s - begin.wall_s)};
}

// Up to which event may be fetched now. Notes how many of those that are due wait.
uint64_t PlanStream::due(int64_t now_us) {
    if (next_ < options_.paced_from) return std::min(options_.events, options_.paced_from);
    if (pace_begun_us_ < 0) {
        pace_begun_us_ = now_us;
        if (options_.outages > 0) outage_begin_us_ = now_us + options_.outage_from_us;
    }
    if (now_us >= outage_begin_us_ && now_us < outage_end_us()) {
        next_then_ = next_;
        own_cpu_then_s_ = own_cpu_s_;
        return next_;
    }
    const double due = static_cast<double>(now_us - pace_begun_us_) * options_.rate / 1e6;
    const uint64_t end =
        std::min(options_.events, options_.paced_from + static_cast<uint64_t>(due));
    if (catch_ups_.empty() && now_us < outage_begin_us_) {
        waiting_max_ = std::max(waiting_max_, end - std::min(end, next_));
    }
    return end;
}

// After an outage: is it caught up with?
void PlanStream::note_catch_up(int64_t now_us, uint64_t waiting) {
    if (now_us < outage_end_us() || waiting > 0) return;
    const auto events = static_cast<double>(std::max<uint64_t>(1, next_ - next_then_));
    catch_ups_.push_back({static_cast<double>(now_us - outage_end_us()) / 1e6,
                          (own_cpu_s_ - own_cpu_then_s_) * 1e9 / events});
    outage_begin_us_ = now_us + options_.outage_from_us;
}

bool PlanStream::is_over() const {
    return next_ == options_.events ||
           (options_.outages > 0 && catch_ups_.size() == options_.outages);
}

Source::Poll PlanStream::poll(RecordBatch& batch, int64_t) {
    note_moment();
    if (is_over()) return {State::ended, 0, {}};
    const int64_t now_us = clock_.monotonic_us();
    const uint64_t fetched_to = due(now_us);
    const uint64_t room = batch.capacity - batch.count;
    const uint64_t end = std::min(fetched_to, next_ + room);
    const double begin_s = bench::cpu_seconds();
    batch.first_record = next_;
    while (next_ < end) add(batch);
    own_cpu_s_ += bench::cpu_seconds() - begin_s;
    note_catch_up(now_us, fetched_to - next_);
    return {batch.count > 0 ? State::records : State::nothing, 0, {}};
}

void PlanStream::add(RecordBatch& batch) {
    const uint64_t random = rules::mix64(next_ * kGolden + 1);
    const bool copy =
        static_cast<double>(random >> 11) * 0x1p-53 < options_.duplicate_share && originals_ > 0;
    const uint64_t drawn = rules::mix64(random);
    const uint64_t back = below(drawn, std::min(originals_, options_.reach));
    const uint64_t original = copy ? originals_ - 1 - back : originals_++;
    const uint64_t id = rules::mix64(original + 7);
    const uint32_t row = batch.count++;
    if (!batch.id_text.empty()) {
        char* const text = batch.allocate_text(options_.id_bytes);
        write_digits(id, options_.id_bytes, text);
        batch.id_text[row] = {text, options_.id_bytes};
    } else {
        batch.id_lo[row] = id;
        if (!batch.id_hi.empty()) batch.id_hi[row] = rules::mix64(id);
    }
    const uint64_t key = below(rules::mix64(original * kGolden + 3), options_.keys);
    if (!batch.key_int.empty()) batch.key_int[row] = static_cast<int64_t>(key);
    if (!batch.key_text.empty()) {
        // Encoded as trommel/key.h says; no digit is a byte that is 0.
        char* const text = batch.allocate_text(options_.key_bytes + 2);
        char* const end = write_digits(rules::mix64(key + 1), options_.key_bytes, text);
        end[0] = '\0';
        end[1] = '\1';
        batch.key_text[row] = {text, options_.key_bytes + 2};
    }
    const double since_ns = static_cast<double>(next_) * options_.step_ns;
    batch.time_us[row] = static_cast<int64_t>(since_ns / 1000);
    for (auto& column : batch.values) column[row] = static_cast<int64_t>(random >> 40);
    batch.partition[row] = 0;
    batch.offset[row] = 2 * next_ + (copy ? 1 : 0);
    batch.raw[row] = {};
    batch.verdict[row] = Verdict::pending;
    batch.detail[row] = {};
    ++next_;
}

}  // namespace trommel::tools
