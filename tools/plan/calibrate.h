#pragma once
#include <functional>
#include <string>

#include "trommel/status.h"

#include "tools/plan/rates.h"

namespace trommel::tools {

// How long a calibration takes: a minute on tables beyond most caches; quick, for tests, a second
// or two on tables that say nothing.
enum class CalibrationScale : uint8_t { full, quick };

// Measures this machine: runs of the engine over made-up streams on one core, with one thing added
// at a time, and the decoders. All of it in rounds, of which the medians count: a machine that is
// shared changes its speed within seconds. `tell` is told what is being measured.
Status calibrate(CalibrationScale scale, const std::function<void(const std::string&)>& tell,
                 Calibration& calibration);

// Calibration::reference_ns as it is now, in a second or two.
Status measure_reference(CalibrationScale scale, double& ns);

}  // namespace trommel::tools
