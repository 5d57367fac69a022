#include "net/sender_table.h"

#include <algorithm>
#include <bit>
#include <sys/random.h>

namespace trommel::net {
namespace {

uint64_t draw_seed() {
    uint64_t seed = 0;
    if (getentropy(&seed, sizeof seed) != 0) seed = 0x9e3779b97f4a7c15;
    return seed;
}

}  // namespace

SenderTable::SenderTable(uint32_t senders_max, Transport& transport, Identity identity)
    : senders_max_(std::clamp(senders_max, uint32_t{1}, kSendersMax)),
      identity_(identity),
      seed_(draw_seed()),
      transport_(transport),
      slots_(std::bit_ceil(senders_max_ * 2)) {}

SenderTable::Arrival SenderTable::note(const Endpoint& from, const FrameHeader& header,
                                       uint32_t& partition) {
    Sender* const found = find_or_add(from, header);
    if (found == nullptr) {
        ++transport_.senders_refused;
        return Arrival::refused;
    }
    Sender& sender = *found;
    partition = sender.partition;
    if (header.epoch < sender.epoch) {
        ++transport_.frames_stale;
        return Arrival::stale;
    }
    if (header.epoch > sender.epoch) begin_epoch(sender, header);
    const uint64_t begin = header.sequence, end = begin + header.count;
    if (begin < sender.next) {
        const Arrival arrival = note_past(sender, begin, end);
        if (arrival != Arrival::fresh) return arrival;
    } else {
        if (begin > sender.next) open_gap(sender, begin, false);
        sender.next = end;
        transport_.sent += header.count;
        // What is new takes an earlier last word back.
        if (header.count > 0) set_ended(sender, false);
    }
    transport_.delivered += header.count;
    ++transport_.frames;
    if ((header.flags & kFrameEnd) != 0 && end == sender.next) set_ended(sender, true);
    return Arrival::fresh;
}

bool SenderTable::is_from(const Sender& sender, const Endpoint& from,
                          const FrameHeader& header) const {
    return sender.source_id == header.source_id &&
           (identity_ == Identity::source || sender.from == from);
}

SenderTable::Sender* SenderTable::find_or_add(const Endpoint& from, const FrameHeader& header) {
    if (last_ != nullptr && is_from(*last_, from, header)) return last_;
    const Endpoint hashed = identity_ == Identity::source ? Endpoint() : from;
    const size_t mask = slots_.size() - 1;
    size_t slot = hash_of(hashed, seed_ + (uint64_t{header.source_id} << 32)) & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
        Sender& sender = senders_[slots_[slot] - 1];
        if (is_from(sender, from, header)) return last_ = &sender;
    }
    if (senders_.size() == senders_max_) return nullptr;
    Sender& sender = senders_.emplace_back();
    sender.from = from;
    sender.source_id = header.source_id;
    sender.partition = static_cast<uint32_t>(senders_.size());
    sender.name = to_text(from) + "/" + std::to_string(header.source_id);
    sender.gaps.reserve(kGapsMax);
    slots_[slot] = sender.partition;
    ++transport_.senders;
    begin_epoch(sender, header);
    return last_ = &sender;
}

// A frame that begins before the next number. It fills a gap as a whole, or it is nothing new.
SenderTable::Arrival SenderTable::note_past(Sender& sender, uint64_t begin, uint64_t end) {
    if (begin == end) return Arrival::fresh;  // A sign of life.
    const auto gap = std::upper_bound(sender.gaps.begin(), sender.gaps.end(), begin,
                                      [](uint64_t at, const Gap& g) { return at < g.end; });
    const bool touches = gap != sender.gaps.end() && gap->begin < end;
    if (touches && gap->begin <= begin && end <= gap->end) {
        fill_gap(sender, static_cast<size_t>(gap - sender.gaps.begin()), begin, end);
        ++transport_.frames_reordered;
        return Arrival::fresh;
    }
    if (touches || end > sender.next || begin < sender.given_up) {
        ++transport_.frames_stale;
        return Arrival::stale;
    }
    ++transport_.frames_duplicate;
    transport_.events_duplicate += end - begin;
    return Arrival::duplicate;
}

void SenderTable::begin_epoch(Sender& sender, const FrameHeader& first) {
    sender.epoch = first.epoch;
    sender.next = sender.given_up = 0;
    sender.gaps.clear();  // Whatever they lack is lost for good.
    set_ended(sender, false);
    if (first.sequence > 0) open_gap(sender, first.sequence, true);
}

// Everything from the next number to `end` has not come yet.
void SenderTable::open_gap(Sender& sender, uint64_t end, bool before) {
    const uint64_t missing = end - sender.next;
    transport_.sent += missing;
    (before ? transport_.lost_before : transport_.lost_gaps) += missing;
    std::vector<Gap>& gaps = sender.gaps;
    if (!gaps.empty() && gaps.back().end == sender.next && gaps.back().before == before) {
        gaps.back().end = end;  // A frame without events lay between.
    } else {
        if (gaps.size() == kGapsMax) {
            sender.given_up = gaps.front().end;
            gaps.erase(gaps.begin());
        }
        gaps.push_back({sender.next, end, before});
    }
    sender.next = end;
}

void SenderTable::fill_gap(Sender& sender, size_t index, uint64_t begin, uint64_t end) {
    std::vector<Gap>& gaps = sender.gaps;
    const Gap whole = gaps[index];
    (whole.before ? transport_.lost_before : transport_.lost_gaps) -= end - begin;
    const auto at = gaps.begin() + static_cast<ptrdiff_t>(index);
    if (whole.begin == begin && whole.end == end) {
        gaps.erase(at);
    } else if (whole.begin == begin) {
        at->begin = end;
    } else if (whole.end == end) {
        at->end = begin;
    } else if (gaps.size() < kGapsMax) {
        at->end = begin;
        gaps.insert(at + 1, {end, whole.end, whole.before});
    } else if (index == 0) {  // No room for both parts: the older one is given up.
        at->begin = end;
        sender.given_up = begin;
    } else {
        sender.given_up = gaps.front().end;
        at->begin = end;
        std::rotate(gaps.begin(), gaps.begin() + 1, at);
        *(at - 1) = {whole.begin, begin, whole.before};
    }
}

void SenderTable::set_ended(Sender& sender, bool ended) {
    if (sender.ended == ended) return;
    sender.ended = ended;
    ended ? ++ended_ : --ended_;
}

}  // namespace trommel::net
