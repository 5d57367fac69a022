#pragma once
#include <string>
#include <vector>

#include "tools/pages/html_report.h"

namespace trommel::tools {

// Series with the same x: the points that have a place on the x axis, thinned out to about
// `points_max` of them. Of each stretch each series keeps its lowest and its highest point and, so
// that no gap closes, one that is none.
struct Curves {
    std::vector<double> x;
    std::vector<size_t> series;          // Their numbers in the chart.
    std::vector<std::vector<double>> y;  // One for each of them.
};
std::vector<Curves> curves_of(const Chart& chart, size_t points_max);

// What page.js reads: {"x":AXIS,"y":AXIS,"xs":[[…]…],"series":[{"name","x","y":[…],
// "shape"}…],"marks":[{"label","at","vertical"}…],"cursor"}; the x of a series is a number of
// a list in xs. AXIS is {"label","quantity","unit","scale"}.
std::string to_json(const Chart& chart);

}  // namespace trommel::tools
