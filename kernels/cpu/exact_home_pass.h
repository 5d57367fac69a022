// The loops over a batch's home lines, as text: each SIMD variant includes it after defining
//   TROMMEL_TARGET            the target attribute of every function
//   struct Ops                needle(first, second), equal8(line, needle), live8(line, floor)
// equal8: bit i is set when 64-bit word i of the line equals word i of the needle (words 0-2 hold
// `first`, 3-5 `second`). live8: bit i is set when the i-th of the line's last eight 16-bit words
// is a live tick.
//
// Decides every event that its home line alone can decide: duplicates, and new ids for which the
// line has room. The rest (overflow) is deferred; an id's deferred events stay in order, and no
// later event of the same id can be decided here in the meantime, because nothing leaves a line
// during a pass.

// The compiler makes vectors of this. A copy of the map, for it cannot know that `lines` lies
// elsewhere.
TROMMEL_TARGET void find_home_lines(const PageMap map, const uint64_t* hash, const uint32_t* rows,
                                    uint32_t count, uint32_t* lines) {
    for (uint32_t k = 0; k < count; ++k) lines[k] = map.home_line(hash[rows[k]]);
}

struct Home64 {
    using Line = Line64;
    static constexpr uint32_t kOverflowLane = 6;
    TROMMEL_TARGET static uint32_t slots(uint32_t equal) { return equal; }
    TROMMEL_TARGET static uint64_t second(const HomePass& pass, uint32_t row) {
        return pass.lo[row];
    }
    TROMMEL_TARGET static void store(Line& line, uint32_t slot, const HomePass& pass,
                                     uint32_t row) {
        line.id[slot] = pass.lo[row];
    }
};

struct Home128 {
    using Line = Line128;
    static constexpr uint32_t kOverflowLane = 3;
    TROMMEL_TARGET static uint32_t slots(uint32_t equal) { return equal & equal >> 3; }
    TROMMEL_TARGET static uint64_t second(const HomePass& pass, uint32_t row) {
        return pass.hi[row];
    }
    TROMMEL_TARGET static void store(Line& line, uint32_t slot, const HomePass& pass,
                                     uint32_t row) {
        line.lo[slot] = pass.lo[row];
        line.hi[slot] = pass.hi[row];
    }
};

// Rare, and out of the loop: its registers would be missed there (3 % more instructions).
[[gnu::noinline]] void renew(HomePass& pass, uint32_t k, uint16_t& remembered) {
    const int64_t before = static_cast<uint16_t>(remembered - pass.floor);
    const int64_t now = static_cast<uint16_t>(pass.ticks[k] - pass.floor);
    pass.outcomes[k] = static_cast<uint8_t>(Outcome::renewed);
    pass.renewed_from[pass.rows[k]] = pass.floor_tick + before;
    if (now <= before) return;
    --pass.live_by_tick[remembered];
    ++pass.live_by_tick[pass.ticks[k]];
    remembered = pass.ticks[k];
}

template <class Home>
TROMMEL_TARGET void judge_at_home(HomePass& pass, uint32_t k) {
    using Line = typename Home::Line;
    constexpr uint32_t kMask = (1u << Line::kSlots) - 1;
    const uint32_t row = pass.rows[k];
    const uint16_t tick = pass.ticks[k];
    Line& line = reinterpret_cast<Line*>(pass.lines)[pass.line_index[k]];
    const auto needle = Ops::needle(pass.lo[row], Home::second(pass, row));
    const uint32_t live = Ops::live8(&line, pass.floor);
    const uint32_t match = Home::slots(Ops::equal8(&line, needle)) & live & kMask;
    if (match != 0) {
        uint16_t& remembered = line.tick[__builtin_ctz(match)];
        const int64_t before = static_cast<uint16_t>(remembered - pass.floor);
        const int64_t now = static_cast<uint16_t>(tick - pass.floor);
        const bool is_copy = rules::is_duplicate(before, now, pass.reach);
        pass.outcomes[k] = static_cast<uint8_t>(Outcome::duplicate);
        if (!is_copy) renew(pass, k, remembered);
        return;
    }
    const uint32_t free = ~live & kMask;
    const uint32_t bit = rules::overflow_bits_of(pass.hash[row]) & (Line::kOverflowBits - 1);
    const bool moved_on =
        (live >> Home::kOverflowLane & 1) != 0 && (line.overflow_bits >> bit & 1) != 0;
    if (free == 0 || moved_on) {
        // Most go no further than the next line.
        ask_for(&line + 1);
        pass.deferred[pass.deferred_count++] = k;
        return;
    }
    const auto slot = static_cast<uint32_t>(__builtin_ctz(free));
    Home::store(line, slot, pass, row);
    line.tick[slot] = tick;
    ++pass.live_by_tick[tick];
    pass.outcomes[k] = static_cast<uint8_t>(Outcome::unique);
    ++pass.inserted;
}

template <class Home>
TROMMEL_TARGET void run_home_pass(HomePass& pass) {
    pass.deferred_count = pass.inserted = 0;
    const uint32_t ahead = pass.count < kLookahead ? pass.count : kLookahead;
    const auto prefetch = [&](uint32_t k) TROMMEL_LAMBDA_TARGET {
        ask_for(pass.lines + size_t{pass.line_index[k]} * 64);
    };
    for (uint32_t k = 0; k < ahead; ++k) prefetch(k);
    uint32_t k = 0;
    for (; k + ahead < pass.count; ++k) {
        prefetch(k + ahead);
        ask_for_near(pass.lines + size_t{pass.line_index[k + kLookaheadNear]} * 64);
        judge_at_home<Home>(pass, k);
    }
    for (; k < pass.count; ++k) judge_at_home<Home>(pass, k);
}
