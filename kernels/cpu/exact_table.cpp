#include "kernels/cpu/exact_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "kernels/cpu/byte_arena.h"
#include "kernels/cpu/exact_home.h"
#include "kernels/cpu/exact_kinds.h"
#include "kernels/cpu/exact_line.h"
#include "kernels/cpu/exact_page_map.h"
#include "kernels/cpu/prefetch.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/lateness.h"
#include "kernels/rules/partition.h"

namespace trommel::cpu {
namespace {

using rules::kLinesPerPage;
// A table that may not grow any more is full when this share of its slots is live.
constexpr double kFillMax = 0.80;
// How many overflowed events ahead their lines are asked for once more: by then they are in the
// second-level cache, but most likely not the translation of their pages. 1.2 of the speed of a
// table of 128-bit ids that overflow often.
constexpr uint32_t kSettleAhead = 8;
constexpr size_t kStashMax = 1024;

template <class Kind>
class ExactTable final : public IdMemory {
    using Line = typename Kind::Line;
    using Entry = typename Kind::Entry;
    static constexpr uint32_t kAllSlots = (1u << Line::kSlots) - 1;
    static constexpr uint64_t kSlotsPerPage = kLinesPerPage * Line::kSlots;

   public:
    ExactTable(const ExactTableOptions& options, MemoryBudget& budget)
        : options_(options),
          ticks_(rules::dedup_ticks(options.horizon_us)),
          lines_(home_lines(options.simd)),
          pass_(home_pass(options.kind, options.simd)),
          budget_(budget),
          region_(budget.max_bytes(), budget),
          map_{options.group_end - options.group_begin, options.group_begin},
          live_by_tick_(65536),
          line_index_(options.rows_max),
          row_ticks_(options.rows_max),
          positions_(options.rows_max),
          deferred_(options.rows_max),
          judged_rows_(options.rows_max),
          judged_outcomes_(options.rows_max) {
        stash_.reserve(kStashMax);
        if (options.kind == IdKind::verified) arena_ = std::make_unique<ByteArena>(budget);
        if (!region_.grow_to(map_.groups * kPageBytes)) return;
        pages_ = map_.groups;
        while (static_cast<double>(pages_ * kSlotsPerPage) * Line::kFillGrow <
                   static_cast<double>(options.expected_ids) &&
               add_page()) {
        }
        for (uint64_t page = 0; page < pages_; ++page) make_blank(page_lines(page));
    }

    bool valid() const { return pages_ > 0; }

    void advance(int64_t watermark_us, int64_t time_us) override {
        if (ticks_.tick_us == 0 || watermark_us == rules::kEndOfInputUs) return;
        if (!anchored_) {
            anchored_ = true;
            floor_tick_ = rules::tick_of(time_us, ticks_) - rules::kAnchorTicks;
            for (uint64_t page = 0; page < pages_; ++page) make_blank(page_lines(page));
        }
        if (watermark_us == rules::kUnknownUs) return;
        needed_tick_ = rules::oldest_tick_needed(watermark_us, options_.allowed_lateness_us,
                                                 options_.lateness_pane_us, ticks_);
        raise_floor(needed_tick_);
    }

    void judge(const IdColumns& ids, const uint32_t* rows, uint32_t count,
               Outcome* outcomes) override {
        grow_for(count);
        const uint32_t readable = note_ticks(ids, rows, count, outcomes);
        const uint32_t* const judged = readable == count ? rows : judged_rows_.data();
        lines_(map_, ids.hash, judged, readable, line_index_.data());
        const bool roomy = live_ + readable <= room();
        Outcome* const results = readable == count ? outcomes : judged_outcomes_.data();
        if (pass_ != nullptr && roomy) {
            judge_at_home(ids, judged, readable, results);
        } else {
            settle_all(ids, judged, readable, results);
        }
        if (readable == count) return;
        for (uint32_t k = 0; k < readable; ++k) outcomes[positions_[k]] = results[k];
    }

    bool forget_oldest(uint32_t events) override {
        if (ticks_.tick_us == 0) return false;
        const uint64_t wanted = std::max<uint64_t>(live_ / 64, events);
        const uint64_t target = live_ > wanted ? live_ - wanted : 0;
        int64_t newest = floor_tick_ + kLiveTicks - 1;
        while (newest > floor_tick_ && live_by_tick_[static_cast<uint16_t>(newest)] == 0) --newest;
        int64_t floor = floor_tick_;
        for (uint64_t live = live_; live > target && floor < newest; ++floor) {
            live -= live_by_tick_[static_cast<uint16_t>(floor)];
        }
        if (floor == floor_tick_) return false;
        raise_floor(floor);
        const int64_t early_us = (floor - needed_tick_) * ticks_.tick_us;
        shortened_us_ = std::max(shortened_us_, std::min(early_us, options_.horizon_us));
        return true;
    }

