#include "kernels/cpu/key_dictionary.h"

#define XXH_INLINE_ALL
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <xxhash.h>

#include "kernels/rules/assert.h"

namespace trommel::cpu {
namespace {

constexpr uint64_t kReserveMax = uint64_t{1} << 35;  // 2^32 slots of 8 bytes.
constexpr std::array<uint16_t, 15> kTextSizes = {8,   16,  24,  32,  48,   64,   96,  128,
                                                 192, 256, 384, 512, 1024, 1536, 2048};
static_assert(kTextSizes.back() == SlabPool::kBlockBytesMax);

size_t reserve_bytes(const MemoryBudget& budget) {
    return static_cast<size_t>(std::min(budget.max_bytes(), kReserveMax));
}

// Slots that a call of find_or_add() sweeps: a few for every key that was added, so that at most a
// third of a table is idle keys however fast keys change (four looked at per key added: with a
// quarter idle, as many go as come), and a few in any case, so that a busy hour's keys go in time.
constexpr uint32_t kSweepPerKey = 4, kSweepPerCall = 8;

// Texts as long as usual keys are compared in place, without a call of memcmp().
constexpr uint32_t kShortBytes = 64;

// `bytes` is at least 8; the last word overlaps the one before it.
bool equal_words(const char* a, const char* b, size_t bytes) {
    const auto differs_at = [&](size_t at) {
        uint64_t left, right;
        std::memcpy(&left, a + at, sizeof left);
        std::memcpy(&right, b + at, sizeof right);
        return left ^ right;
    };
    uint64_t difference = differs_at(bytes - sizeof(uint64_t));
    for (size_t at = 0; at + sizeof(uint64_t) < bytes; at += sizeof(uint64_t)) {
        difference |= differs_at(at);
    }
    return difference == 0;
}

}  // namespace

// How the two shapes of keys differ, for find_or_add_in().
struct KeyDictionary::IntegerKeys {
    KeyDictionary& owner;
    const int64_t* key;

    uint64_t tag(uint32_t row) const { return static_cast<uint64_t>(key[row]); }
    bool is(uint32_t, uint32_t) const { return true; }  // The tag is the key.
    bool store(uint32_t, uint32_t) const { return true; }
    static constexpr bool kHasBytes = false;
};

struct KeyDictionary::TextKeys {
    KeyDictionary& owner;
    const std::string_view* key;

