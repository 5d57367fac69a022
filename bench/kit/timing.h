#pragma once
#include <cstdint>
#include <vector>

namespace trommel::bench {

// CPU time of the calling thread, in seconds: on a shared machine it hides the waiting for a core,
// though not a neighbour's use of the memory.
double cpu_seconds();

// Time that passes for everybody; for work of several threads.
double wall_seconds();

// CPU time of all threads of this process.
double process_cpu_seconds();
// Time that this machine's processors were ready to work and its host let others run, of all of
// them together, since it was started; in steps of 10 ms. 0 where no host tells.
uint64_t stolen_ms();

// Of at least one figure.
double median(std::vector<double> figures);

}  // namespace trommel::bench