    int64_t horizon_shortened_us() const override { return shortened_us_; }

    void take_back(const IdColumns& ids, uint32_t row) override {
        const auto tick = static_cast<uint16_t>(rules::tick_of(ids.time_us[row], ticks_));
        const Place place = find(ids, row, map_.home_line(ids.hash[row]));
        // Its tick is forgotten already, or a later event of the id, far away, stays remembered.
        if (!place.found() || tick_at(place) != tick) return;
        --live_by_tick_[tick];
        --live_;
        tick_at(place) = dead_tick();
        if (place.line == nullptr) stash_.erase(stash_.begin() + place.slot);
    }

    bool span_exceeded() const override { return span_exceeded_; }
    Stretch take_ahead() override { return region_.take_ahead(); }
    uint64_t live_ids() const override { return live_; }
    uint64_t committed_bytes() const override { return budget_.used_bytes(); }
    Stretch lines() const override { return {region_.data(), pages_ * kPageBytes}; }

   private:
    struct Stashed {
        Entry entry;
        uint16_t tick;
    };
    // Where an id stands: in a line, or (line == nullptr) in the stash.
    struct Place {
        Line* line = nullptr;
        uint32_t slot = UINT32_MAX;
        uint32_t steps = 0;  // Lines walked from home.
        bool found() const { return slot != UINT32_MAX; }
    };

    uint16_t floor16() const { return static_cast<uint16_t>(floor_tick_); }
    uint16_t dead_tick() const { return static_cast<uint16_t>(floor_tick_ - 1); }
    bool live(uint16_t tick) const { return is_live(tick, floor16()); }
    uint64_t room() const {
        return static_cast<uint64_t>(static_cast<double>(pages_ * kSlotsPerPage) * kFillMax);
    }
    Line* page_lines(uint64_t page) const {
        return reinterpret_cast<Line*>(region_.data() + page * kPageBytes);
    }

    // Fills row_ticks_ for the rows whose tick can be kept. Others (partitions further apart than a
    // table can hold, which contract T7 excludes but for partitions that have shown nothing yet)
    // are `full`.
    uint32_t note_ticks(const IdColumns& ids, const uint32_t* rows, uint32_t count,
                        Outcome* outcomes) {
        span_exceeded_ = false;
        if (ticks_.tick_us == 0) {
            std::fill_n(row_ticks_.begin(), count, uint16_t{0});
            return count;
        }
        uint32_t kept = 0;
        for (uint32_t k = 0; k < count;) {
            // Neighbours mostly share a tick.
            const int64_t tick = rules::tick_of(ids.time_us[rows[k]], ticks_);
            const int64_t begin = tick * ticks_.tick_us;
            const auto shares_tick = [&](int64_t time_us) {
                return static_cast<uint64_t>(time_us - begin) <
                       static_cast<uint64_t>(ticks_.tick_us);
            };
            uint32_t run_end = k + 1;
            while (run_end < count && shares_tick(ids.time_us[rows[run_end]])) ++run_end;
            const auto place = rules::place_of_tick(tick, floor_tick_, shortened_us_ > 0);
            if (place == rules::TickPlace::kept) {
                std::fill_n(row_ticks_.begin() + kept, run_end - k, static_cast<uint16_t>(tick));
                for (uint32_t r = k; kept != k && r < run_end; ++r) {
                    judged_rows_[kept + r - k] = rows[r];
                    positions_[kept + r - k] = r;
                }
                kept += run_end - k;
            } else {
                const bool is_early = place == rules::TickPlace::forgotten;
                std::fill_n(outcomes + k, run_end - k, is_early ? Outcome::unique : Outcome::full);
                span_exceeded_ |= !is_early;
                if (kept == k) copy_prefix(rows, k);
            }
            k = run_end;
        }
        return kept;
    }
    void copy_prefix(const uint32_t* rows, uint32_t count) {
        for (uint32_t k = 0; k < count; ++k) {
            judged_rows_[k] = rows[k];
            positions_[k] = k;
        }
    }

