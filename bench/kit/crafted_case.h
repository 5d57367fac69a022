#pragma once
#include "bench/kit/case.h"

namespace trommel::bench {

// Somebody sends 30,000 ids that share one line of the table under a seed that he knows.
std::unique_ptr<Case> make_crafted_case(Scale scale);

}  // namespace trommel::bench
