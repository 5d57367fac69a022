#include "kernels/rules/assert.h"

#include <cstdlib>

namespace trommel {
namespace {
AssertHandler handler_now = nullptr;
}

void set_assert_handler(AssertHandler handler) {
    handler_now = handler;
}

void assert_failed(const char* condition, const char* file, int line) {
    if (handler_now != nullptr) handler_now(condition, file, line);
    std::abort();
}

}  // namespace trommel