    void judge_at_home(const IdColumns& ids, const uint32_t* rows, uint32_t count,
                       Outcome* outcomes) {
        HomePass pass{region_.data(),
                      line_index_.data(),
                      rows,
                      row_ticks_.data(),
                      count,
                      ids.hash,
                      ids.lo,
                      ids.hi,
                      floor16(),
                      static_cast<uint32_t>(ticks_.reach),
                      live_by_tick_.data(),
                      reinterpret_cast<uint8_t*>(outcomes),
                      deferred_.data(),
                      0,
                      0};
        pass_(pass);
        live_ += pass.inserted;
        for (uint32_t d = 0; d < kSettleAhead; ++d) ask_for_deferred(d, pass.deferred_count);
        for (uint32_t d = 0; d < pass.deferred_count; ++d) {
            ask_for_deferred(d + kSettleAhead, pass.deferred_count);
            const uint32_t k = deferred_[d];
            outcomes[k] = settle(ids, rows[k], line_index_[k], row_ticks_[k]);
        }
    }

    // The home line of a deferred event and those after it, which it may have moved on to.
    void ask_for_deferred(uint32_t d, uint32_t deferred_count) const {
        if (d >= deferred_count) return;
        const char* const line = region_.data() + size_t{line_index_[deferred_[d]]} * 64;
        for (uint32_t step = 0; step < 3; ++step) ask_for_near(line + size_t{step} * 64);
    }

    void settle_all(const IdColumns& ids, const uint32_t* rows, uint32_t count, Outcome* outcomes) {
        const auto ask_for_line = [&](uint32_t k) {
            if (k >= count) return;
            ask_for(region_.data() + size_t{line_index_[k]} * 64);
        };
        // What the line then leads to: the bytes to compare with, the line where ids went on to.
        const auto ask_beyond_line = [&](uint32_t k) {
            if (k >= count) return;
            const Line& line = reinterpret_cast<Line*>(region_.data())[line_index_[k]];
            const uint64_t hash = ids.hash[rows[k]];
            Kind::prefetch_bytes(line, hash, arena_.get());
            if ((line.overflow_bits & overflow_bit<Line>(hash)) != 0) ask_for(&line + 1);
        };
        for (uint32_t k = 0; k < kLookahead; ++k) ask_for_line(k);
        for (uint32_t k = 0; k < kLookahead / 2; ++k) ask_beyond_line(k);
        for (uint32_t k = 0; k < count; ++k) {
            ask_for_line(k + kLookahead);
            ask_beyond_line(k + kLookahead / 2);
            outcomes[k] = settle(ids, rows[k], line_index_[k], row_ticks_[k]);
        }
    }

    // Decides one event by walking its page as far as ids of its kind have overflowed.
    Outcome settle(const IdColumns& ids, uint32_t row, uint32_t home, uint16_t tick) {
        const Place place = find(ids, row, home);
        if (place.found()) {
            const int64_t known = above_floor(tick_at(place)), now = above_floor(tick);
            if (rules::is_duplicate(known, now, ticks_.reach)) return Outcome::duplicate;
            if (rules::remembered_after(known, now, ticks_.reach) == now) {
                restamp(ids, row, home, place, tick);
            }
            return Outcome::renewed;
        }
        if (live_ >= room()) return Outcome::full;
        Entry entry;
        if (stash_.size() == kStashMax ||
            !Kind::make(entry, ids, row, tick, floor16(), arena_.get())) {
            return Outcome::full;
        }
        insert(home / kLinesPerPage, ids.hash[row], entry, tick);
        ++live_by_tick_[tick];
        ++live_;
        return Outcome::unique;
    }

    int64_t above_floor(uint16_t tick) const { return static_cast<uint16_t>(tick - floor16()); }
    uint16_t& tick_at(const Place& place) {
        return place.line == nullptr ? stash_[place.slot].tick : place.line->tick[place.slot];
    }

    Place find(const IdColumns& ids, uint32_t row, uint32_t home) {
        Line* const lines = page_lines(home / kLinesPerPage);
        const auto bit = overflow_bit<Line>(ids.hash[row]);
        for (uint32_t step = 0; step < kLinesPerPage; ++step) {
            Line& line = lines[(home + step) % kLinesPerPage];
            const uint32_t same =
                Kind::same(line, live_slots(line, floor16()), ids, row, arena_.get());
            if (same != 0) return {&line, static_cast<uint32_t>(__builtin_ctz(same)), step};
            if (!live(line.overflow_tick) || (line.overflow_bits & bit) == 0) return {};
        }
        for (uint32_t s = 0; s < stash_.size(); ++s) {
            if (live(stash_[s].tick) && Kind::matches(stash_[s].entry, ids, row, arena_.get())) {
                return {nullptr, s, kLinesPerPage};
            }
        }
        return {};
    }

