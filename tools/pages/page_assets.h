#pragma once
#include <string_view>

// The texts that go into every report. The build turns the files of tools/pages/assets into C++.
namespace trommel::tools {

std::string_view page_style();
std::string_view page_script();

// What draws the curves: uPlot, when tools/setup had fetched it before the build was configured.
struct ChartLibrary {
    std::string_view name, script, style, licence;  // All empty when it is not there.

    bool is_there() const { return !script.empty(); }
};
ChartLibrary built_in_chart_library();

}  // namespace trommel::tools
