#pragma once

// TROMMEL_ASSERT holds always, in every build: per batch or rarer. TROMMEL_DCHECK holds in debug
// builds: per event. No input can reach either; a failed one is our bug. The handler must not
// return; the default aborts. We live in somebody's process, so he may put his own in its place.
namespace trommel {

using AssertHandler = void (*)(const char* condition, const char* file, int line);
void set_assert_handler(AssertHandler handler);
[[noreturn]] void assert_failed(const char* condition, const char* file, int line);

}  // namespace trommel

#define TROMMEL_ASSERT(condition)           \
    (static_cast<bool>(condition) ? void(0) \
                                  : ::trommel::assert_failed(#condition, __FILE__, __LINE__))
#if defined(TROMMEL_DEBUG)
#define TROMMEL_DCHECK(condition) TROMMEL_ASSERT(condition)
#else
#define TROMMEL_DCHECK(condition) void(0)
#endif