    uint64_t tag(uint32_t row) const {
        return XXH3_64bits_withSeed(key[row].data(), key[row].size(), owner.seed_.a);
    }
    bool is(uint32_t slot, uint32_t row) const {
        return owner.text_equals(owner.texts()[slot], key[row]);
    }
    bool store(uint32_t slot, uint32_t row) const {
        return owner.store_text(key[row], owner.texts()[slot]);
    }
    static constexpr bool kHasBytes = true;
};

KeyDictionary::KeyDictionary(const Config& config, uint64_t seed, SimdLevel simd,
                             MemoryBudget& budget, SlabPool& pool)
    : shape_(key_shape(config)),
      seed_(rules::hash_seed(seed, rules::Purpose::key)),
      pool_(pool),
      table_(seed_, simd, budget),
      tags_(reserve_bytes(budget), budget),
      holders_(reserve_bytes(budget), budget),
      texts_(reserve_bytes(budget), budget) {
    if (shape_ != KeyShape::encoded) return;
    for (const uint16_t bytes : kTextSizes) text_classes_.push_back(pool.add_class(bytes));
}

void KeyDictionary::find_or_add(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                                uint32_t* slots) {
    TROMMEL_ASSERT(count <= kPart);
    table_.move_some(count / 2 + 1);
    sweep(kSweepPerCall + kSweepPerKey * std::exchange(added_, 0));
    switch (shape_) {
        case KeyShape::none:
            if (count > 0 && known_ == 0) new_slot();
            std::fill(slots, slots + count, known_ == 0 ? kNoSlot : 0);
            return;
        case KeyShape::integer:
            find_or_add_in(IntegerKeys{*this, batch.key_int.data()}, rows, count, slots);
            return;
        case KeyShape::encoded:
            find_or_add_in(TextKeys{*this, batch.key_text.data()}, rows, count, slots);
            return;
    }
}

// Each pass touches only what the pass before has asked for: the table's line, where the text of
// the slot is that is most likely the key's, its bytes.
template <typename Keys>
void KeyDictionary::find_or_add_in(const Keys& keys, const uint32_t* rows, uint32_t count,
                                   uint32_t* slots) {
    std::array<uint64_t, kPart> tag{};
    std::array<uint32_t, kPart> place, missing;
    for (uint32_t i = 0; i < count; ++i) tag[i] = keys.tag(rows[i]);
    table_.find_places(tag.data(), count, place.data());
    const uint32_t missing_count =
        table_.find_usual(tag.data(), place.data(), count, slots, missing.data());
    uint32_t searches = missing_count;
    if constexpr (Keys::kHasBytes) {
        for (uint32_t i = 0; i < count; ++i) {
            if (slots[i] != kNoSlot) ask_for(&texts()[slots[i]]);
        }
        for (uint32_t i = 0; i < count; ++i) {
            if (slots[i] != kNoSlot) ask_for(pool_.at(texts()[slots[i]].block));
        }
        // Of a text the tag does not say that it is the key, though it nearly always is.
        searches = 0;
        for (uint32_t i = 0; i < count; ++i) {
            if (slots[i] == kNoSlot || !keys.is(slots[i], rows[i])) missing[searches++] = i;
        }
    } else {
        for (uint32_t s = 0; s < searches; ++s) table_.prefetch_next(place[missing[s]]);
    }
    for (uint32_t s = 0; s < searches; ++s) {
        const uint32_t i = missing[s];
        const auto is_key = [&](uint32_t slot) { return keys.is(slot, rows[i]); };
        slots[i] = table_.find(tag[i], place[i], is_key);
        if (slots[i] == kNoSlot) slots[i] = add(keys, rows[i], tag[i], place[i]);
    }
}

template <typename Keys>
uint32_t KeyDictionary::add(const Keys& keys, uint32_t row, uint64_t tag, uint32_t place) {
    const uint32_t slot = new_slot();
    if (slot == kNoSlot) return kNoSlot;
    tags()[slot] = tag;
    const bool stored = keys.store(slot, row);
    if (stored && table_.insert(tag, place, slot)) return slot;
    if constexpr (Keys::kHasBytes) {
        if (stored) free_text(texts()[slot]);
    }
    free_slot(slot);
    return kNoSlot;
}

// A slot that was released last is the first to be used again, so that slots stay dense.
uint32_t KeyDictionary::new_slot() {
    uint32_t slot = free_;
    if (slot != kNoSlot) {
        free_ = static_cast<uint32_t>(tags()[slot]);
    } else {
        const size_t slots = size_t{slots_} + 1;
        if (slots_ > SlotTable::kSlotMax || !tags_.grow_to(slots * sizeof(uint64_t)) ||
            !holders_.grow_to(slots * sizeof(uint32_t)) ||
            (shape_ == KeyShape::encoded && !texts_.grow_to(slots * sizeof(Text)))) {
            return kNoSlot;
        }
        slot = slots_++;
    }
    holders()[slot] = 0;
    ++known_;
    ++added_;
    return slot;
}

void KeyDictionary::forget(uint32_t slot) {
    table_.erase(tags()[slot], slot);
    if (shape_ == KeyShape::encoded) free_text(texts()[slot]);
    free_slot(slot);
}

void KeyDictionary::free_slot(uint32_t slot) {
    tags()[slot] = free_;
    holders()[slot] = kFree;
    free_ = slot;
    --known_;
}

// Forgets the idle keys among the next `slots` slots, and returns how many.
uint32_t KeyDictionary::sweep(uint32_t slots) {
    if (known_ == held_ || shape_ == KeyShape::none) return 0;
    uint32_t forgotten = 0;
    for (uint32_t left = std::min(slots, slots_); left > 0;) {
        std::array<uint32_t, kPart> idle;
        uint32_t count = 0;
        for (; left > 0 && count < kPart; --left) {
            const uint32_t slot = hand_;
            hand_ = slot + 1 == slots_ ? 0 : slot + 1;
            if (holders()[slot] != 0) continue;
            table_.prefetch(table_.place_of(tags()[slot]));
            idle[count++] = slot;
        }
        for (uint32_t i = 0; i < count; ++i) forget(idle[i]);
        forgotten += count;
    }
    return forgotten;
}

bool KeyDictionary::release_idle() {
    return sweep(slots_) > 0;
}

uint64_t KeyDictionary::text_bytes_to_add(const RecordBatch& batch, const uint32_t* rows,
                                          uint32_t count) const {
    if (shape_ != KeyShape::encoded) return 0;
    uint64_t bytes = 0;
    // Half as much again for sizes that fill no block, and a chain's last block.
    for (uint32_t i = 0; i < count; ++i) bytes += batch.key_text[rows[i]].size() * 3 / 2;
    return bytes + count * uint64_t{kTextSizes.front() + kBlockBytes};
}

uint64_t KeyDictionary::bytes_to_add(uint32_t count) const {
    const uint64_t columns = count * (sizeof(uint64_t) + sizeof(uint32_t) + sizeof(Text));
    return columns + 3 * kHugePageBytes + table_.bytes_to_add(count);
}

Stretch KeyDictionary::take_ahead() {
    Stretch ahead = table_.take_ahead();
    for (Region* const column : {&tags_, &holders_, &texts_}) {
        if (ahead.bytes == 0) ahead = column->take_ahead();
    }
    return ahead;
}

SlabPool::Class KeyDictionary::text_class(size_t bytes) const {
    const auto size = std::lower_bound(kTextSizes.begin(), kTextSizes.end(), bytes);
    return text_classes_[static_cast<size_t>(size - kTextSizes.begin())];
}

SlabPool::Ref KeyDictionary::next_block(SlabPool::Ref block) const {
    SlabPool::Ref next;
    std::memcpy(&next, pool_.at(block), sizeof next);
    return next;
}

bool KeyDictionary::store_text(std::string_view key, Text& text) {
    if (key.size() > UINT32_MAX) return false;
    text.bytes = static_cast<uint32_t>(key.size());
    if (key.size() <= kBlockBytes) {
        text.block = pool_.allocate(text_class(key.size()));
        if (text.block == SlabPool::kNone) return false;
        std::memcpy(pool_.at(text.block), key.data(), key.size());
        return true;
    }
    const auto segments = static_cast<uint32_t>((key.size() + kSegmentBytes - 1) / kSegmentBytes);
    const SlabPool::Class block_class = text_classes_.back();
    if (!pool_.ensure(block_class, segments)) return false;
    // From the last piece to the first, so that each knows its successor.
    SlabPool::Ref next = SlabPool::kNone;
    for (uint32_t s = segments; s-- > 0;) {
        const std::string_view piece = key.substr(size_t{s} * kSegmentBytes, kSegmentBytes);
        const SlabPool::Ref block = pool_.allocate(block_class);
        std::memcpy(pool_.at(block), &next, sizeof next);
        std::memcpy(pool_.at(block) + kLinkBytes, piece.data(), piece.size());
        next = block;
    }
    text.block = next;
    return true;
}

void KeyDictionary::free_text(Text text) {
    if (text.bytes <= kBlockBytes) return pool_.free(text.block);
    while (text.block != SlabPool::kNone) {
        const SlabPool::Ref next = next_block(text.block);
        pool_.free(text.block);
        text.block = next;
    }
}

KeyDictionary::Piece KeyDictionary::first_piece(Text text) const {
    if (text.bytes <= kBlockBytes) return {{pool_.at(text.block), text.bytes}, SlabPool::kNone, 0};
    const uint32_t size = std::min(text.bytes, kSegmentBytes);
    return {{pool_.at(text.block) + kLinkBytes, size}, next_block(text.block), text.bytes - size};
}

void KeyDictionary::skip(Piece& piece, uint32_t bytes) const {
    piece.bytes.remove_prefix(bytes);
    if (!piece.bytes.empty() || piece.left == 0) return;
    const uint32_t size = std::min(piece.left, kSegmentBytes);
    piece = {{pool_.at(piece.next) + kLinkBytes, size}, next_block(piece.next), piece.left - size};
}

bool KeyDictionary::text_equals(Text text, std::string_view key) const {
    if (text.bytes != key.size()) return false;
    if (text.bytes >= sizeof(uint64_t) && text.bytes <= kShortBytes) {
        return equal_words(pool_.at(text.block), key.data(), text.bytes);
    }
    for (Piece piece = first_piece(text); !key.empty();) {
        const auto size = static_cast<uint32_t>(piece.bytes.size());
        if (std::memcmp(piece.bytes.data(), key.data(), size) != 0) return false;
        key.remove_prefix(size);
        skip(piece, size);
    }
    return true;
}

uint32_t KeyDictionary::sort_words(uint32_t slot) const {
    if (shape_ == KeyShape::none) return 0;
    return shape_ == KeyShape::integer ? 1 : (texts()[slot].bytes + 7) / 8;
}

uint64_t KeyDictionary::sort_word(uint32_t slot, uint32_t depth) const {
    if (depth >= sort_words(slot)) return 0;
    if (shape_ == KeyShape::integer) {
        return static_cast<uint64_t>(integer(slot)) ^ uint64_t { 1 } << 63;
    }
    const Text text = texts()[slot];
    const char* at = pool_.at(text.block);
    size_t offset = size_t{depth} * 8;
    const size_t size = std::min<size_t>(8, text.bytes - offset);
    if (text.bytes > kBlockBytes) {
        static_assert(kSegmentBytes % 8 == 0, "a word lies within one piece");
        SlabPool::Ref block = text.block;
        for (; offset >= kSegmentBytes; offset -= kSegmentBytes) block = next_block(block);
        at = pool_.at(block) + kLinkBytes;
    }
    uint64_t word = 0;
    std::memcpy(&word, at + offset, size);
    return __builtin_bswap64(word);
}

int KeyDictionary::compare(uint32_t a, uint32_t b) const {
    if (shape_ != KeyShape::encoded) {
        const uint64_t word_a = sort_word(a, 0), word_b = sort_word(b, 0);
        return word_a < word_b ? -1 : (word_b < word_a ? 1 : 0);
    }
    const Text text_a = texts()[a], text_b = texts()[b];
    Piece at_a = first_piece(text_a), at_b = first_piece(text_b);
    for (uint32_t left = std::min(text_a.bytes, text_b.bytes); left > 0;) {
        const auto size = static_cast<uint32_t>(std::min(at_a.bytes.size(), at_b.bytes.size()));
        const int order = std::memcmp(at_a.bytes.data(), at_b.bytes.data(), size);
        if (order != 0) return order;
        left -= size;
        skip(at_a, size);
        skip(at_b, size);
    }
    return text_a.bytes < text_b.bytes ? -1 : (text_b.bytes < text_a.bytes ? 1 : 0);
}

void KeyDictionary::append_to(PartialRows& rows, uint32_t slot) const {
    if (shape_ == KeyShape::integer) rows.key_int.push_back(integer(slot));
    if (shape_ != KeyShape::encoded) return;
    Piece piece = first_piece(texts()[slot]);
    while (!piece.bytes.empty()) {
        rows.key_bytes.insert(rows.key_bytes.end(), piece.bytes.begin(), piece.bytes.end());
        skip(piece, static_cast<uint32_t>(piece.bytes.size()));
    }
    rows.key_end.push_back(static_cast<uint32_t>(rows.key_bytes.size()));
}

}  // namespace trommel::cpu
