#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/cpu/memory.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/slab_pool.h"
#include "kernels/cpu/slot_table.h"
#include "kernels/rules/hash.h"

namespace trommel::cpu {

// Gives each live key a slot, a small number that is used again after the key has died. A key lives
// while somebody holds its slot (a cell, a session). Hashes only find the place: equality is by the
// key's bytes (contract E2). One owner, one thread.
class KeyDictionary {
   public:
    static constexpr uint32_t kNoSlot = SlotTable::kNoSlot;
    static constexpr uint32_t kPart = 128;  // Rows per call: enough misses in flight, all in L1.

    // Texts of keys live in `pool`; it and `budget` must outlive the dictionary.
    KeyDictionary(const Config& config, uint64_t seed, MemoryBudget& budget, SlabPool& pool);

    // slots[i] becomes the slot of the key of rows[i], kNoSlot when it is new and there is no
    // memory. New keys are held by nobody yet: hold() or release_unheld() them. count <= kPart.
    void find_or_add(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                     uint32_t* slots);

    void hold(uint32_t slot) { ++uses()[slot].holders; }
    // Undoes one hold() of each; a key that nobody holds any more is forgotten. count <= kPart.
    void let_go(const uint32_t* slots, uint32_t count);
    // Forgets the key if nobody holds it. The slot may have been released before.
    void release_unheld(uint32_t slot) {
        if (uses()[slot].holders == 0) release(slot);
    }

    uint32_t count() const { return live_; }   // Live keys.
    uint32_t slots() const { return slots_; }  // Slots ever used: all are below this.
    // The first 8 bytes from byte 8*depth on of the key's order-preserving form, as a number:
    // comparing words from depth 0 on compares keys in contract order (E2). 0 past the end.
    uint64_t sort_word(uint32_t slot, uint32_t depth) const;
    uint32_t sort_words(uint32_t slot) const;   // How many it has.
    int compare(uint32_t a, uint32_t b) const;  // <0, 0, >0.
    void prefetch(uint32_t slot) const { __builtin_prefetch(&records()[slot]); }
    void append_to(PartialRows& rows, uint32_t slot) const;
    uint64_t committed_bytes() const {
        return table_.committed_bytes() + records_.usable_bytes() + uses_.usable_bytes();
    }

   private:
    struct Text {  // Where the bytes of an encoded key are: one block, or a chain of long ones.
        SlabPool::Ref block;
        uint32_t bytes;
    };
    union Record {
        int64_t integer;
        Text text;
        uint32_t next_free;
    };
    static_assert(sizeof(Record) == 8);
    struct Use {
        uint32_t holders;  // kReleased: the slot is free.
        uint32_t hash;     // Of its key, so that a dying key need not be read.
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
    static constexpr uint32_t kReleased = UINT32_MAX;

    template <typename Keys>
    void find_or_add_in(const Keys& keys, const uint32_t* rows, uint32_t count, uint32_t* slots);
    template <typename Keys>
    uint32_t add(const Keys& keys, uint32_t row, uint32_t hash);
    uint32_t new_slot();
    void release(uint32_t slot);
    bool store_text(std::string_view key, Text& text);
    void free_text(Text text);
    Piece first_piece(Text text) const;
    void skip(Piece& piece, uint32_t bytes) const;  // At most to the end of the piece.
    bool text_equals(Text text, std::string_view key) const;
    SlabPool::Ref next_block(SlabPool::Ref block) const;
    SlabPool::Class text_class(size_t bytes) const;

    Record* records() const { return reinterpret_cast<Record*>(records_.data()); }
    Use* uses() const { return reinterpret_cast<Use*>(uses_.data()); }

    const KeyShape shape_;
    const rules::HashSeed seed_;
    SlabPool& pool_;
    SlotTable table_;
    Region records_;  // [slot] Record.
    Region uses_;     // [slot] Use.
    std::vector<SlabPool::Class> text_classes_;
    uint32_t slots_ = 0;
    uint32_t live_ = 0;
    uint32_t free_ = kNoSlot;
};

}  // namespace trommel::cpu
