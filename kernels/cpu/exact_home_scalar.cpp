#include <cstring>

#include "kernels/cpu/exact_home.h"
#include "kernels/cpu/prefetch.h"

// The variant for every processor; also what the others are compared with.
namespace trommel::cpu {
namespace {

#define TROMMEL_TARGET
#define TROMMEL_LAMBDA_TARGET

struct Ops {
    struct Needle {
        uint64_t first, second;
    };
    static Needle needle(uint64_t first, uint64_t second) { return {first, second}; }
    static uint32_t equal8(const void* line, const Needle& needle) {
        const auto* const words = static_cast<const uint64_t*>(line);
        uint32_t mask = 0;
        for (uint32_t i = 0; i < 3; ++i) {
            mask |= static_cast<uint32_t>(words[i] == needle.first) << i;
            mask |= static_cast<uint32_t>(words[i + 3] == needle.second) << (i + 3);
        }
        return mask;
    }
    static uint32_t live8(const void* line, uint16_t floor) {
        uint16_t ticks[8];
        std::memcpy(ticks, static_cast<const char*>(line) + 48, sizeof ticks);
        uint32_t mask = 0;
        for (uint32_t i = 0; i < 8; ++i) {
            mask |= static_cast<uint32_t>(is_live(ticks[i], floor)) << i;
        }
        return mask;
    }
};

#include "kernels/cpu/exact_home_pass.h"

}  // namespace

void home_pass_64_scalar(HomePass& pass) {
    run_home_pass<Home64>(pass);
}
void home_pass_128_scalar(HomePass& pass) {
    run_home_pass<Home128>(pass);
}
void home_lines_scalar(const PageMap& map, const uint64_t* hash, const uint32_t* rows,
                       uint32_t count, uint32_t* lines) {
    find_home_lines(map, hash, rows, count, lines);
}

}  // namespace trommel::cpu
