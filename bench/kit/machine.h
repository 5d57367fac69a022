#pragma once
#include <string>

namespace trommel::bench {

// "Intel(R) Xeon(R) Processor (model 207), 2 CPUs, L3 260 MiB, Linux 6.1, THP madvise": what a
// figure must not be quoted without.
std::string describe_machine();
// What of it does not change with the system on it: "Intel(R) Xeon(R) Processor (model 207), 2
// CPUs".
std::string describe_processor();

}  // namespace trommel::bench