    void restamp(const IdColumns& ids, uint32_t row, uint32_t home, const Place& place,
                 uint16_t tick) {
        uint16_t& remembered = tick_at(place);
        --live_by_tick_[remembered];
        ++live_by_tick_[tick];
        remembered = tick;
        Line* const lines = page_lines(home / kLinesPerPage);
        for (uint32_t step = 0; step < place.steps; ++step) {
            Line& line = lines[(home + step) % kLinesPerPage];
            mark_overflow(line, ids.hash[row], tick, floor16());
        }
        const Entry entry =
            place.line == nullptr ? stash_[place.slot].entry : Kind::entry(*place.line, place.slot);
        Kind::keep_until(entry, tick, floor16(), arena_.get());
    }

    // Stores an id that is known to be absent in the first free slot from its home line on.
    void insert(uint64_t page, uint64_t hash, const Entry& entry, uint16_t tick) {
        Line* const lines = page_lines(page);
        const uint32_t home = rules::line_of(hash);
        for (uint32_t step = 0; step < kLinesPerPage; ++step) {
            Line& line = lines[(home + step) % kLinesPerPage];
            const uint32_t free = ~live_slots(line, floor16()) & kAllSlots;
            if (free != 0) {
                const auto slot = static_cast<uint32_t>(__builtin_ctz(free));
                Kind::store(line, slot, entry);
                line.tick[slot] = tick;
                return;
            }
            mark_overflow(line, hash, tick, floor16());
        }
        stash_.push_back({entry, tick});
    }

    void make_blank(Line* page) {
        Line blank{};
        std::fill_n(blank.tick, Line::kSlots, dead_tick());
        blank.overflow_tick = dead_tick();
        std::fill_n(page, kLinesPerPage, blank);
    }

    // Writes the pages of a family anew, which were `pages_before`: without the dead, every id as
    // near to its home as may be, exact overflow bits. An expansion, after which there is one page
    // more, is a sweep. Ids that find room in their home lines go first; they are nearly all.
    void rebuild(uint32_t family, uint32_t pages_before) {
        std::array<Line*, PageMap::kFamilyMax> pages;
        const uint32_t page_count = map_.pages_of(family);
        for (uint32_t p = 0; p < page_count; ++p) {
            pages[p] = page_lines(uint64_t{p} * map_.families() + family);
        }
        alignas(64) std::array<Line, PageMap::kFamilyMax * kLinesPerPage> old;
        for (uint32_t p = 0; p < pages_before; ++p) {
            std::copy_n(pages[p], kLinesPerPage, &old[p * kLinesPerPage]);
        }
        for (uint32_t p = 0; p < page_count; ++p) make_blank(pages[p]);
        std::array<std::array<uint8_t, kLinesPerPage>, PageMap::kFamilyMax> filled{};
        std::array<std::pair<uint8_t, uint8_t>, PageMap::kFamilyMax * kSlotsPerPage> homeless;
        uint32_t homeless_count = 0;
        for (uint32_t line = 0; line < pages_before * kLinesPerPage; ++line) {
            for (uint32_t slot = 0; slot < Line::kSlots; ++slot) {
                const uint16_t tick = old[line].tick[slot];
                if (!live(tick)) continue;
                const Entry entry = Kind::entry(old[line], slot);
                const uint64_t hash = Kind::hash(entry, options_.seed);
                const uint32_t page = map_.page_in_family(hash, page_count);
                const uint32_t home = rules::line_of(hash);
                uint8_t& taken = filled[page][home];
                if (taken == Line::kSlots) {
                    homeless[homeless_count++] = {static_cast<uint8_t>(line),
                                                  static_cast<uint8_t>(slot)};
                    continue;
                }
                Line& to = pages[page][home];
                Kind::store(to, taken, entry);
                to.tick[taken++] = tick;
            }
        }
        for (uint32_t h = 0; h < homeless_count; ++h) {
            const Line& line = old[homeless[h].first];
            place_again(Kind::entry(line, homeless[h].second), line.tick[homeless[h].second]);
        }
        if (!stash_.empty()) place_stashed(family);
    }
    void place_stashed(uint32_t family) {
        rebuild_stash_.clear();
        std::swap(stash_, rebuild_stash_);
        for (const Stashed& stashed : rebuild_stash_) {
            if (!live(stashed.tick)) continue;
            if (map_.family_of(Kind::hash(stashed.entry, options_.seed)) == family) {
                place_again(stashed.entry, stashed.tick);
            } else {
                stash_.push_back(stashed);
            }
        }
    }
    void place_again(const Entry& entry, uint16_t tick) {
        const uint64_t hash = Kind::hash(entry, options_.seed);
        insert(map_.page_of(hash), hash, entry, tick);
    }

