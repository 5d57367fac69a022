#pragma once
#include <string>
#include <vector>

#include "tests/kit/oracle.h"

namespace trommel::testkit {

// The rows as a CSV file with its header line and times in microseconds: byte for byte what the CSV
// sink must write and what oracle.py prints for the same job.
std::string to_csv(const Config& config, const std::vector<OracleRow>& rows);

}  // namespace trommel::testkit
