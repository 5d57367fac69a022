#include "kernels/cpu/slot_search.h"

// The variant for every processor; also what the others are compared with.
namespace trommel::cpu {
namespace {

#define TROMMEL_TARGET inline

TROMMEL_TARGET uint32_t matches(const SlotLine& line, uint64_t tag) {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < SlotLine::kEntries; ++i) bits |= uint32_t{line.tag[i] == tag} << i;
    return bits;
}

#include "kernels/cpu/slot_search_pass.h"

}  // namespace

uint32_t find_slots_scalar(const SlotSearch& search) {
    return search_lines(search);
}

FindSlots find_slots(SimdLevel level) {
    constexpr FindSlots kLevels[] = {find_slots_scalar, find_slots_avx2, find_slots_avx512};
    return kLevels[static_cast<size_t>(level)];
}

}  // namespace trommel::cpu