    // One page more, with undefined contents, for a family that is to be rebuilt then; false when
    // there may be no more.
    bool add_page() {
        if (pages_ * kLinesPerPage >= UINT32_MAX - kLinesPerPage) return false;
        if (!region_.grow_to((pages_ + 1) * kPageBytes)) return false;
        map_.add_page();
        pages_ = map_.pages();
        return true;
    }

    void grow_for(uint32_t count) {
        const auto wanted = static_cast<double>(live_ + count);
        while (wanted > static_cast<double>(pages_ * kSlotsPerPage) * Line::kFillGrow) {
            if (!add_page()) return;
            rebuild(map_.expanded - 1, map_.before);
        }
    }

    void raise_floor(int64_t floor_tick) {
        const int64_t way = floor_tick - floor_tick_;
        if (way >= kLiveTicks || (live_ == 0 && way >= kSweepTicks)) {
            floor_tick_ = floor_tick;
            forget_all();
            return;
        }
        // In steps that no dead tick can come to life in before the sweep has seen it.
        while (floor_tick_ < floor_tick) {
            const int64_t step = std::min(floor_tick - floor_tick_, kSweepTicks);
            for (int64_t t = floor_tick_; t < floor_tick_ + step; ++t) {
                uint32_t& dying = live_by_tick_[static_cast<uint16_t>(t)];
                live_ -= dying;
                dying = 0;
            }
            floor_tick_ += step;
            if (arena_) arena_->drop_before(floor16());
            sweep(step);
        }
    }

    // Sweeps the share of the families that `step` ticks are of kSweepTicks.
    void sweep(int64_t step) {
        const uint64_t families = map_.families();
        sweep_due_ += static_cast<uint64_t>(step) * families;
        const uint64_t due = std::min(sweep_due_ / kSweepTicks, families);
        sweep_due_ = due == families ? 0 : sweep_due_ - due * kSweepTicks;
        for (uint64_t swept = 0; swept < due; ++swept) {
            if (sweep_family_ >= families) sweep_family_ = 0;
            rebuild(sweep_family_, map_.pages_of(sweep_family_));
            ++sweep_family_;
        }
    }

    void forget_all() {
        live_ = 0;
        std::fill(live_by_tick_.begin(), live_by_tick_.end(), 0u);
        stash_.clear();
        if (arena_) arena_->clear();
        for (uint64_t page = 0; page < pages_; ++page) make_blank(page_lines(page));
    }

    const ExactTableOptions options_;
    const rules::DedupTicks ticks_;
    const HomeLines lines_;
    const HomePassFunction pass_;
    MemoryBudget& budget_;
    Region region_;
    std::unique_ptr<ByteArena> arena_;

    PageMap map_;
    uint64_t pages_ = 0;  // map_.pages(), once there is memory for them.

    bool anchored_ = false;
    int64_t floor_tick_ = 0;
    int64_t needed_tick_ = 0;  // Where the contract alone would have the floor.
    int64_t shortened_us_ = 0;
    bool span_exceeded_ = false;
    uint64_t live_ = 0;
    std::vector<uint32_t> live_by_tick_;
    uint64_t sweep_due_ = 0;
    uint32_t sweep_family_ = 0;

    std::vector<Stashed> stash_, rebuild_stash_;  // Ids whose page was full: next to none.
    std::vector<uint32_t> line_index_;
    std::vector<uint16_t> row_ticks_;
    std::vector<uint32_t> positions_, deferred_, judged_rows_;
    std::vector<Outcome> judged_outcomes_;
};

template <class Kind>
std::unique_ptr<IdMemory> make(const ExactTableOptions& options, MemoryBudget& budget) {
    auto table = std::make_unique<ExactTable<Kind>>(options, budget);
    if (!table->valid()) return nullptr;
    return table;
}

}  // namespace

std::unique_ptr<IdMemory> make_exact_table(const ExactTableOptions& options, MemoryBudget& budget) {
    TROMMEL_ASSERT(options.group_begin < options.group_end && options.group_end <= rules::kGroups);
    switch (options.kind) {
        case IdKind::u64:
            return make<Kind64>(options, budget);
        case IdKind::u128:
            return make<Kind128>(options, budget);
        case IdKind::verified:
            return make<KindVerified>(options, budget);
    }
    return nullptr;
}

uint64_t exact_table_bytes(IdKind kind, uint64_t ids) {
    const double ids_per_line = kind == IdKind::u64 ? Line64::kSlots * Line64::kFillGrow
                                                    : Line128::kSlots * Line128::kFillGrow;
    return static_cast<uint64_t>(static_cast<double>(ids) * 64 / ids_per_line) +
           rules::kGroups * kPageBytes;
}

}  // namespace trommel::cpu
