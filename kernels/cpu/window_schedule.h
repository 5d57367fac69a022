#pragma once
#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "trommel/config.h"

#include "kernels/cpu/partial_rows.h"
#include "kernels/rules/window.h"

namespace trommel::cpu {

// A window whose rows are handed out.
struct OpenWindow {
    uint32_t spec = 0;        // Of the schedule,
    uint32_t window = 0;      // and index into Config::windows.
    bool is_sliding = false;  // Its panes will be used again.
    int64_t start_us = 0, end_us = 0;
};

// Which window of a job comes next in W4 order, and which panes are still needed. Whoever keeps the
// panes says by a function `first_from` what the first pane at or after an index is; kNoPane when
// there is none. One owner, one thread.
class WindowSchedule {
   public:
    static constexpr int64_t kNoPane = INT64_MAX;

    explicit WindowSchedule(const Config& config)
        : offset_us_(config.window_offset_us),
          pane_us_(rules::pane_us(config)),
          lateness_us_(config.time.allowed_lateness_us) {
        const std::vector<uint32_t> ranks = window_name_ranks(config);
        for (uint32_t w = 0; w < config.windows.size(); ++w) {
            const Window& window = config.windows[w];
            if (!rules::is_aligned(window.kind)) continue;
            specs_.push_back({w, ranks[w], window.size_us, window.slide_us, INT64_MIN});
            panes_per_window_ = std::max(panes_per_window_, window.size_us / pane_us_);
        }
    }

    bool has_windows() const { return !specs_.empty(); }
    int64_t offset_us() const { return offset_us_; }
    int64_t pane_us() const { return pane_us_; }
    int64_t panes_per_window() const { return panes_per_window_; }  // At most.
    int64_t index_of(int64_t time_us) const {
        return rules::pane_index(time_us, offset_us_, pane_us_);
    }

    // Moves the watermark; it never goes back. INT64_MAX: the input has ended.
    void advance(int64_t watermark_us) {
        if (watermark_us <= watermark_us_) return;
        watermark_us_ = watermark_us;
        open_from_ = open_from_at(watermark_us);
    }
    // Panes from this index on may still get events; and when the watermark is there.
    int64_t open_from() const { return open_from_; }
    int64_t open_from_at(int64_t watermark_us) const {
        const int64_t final_us = rules::final_end(lateness_us_, watermark_us);
        // Before and after all times, and too far off to divide.
        if (final_us <= -2 * kTimeLimitUs) return INT64_MIN;
        return final_us >= 2 * kTimeLimitUs ? INT64_MAX : index_of(final_us);
    }

    // The next final window with an event, in W4 order; false when there is none now.
    template <typename FirstFrom>
    bool next(const FirstFrom& first_from, OpenWindow& out) const {
        const auto rank = [this](const OpenWindow& open) {
            return std::tuple{open.end_us, open.start_us, specs_[open.spec].name_rank};
        };
        bool found = false;
        for (uint32_t s = 0; s < specs_.size(); ++s) {
            const Spec& spec = specs_[s];
            const int64_t end_us = next_end(first_from, spec, spec.done_end_us);
            if (!is_final(end_us)) continue;
            const OpenWindow candidate{s, spec.window, spec.slide_us < spec.size_us,
                                       end_us - spec.size_us, end_us};
            if (!found || rank(candidate) < rank(out)) out = candidate;
            found = true;
        }
        return found;
    }
    // All its rows were handed out.
    void finish(const OpenWindow& open) { specs_[open.spec].done_end_us = open.end_us; }

    // Are there final rows that were not handed out?
    template <typename FirstFrom>
    bool has_next(const FirstFrom& first_from) const {
        return is_final(least_end(first_from));
    }
    // Every row of a window that ends up to here was handed out.
    template <typename FirstFrom>
    int64_t complete_end_us(const FirstFrom& first_from) const {
        const int64_t final_us = rules::final_end(lateness_us_, watermark_us_);
        const int64_t next_us = least_end(first_from);
        return next_us == kNoEnd ? final_us : std::min(final_us, next_us - 1);
    }
    // Final windows that have rows left, counted up to `max`.
    template <typename FirstFrom>
    uint32_t waiting(const FirstFrom& first_from, uint32_t max) const {
        uint32_t waiting = 0;
        for (const Spec& spec : specs_) {
            int64_t end_us = next_end(first_from, spec, spec.done_end_us);
            while (is_final(end_us)) {
                if (++waiting == max) return max;
                end_us = next_end(first_from, spec, end_us);
            }
        }
        return waiting;
    }

    // Will a window that was not handed out cover the pane?
    bool needs(int64_t index) const {
        const int64_t start_us = rules::pane_start(index, offset_us_, pane_us_);
        return std::any_of(specs_.begin(), specs_.end(), [&](const Spec& spec) {
            return rules::last_end_covering(start_us, offset_us_, spec.slide_us, spec.size_us) >
                   spec.done_end_us;
        });
    }

   private:
    static constexpr int64_t kNoEnd = INT64_MAX;
    struct Spec {
        uint32_t window;  // Index into Config::windows.
        uint32_t name_rank;
        int64_t size_us, slide_us;
        int64_t done_end_us;  // Its windows up to this end have been handed out.
    };

    // kNoEnd is beyond every final end but that of the input's end.
    bool is_final(int64_t end_us) const {
        return end_us != kNoEnd && rules::is_final(end_us, lateness_us_, watermark_us_);
    }
    // The end of the spec's next window with an event after those up to `done_end_us`, final or
    // not; kNoEnd: there is none.
    template <typename FirstFrom>
    int64_t next_end(const FirstFrom& first_from, const Spec& spec, int64_t done_end_us) const {
        const bool is_first = done_end_us == INT64_MIN;
        // The window after the last one, or when it is empty the first that the next event is in.
        const int64_t end_us = is_first ? INT64_MIN : done_end_us + spec.slide_us;
        const int64_t pane = first_from(is_first ? INT64_MIN : index_of(end_us - spec.size_us));
        if (pane == kNoPane) return kNoEnd;
        const int64_t start_us = rules::pane_start(pane, offset_us_, pane_us_);
        return std::max(end_us, rules::first_end_after(start_us, offset_us_, spec.slide_us));
    }

    template <typename FirstFrom>
    int64_t least_end(const FirstFrom& first_from) const {
        int64_t least = kNoEnd;
        for (const Spec& spec : specs_) {
            least = std::min(least, next_end(first_from, spec, spec.done_end_us));
        }
        return least;
    }

    int64_t offset_us_, pane_us_, lateness_us_;
    int64_t panes_per_window_ = 0;
    std::vector<Spec> specs_;
    int64_t watermark_us_ = INT64_MIN;
    int64_t open_from_ = INT64_MIN;
};

}  // namespace trommel::cpu
