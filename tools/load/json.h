#pragma once
#include <string>

#include "bench/kit/load_report.h"
#include "net/synthetic_stream.h"

namespace trommel::tools {

std::string to_json(const net::Truth& truth);
std::string to_json(const bench::LatencyFigures& figures);
std::string to_json(const bench::LoadReport& report);

}  // namespace trommel::tools
