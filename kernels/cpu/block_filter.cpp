#include "kernels/cpu/block_filter.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/cpu/prefetch.h"
#include "kernels/rules/assert.h"

namespace trommel::cpu {
namespace {

using rules::kFilterSlots;

// The passes write 0 and 1.
static_assert(Outcome{0} == Outcome::duplicate && Outcome{1} == Outcome::unique);

// Ids fall on groups at random. A filter of some of the groups gets six standard deviations on top
// of its share, so that it is never full before all of them together are.
uint64_t ids_max_of(const BlockFilterOptions& options) {
    const uint32_t groups = options.group_end - options.group_begin;
    if (groups == rules::kGroups) return options.geometry.ids_max;
    const double part = static_cast<double>(groups) / rules::kGroups;
    const double share = static_cast<double>(options.geometry.ids_max) * part;
    return static_cast<uint64_t>(share + 6 * std::sqrt(share * (1 - part)) + 16);
}

}  // namespace

std::unique_ptr<BlockFilter> BlockFilter::create(const BlockFilterOptions& options,
                                                 MemoryBudget& budget) {
    std::unique_ptr<BlockFilter> filter(new BlockFilter(options, budget));
    return filter->words_ == nullptr ? nullptr : std::move(filter);
}

BlockFilter::BlockFilter(const BlockFilterOptions& options, MemoryBudget& budget)
    : first_line_(options.group_begin * options.geometry.lines_per_group),
      lines_per_group_(options.geometry.lines_per_group),
      lines_((options.group_end - options.group_begin) * lines_per_group_),
      ids_max_(ids_max_of(options)),
      horizon_us_(options.geometry.horizon_us),
      slice_us_(rules::filter_slice_us(horizon_us_)),
      forgets_(options.forgets),
      kernels_(filter_kernels(options.simd)),
      region_(lines_ * rules::kFilterLineBytes, budget),
      clock_(options.geometry, lines_) {
    if (!region_.grow_to(lines_ * rules::kFilterLineBytes)) return;
    words_ = reinterpret_cast<uint64_t*>(region_.data());
}

// --- Time
// ---------------------------------------------------------------------------------------------

void BlockFilter::advance(int64_t watermark_us, int64_t time_us) {
    if (slice_us_ == 0) return;
    if (clock_.advance(watermark_us, time_us, *this)) renew_ages();
}

void BlockFilter::sweep(uint64_t line, uint64_t count, uint32_t keep) {
    kernels_.sweep(words_ + line * rules::kFilterWords, count * rules::kFilterWords, keep);
}

// Gives the pages back instead of writing zeros: a stream with long gaps pays for what it touched
// only.
void BlockFilter::clear() {
    region_.shrink_to_zero();
    TROMMEL_ASSERT(region_.grow_to(lines_ * rules::kFilterLineBytes));
}

void BlockFilter::drop_slots(uint32_t count) {
    std::shift_left(ids_.begin(), ids_.end(), count);
    std::fill(ids_.end() - count, ids_.end(), 0);
}

void BlockFilter::renew_ages() {
    for (uint32_t slot = 0; slot < kFilterSlots; ++slot)
        ages_[slot] = rules::filter_age(clock_.floor(), slot);
}

// --- Events
// -------------------------------------------------------------------------------------------

void BlockFilter::judge(const IdColumns& ids, const uint32_t* rows, uint32_t count,
                        Outcome* outcomes) {
    if (slice_us_ == 0) return judge_plain(ids, rows, count, outcomes);
    TROMMEL_ASSERT(clock_.has_started() || count == 0);
    FilterPass pass{{words_, first_line_, lines_per_group_}, ages_.data(), ids.hash};
    for (uint32_t k = 0; k < std::min(count, kFilterLookahead); ++k) {
        ask_for(pass.line_of(ids.hash[rows[k]]));
    }
    for (uint32_t done = 0; done < count;) {
        const Run run = fill_slots(ids.time_us, rows + done, std::min(count - done, kRunRows));
        if (run.count == 0) {
            if (forgets_) {
                reach(ids.time_us[rows[done]]);
            } else {
                outcomes[done++] = Outcome::full;
            }
            continue;
        }
        pass.rows = rows + done;
        pass.slots = slots_.data();
        pass.is_new = reinterpret_cast<uint8_t*>(outcomes + done);
        pass.count = run.count;
        pass.following = count - done - run.count;
        if (has_room_for(run)) {
            kernels_.judge(pass);
            count_new(pass, run);
            done += run.count;
        } else {
            done += judge_near_capacity(pass);
        }
    }
}

// Takes no more rows at a time than may still come to be remembered; when none may, rows are only
// looked up: a copy is still a duplicate.
void BlockFilter::judge_plain(const IdColumns& ids, const uint32_t* rows, uint32_t count,
                              Outcome* outcomes) {
    uint64_t& remembered = ids_[0];
    PlainFilterPass pass{{words_, first_line_, lines_per_group_}, ids.hash};
    for (uint32_t done = 0; done < count; done += pass.count) {
        const uint64_t room = ids_max_ - remembered;
        pass.rows = rows + done;
        pass.is_new = reinterpret_cast<uint8_t*>(outcomes + done);
        pass.count = count - done;
        if (room == 0) {
            pass.keep = 0;
        } else if (room < pass.count) {
            pass.count = static_cast<uint32_t>(room);
        }
        const uint32_t found = kernels_.judge_plain(pass);
        if (room > 0) {
            remembered += found;
        } else {
            std::replace(outcomes + done, outcomes + count, Outcome::unique, Outcome::full);
        }
    }
}

// Finds the slots of the rows up to the first whose time does not fit.
BlockFilter::Run BlockFilter::fill_slots(const int64_t* times_us, const uint32_t* rows,
                                         uint32_t count) {
    const auto width_us = static_cast<uint64_t>(slice_us_);
    const int64_t begin_us = clock_.floor() * slice_us_;
    Run run{0, kFilterSlots - 1, 0};
    uint64_t slot_begin_us =
        0;  // After begin_us. Neighbours mostly share a slot: a division saved.
    uint8_t slot = kFilterSlots;
    for (; run.count < count; ++run.count) {
        const int64_t time_us = times_us[rows[run.count]];
        uint64_t offset_us = static_cast<uint64_t>(time_us) - static_cast<uint64_t>(begin_us);
        if (slot == kFilterSlots || offset_us - slot_begin_us >= width_us) {
            if (forgets_ && time_us < begin_us) offset_us = 0;
            if (offset_us >= kFilterSlots * width_us) break;
            slot = static_cast<uint8_t>(offset_us / width_us);
            slot_begin_us = slot * width_us;
            run.oldest = std::min(run.oldest, slot);
            run.newest = std::max(run.newest, slot);
        }
        slots_[run.count] = slot;
    }
    return run;
}

// Does the rate hold even if these rows are all new and all in view of the oldest of them?
bool BlockFilter::has_room_for(const Run& run) const {
    const uint64_t view = rules::filter_view(ids_.data(), run.oldest);
    return view <= ids_max_ && ids_max_ - view >= run.count;
}

void BlockFilter::count_new(const FilterPass& pass, const Run& run) {
    if (run.oldest == run.newest) {
        ids_[run.oldest] += std::accumulate(pass.is_new, pass.is_new + run.count, uint32_t{0});
    } else {
        for (uint32_t k = 0; k < run.count; ++k) ids_[pass.slots[k]] += pass.is_new[k];
    }
}

// Row by row. A row that has too many ids in view is only looked up: a copy is still a duplicate.
// Returns how many are judged: up to one that slots were forgotten for, since all have others then.
uint32_t BlockFilter::judge_near_capacity(const FilterPass& pass) {
    constexpr uint8_t kFirst = 0;
    for (uint32_t k = 0; k < pass.count; ++k) {
        const uint32_t slot = pass.slots[k];
        const bool has_room = rules::filter_view(ids_.data(), slot) < ids_max_;
        rules::FilterAge age = ages_[slot];
        if (!has_room) age.older = 0;
        FilterPass row = pass;
        row.ages = &age;
        row.slots = &kFirst;
        row.rows = pass.rows + k;
        row.is_new = pass.is_new + k;
        row.count = 1;
        row.following = pass.count + pass.following - k - 1;
        kernels_.judge(row);
        if (*row.is_new == 0) continue;
        if (has_room) {
            ++ids_[slot];
        } else if (forgets_ && forget_for(slot)) {
            return k;
        } else {
            *row.is_new = static_cast<uint8_t>(Outcome::full);
        }
    }
    return pass.count;
}

// --- OnFull::forget
// -------------------------------------------------------------------------------------------

// Moves the floor on to where a time fits that is too new.
void BlockFilter::reach(int64_t time_us) {
    raise_floor(rules::filter_slice_of(time_us, slice_us_) - int64_t{kFilterSlots - 1});
}

// Makes room for one id more. False when nothing is older than its slot.
bool BlockFilter::forget_for(uint32_t slot) {
    const uint32_t slots = rules::filter_slots_to_forget(ids_.data(), ids_max_, 1, slot);
    if (slots > 0) raise_floor(clock_.floor() + slots);
    return slots > 0;
}

void BlockFilter::raise_floor(int64_t floor) {
    TROMMEL_ASSERT(floor > clock_.floor());
    clock_.move_floor(floor, *this);
    renew_ages();
    const int64_t early_us = (floor - clock_.due_floor()) * slice_us_;
    shortened_us_ = std::max(shortened_us_, std::min(horizon_us_, early_us));
}

uint64_t BlockFilter::live_ids() const {
    return std::accumulate(ids_.begin(), ids_.end(), uint64_t{0});
}

}  // namespace trommel::cpu
