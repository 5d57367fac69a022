#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "trommel/record_batch.h"

namespace trommel {

// in = unique + duplicate + late + corrupt + filtered + refused (contract L1). `in` is counted
// where records enter and the verdicts where they leave, so the sum is a check and not a tautology.
struct Ledger {
    uint64_t in = 0;
    std::array<uint64_t, kVerdicts> by_verdict{};  // [pending] is not used.

    uint64_t& operator[](Verdict verdict) { return by_verdict[static_cast<size_t>(verdict)]; }
    uint64_t operator[](Verdict verdict) const { return by_verdict[static_cast<size_t>(verdict)]; }
    uint64_t settled() const {
        uint64_t sum = 0;
        for (const uint64_t n : by_verdict) sum += n;
        return sum;
    }
    uint64_t in_flight() const { return in - settled(); }
    bool adds_up() const { return in == settled(); }
};

// "in=… unique=… duplicate=… late=… corrupt=… filtered=… refused=…"
inline std::string to_text(const Ledger& ledger) {
    std::string text = "in=" + std::to_string(ledger.in);
    for (const Verdict v : {Verdict::unique, Verdict::duplicate, Verdict::late, Verdict::corrupt,
                            Verdict::filtered, Verdict::refused}) {
        text += std::string(" ") + to_text(v) + "=" + std::to_string(ledger[v]);
    }
    return text;
}

}  // namespace trommel
