#include "kernels/cuda/key_handles.h"

#include <algorithm>
#include <array>

#include "kernels/rules/window.h"

namespace trommel::cuda {
namespace {

constexpr uint32_t kPart = cpu::KeyDictionary::kPart;
constexpr int64_t kFirst = int64_t{1} << 62;         // Panes lie within 2^61 of 0.
constexpr uint64_t kReserveMax = uint64_t{1} << 35;  // 2^32 slots of 8 bytes.

}  // namespace

KeyHandles::KeyHandles(const Config& config, uint64_t seed, cpu::SimdLevel simd,
                       cpu::MemoryBudget& budget)
    : offset_us_(config.window_offset_us),
      pane_us_(rules::pane_us(config)),
      budget_(budget),
      pool_(budget),
      keys_(config, seed, simd, budget, pool_),
      newest_(static_cast<size_t>(std::min(budget.max_bytes(), kReserveMax)), budget) {}

void KeyHandles::find_or_add(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                             uint64_t* handles) {
    std::array<uint32_t, kPart> row, at;
    for (uint32_t begin = 0; begin < count; begin += kPart) {
        uint32_t left = std::min(kPart, count - begin);
        for (uint32_t i = 0; i < left; ++i) row[i] = rows[begin + i], at[i] = begin + i;
        left = find_part(batch, row.data(), at.data(), left, handles);
        while (left > 0 && keys_.release_idle()) {
            left = find_part(batch, row.data(), at.data(), left, handles);
        }
    }
}

// The rows that found no memory are moved to the front, and so are their places in `handles`.
uint32_t KeyHandles::find_part(const RecordBatch& batch, uint32_t* rows, uint32_t* at,
                               uint32_t count, uint64_t* handles) {
    std::array<uint32_t, kPart> slots;
    keys_.find_or_add(batch, rows, count, slots.data());
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const int64_t pane = rules::pane_index(batch.time_us[rows[i]], offset_us_, pane_us_);
        const bool found = slots[i] != cpu::KeyDictionary::kNoSlot && hold(slots[i], pane);
        handles[at[i]] = found ? slots[i] : kNone;
        if (found) continue;
        rows[left] = rows[i];
        at[left++] = at[i];
    }
    return left;
}

bool KeyHandles::has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const {
    const uint64_t holders = (keys_.slots() + uint64_t{count}) * sizeof(int64_t);
    const uint64_t texts = keys_.text_bytes_to_add(batch, rows, count);
    return pool_.bytes_to_add(texts) + keys_.bytes_to_add(count) + holders + cpu::kHugePageBytes <=
           budget_.left_bytes() + newest_.usable_bytes();
}

bool KeyHandles::hold(uint32_t slot, int64_t pane_index) {
    const size_t bytes = (size_t{slot} + 1) * sizeof(int64_t);
    if (bytes > newest_.usable_bytes() && !newest_.grow_to(bytes)) return false;
    int64_t& pane = newest(slot);
    if (pane == 0) keys_.hold(slot);
    pane = std::max(pane, pane_index + kFirst);
    return true;
}

void KeyHandles::let_go_before(int64_t pane_index) {
    const auto slots = static_cast<uint32_t>(
        std::min<uint64_t>(keys_.slots(), newest_.usable_bytes() / sizeof(int64_t)));
    for (uint32_t slot = 0; slot < slots; ++slot) {
        int64_t& pane = newest(slot);
        if (pane == 0 || pane - kFirst >= pane_index) continue;
        pane = 0;
        keys_.let_go(slot);
    }
}

}  // namespace trommel::cuda
