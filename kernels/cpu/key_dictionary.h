#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/cpu/memory.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/prefetch.h"
#include "kernels/cpu/slab_pool.h"
#include "kernels/cpu/slot_table.h"
#include "kernels/rules/hash.h"

namespace trommel::cpu {

// Gives each key a slot, a small number. A key is held by what has its slot (a cell, a session).
// One that nobody holds any more is not forgotten at once, for most come back soon: sweeps forget
// it later, and release_idle() does when memory is wanted; then its slot is used again. Hashes only
// find the place: equality is by the key's bytes (contract E2). One owner, one thread.
class KeyDictionary {
   public:
    static constexpr uint32_t kNoSlot = SlotTable::kNoSlot;
    static constexpr uint32_t kPart = 512;  // Rows per call: what they ask for fits the L2 cache.

    // Texts of keys live in `pool`; it and `budget` must outlive the dictionary.
    KeyDictionary(const Config& config, uint64_t seed, SimdLevel simd, MemoryBudget& budget,
                  SlabPool& pool);

    // slots[i] becomes the slot of the key of rows[i], kNoSlot when it is new and there is no
    // memory. Slots that nobody holds are good until the next call. count <= kPart.
    void find_or_add(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                     uint32_t* slots);

    void prefetch_holders(uint32_t slot) const { ask_for(&holders()[slot]); }
    void hold(uint32_t slot) { held_ += holders()[slot]++ == 0; }
    void let_go(uint32_t slot) { held_ -= --holders()[slot] == 0; }  // Undoes one hold().
    // Forgets the key at once if nobody holds it. The slot may be free.
    void release_unheld(uint32_t slot) {
        if (holders()[slot] == 0 && shape_ != KeyShape::none) forget(slot);
    }
    // The most that these rows' keys may take: from the pool for their texts, and besides.
    uint64_t text_bytes_to_add(const RecordBatch& batch, const uint32_t* rows,
                               uint32_t count) const;
    uint64_t bytes_to_add(uint32_t count) const;
    // Forgets all keys that nobody holds; false when there were none.
    bool release_idle();

    uint32_t held() const { return held_; }    // Keys that somebody holds.
    uint32_t known() const { return known_; }  // Those, and the ones not yet forgotten.
    uint32_t slots() const { return slots_; }  // Slots ever used: all are below this.
    // The first 8 bytes from byte 8*depth on of the key's order-preserving form, as a number:
    // comparing words from depth 0 on compares keys in contract order (E2). 0 past the end.
    uint64_t sort_word(uint32_t slot, uint32_t depth) const;
    uint32_t sort_words(uint32_t slot) const;   // How many it has.
    int compare(uint32_t a, uint32_t b) const;  // <0, 0, >0.
    void prefetch(uint32_t slot) const {
        if (shape_ == KeyShape::integer) ask_for(&tags()[slot]);
        if (shape_ == KeyShape::encoded) ask_for(&texts()[slot]);
    }
    void append_to(PartialRows& rows, uint32_t slot) const;
    Stretch take_ahead();  // See IdMemory.
    uint64_t committed_bytes() const {
        return table_.committed_bytes() + tags_.usable_bytes() + holders_.usable_bytes() +
               texts_.usable_bytes();
    }

   private:
    struct Text {  // Where the bytes of an encoded key are: one block, or a chain of long ones.
        SlabPool::Ref block;
        uint32_t bytes;
    };
    struct Piece {  // The rest of a text: bytes at hand, and where it goes on.
        std::string_view bytes;
        SlabPool::Ref next;
        uint32_t left;  // Bytes from `next` on.
    };
    struct IntegerKeys;
    struct TextKeys;
    // An encoded key longer than a block is a chain: each block begins with the next one's Ref.
    static constexpr uint32_t kBlockBytes = SlabPool::kBlockBytesMax;
    static constexpr uint32_t kLinkBytes = 8;
    static constexpr uint32_t kSegmentBytes = kBlockBytes - kLinkBytes;
    static constexpr uint32_t kFree = UINT32_MAX;

    template <typename Keys>
    void find_or_add_in(const Keys& keys, const uint32_t* rows, uint32_t count, uint32_t* slots);
    template <typename Keys>
    uint32_t add(const Keys& keys, uint32_t row, uint64_t tag, uint32_t place);
    uint32_t new_slot();
    void forget(uint32_t slot);
    void free_slot(uint32_t slot);
    uint32_t sweep(uint32_t slots);
    bool store_text(std::string_view key, Text& text);
    void free_text(Text text);
    Piece first_piece(Text text) const;
    void skip(Piece& piece, uint32_t bytes) const;  // At most to the end of the piece.
    bool text_equals(Text text, std::string_view key) const;
    SlabPool::Ref next_block(SlabPool::Ref block) const;
    SlabPool::Class text_class(size_t bytes) const;

    uint64_t* tags() const { return reinterpret_cast<uint64_t*>(tags_.data()); }
    uint32_t* holders() const { return reinterpret_cast<uint32_t*>(holders_.data()); }
    Text* texts() const { return reinterpret_cast<Text*>(texts_.data()); }
    int64_t integer(uint32_t slot) const { return static_cast<int64_t>(tags()[slot]); }

    const KeyShape shape_;
    const rules::HashSeed seed_;
    SlabPool& pool_;
    SlotTable table_;
    // [slot], of a free slot the next free one; else an integer key itself, or the hash of a text.
    Region tags_;
    Region holders_;  // [slot] How many hold it; kFree.
    Region texts_;    // [slot] Text, of encoded keys.
    std::vector<SlabPool::Class> text_classes_;
    uint32_t slots_ = 0;
    uint32_t known_ = 0, held_ = 0;
    uint32_t free_ = kNoSlot;
    uint32_t hand_ = 0;   // Where the next sweep begins.
    uint32_t added_ = 0;  // Keys added since the last one.
};

}  // namespace trommel::cpu
