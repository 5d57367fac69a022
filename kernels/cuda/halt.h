#pragma once
#include <cstdint>

#include "kernels/cuda/atomics.h"
#include "kernels/rules/host_device.h"

// A batch goes through stages, each a launch or two that may run again from its start until it is
// complete. A stage that cannot end by itself halts its batch there: whatever is queued behind it,
// of this batch and of later ones, does nothing. The host makes room, clears the word, and queues
// the rest again from that stage on.
namespace trommel::cuda {

enum class Stage : uint64_t {
    claim = 1,    // Ids: a group of the table has no room.
    resolve = 2,  // Ids: some have to be judged one after the other.
    cells = 3,    // Windows: a pane is missing, or has no room.
};

// A word in device memory: where it is halted, or 0. Batches have numbers from 1 on.
class HaltWord {
   public:
    TROMMEL_HD static constexpr uint64_t position(uint64_t batch, Stage stage) {
        return batch * kStages + static_cast<uint64_t>(stage);
    }
    TROMMEL_HD static constexpr uint64_t batch_of(uint64_t position) { return position / kStages; }
    TROMMEL_HD static constexpr Stage stage_of(uint64_t position) {
        return static_cast<Stage>(position % kStages);
    }

    TROMMEL_HD explicit HaltWord(uint64_t* word) : word_(word) {}

    // For launches that halt nothing, so that nobody writes it meanwhile.
    TROMMEL_HD bool is_clear() const { return *word_ == 0; }
    // For launches that halt at `position` only, and must not be stopped by themselves: whether one
    // of their threads has halted already does not matter.
    TROMMEL_HD bool is_clear_but_for(uint64_t position) const {
        const uint64_t at = load_cached(word_);
        return at == 0 || at == position;
    }
    TROMMEL_HD void halt(uint64_t position) const {
        if (load(word_) == 0) exchange_if(word_, 0, position);
    }

   private:
    static constexpr uint64_t kStages = 4;

    uint64_t* word_;
};

static_assert(HaltWord::batch_of(HaltWord::position(7, Stage::cells)) == 7);
static_assert(HaltWord::stage_of(HaltWord::position(7, Stage::cells)) == Stage::cells);
static_assert(HaltWord::position(1, Stage::claim) != 0);

}  // namespace trommel::cuda
