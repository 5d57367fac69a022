#pragma once
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/pages/figure_text.h"
#include "tools/pages/page_assets.h"

// A report as one HTML file that asks the network for nothing. What it says is described here
// without any HTML; every text is escaped on its way in.
namespace trommel::tools {

// `nines`: shares of one, the nearer to one the wider: 0, 90 %, 99 %, 99.9 % at equal distances, as
// latencies are drawn. For an x axis.
enum class Scale : uint8_t { linear, log, nines };

struct Axis {
    std::string label;  // "latency", "offered"
    Quantity quantity = Quantity::number;
    std::string unit;  // What figure_text() writes behind: "events/s".
    Scale scale = Scale::linear;
};

// `step`: a y holds since the x before.
enum class Shape : uint8_t { line, step, points, bars };

struct Series {
    std::string name;
    std::vector<double> x, y;  // As many of both, x growing. A y that is not a number is a gap.
    Shape shape = Shape::line;
};

// A line across a chart: a limit, an objective, the knee.
struct Mark {
    std::string label;
    double at = 0;  // On the x axis when vertical, else on the y axis.
    bool vertical = false;
};

// Curves. A log axis leaves out what is not positive; the table beside the chart has it.
struct Chart {
    std::string title, text;  // What it shows and how to read it: whole sentences.
    Axis x, y;
    std::vector<Series> series;
    std::vector<Mark> marks;
    std::string cursor;  // Charts with the same word share the pointer's place.
};

struct Bar {
    std::string group;  // Bars of one thing stand together: put them one after the other.
    std::string name;   // Bars of one name have one colour; empty: there is one in each group.
    double value = NAN;
    double low = NAN, high = NAN;  // The spread, where it is known.
    std::string text;              // Beside the bar; empty: the value by figure_text().
};

// Bars that start at zero; on a log axis dots, since it has no zero.
struct BarChart {
    std::string title, text;
    Axis axis;
    std::vector<Bar> bars;
    std::vector<Mark> marks;  // Vertical.
};

struct Column {
    std::string name;
    bool is_number = false;  // Set flush right.
};

struct Table {
    std::string title, text;
    std::vector<Column> columns;
    std::vector<std::vector<std::string>> rows;  // The first cell is what the row is about.
};

struct PageSection {
    std::string title, text;
    std::vector<BarChart> bars;
    std::vector<Chart> charts;
    std::vector<Table> tables;
};

enum class Tone : uint8_t { plain, good, bad };
struct Note {
    Tone tone = Tone::plain;
    std::string head, text;  // "Unmet", "p99 is 12 ms, above 10 ms."
};

struct Fact {
    std::string name, value;
};

struct Page {
    std::string title, text;
    std::vector<Note> notes;  // What must not be overlooked.
    std::vector<Fact> facts;  // What a figure must not be quoted without: machine, commit, command.
    std::vector<PageSection> sections;

    bool has_charts() const;
};

// The file's text: the same for the same page. A page with charts needs a library that is there.
// A series of more than kPointsMax points is thinned out: of each stretch of x its highest and its
// lowest remain. The table beside a chart has kTableRowsMax rows at most and says how many it left.
constexpr size_t kPointsMax = 4000, kTableRowsMax = 200;
std::string to_html(const Page& page, const ChartLibrary& library);

}  // namespace trommel::tools
