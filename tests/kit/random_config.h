#pragma once
#include "trommel/config.h"

#include "tests/kit/random.h"

namespace trommel::testkit {

// A valid config that uses a random part of everything there is (see random_job.h), but max_time,
// which must lie within the stream to mean anything.
Config random_config(Random& random);

}  // namespace trommel::testkit
