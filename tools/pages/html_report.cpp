#include "tools/pages/html_report.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include "tools/pages/chart_json.h"
#include "tools/pages/html_text.h"
#include "tools/quantity.h"

namespace trommel::tools {
namespace {

constexpr size_t kSeriesColours = 6;  // As page.css and page.js have.

std::string element(std::string_view name, std::string_view text) {
    if (text.empty()) return {};
    const std::string tag(name);
    return "<" + tag + ">" + html(text) + "</" + tag.substr(0, tag.find(' ')) + ">\n";
}

// --- Tables --------------------------------------------------------------------------------------

std::string cells(const std::vector<std::string>& row, const std::vector<Column>& columns) {
    std::string out = "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
        const bool is_number = i < columns.size() && columns[i].is_number;
        const std::string open = std::string(i == 0 ? "th scope=\"row\"" : "td") +
                                 (is_number            ? " class=\"n\""
                                  : row[i].size() > 40 ? " class=\"wide\""
                                                       : "");
        out += "<" + open + ">" + html(row[i]) + (i == 0 ? "</th>" : "</td>");
    }
    return out + "</tr>\n";
}

std::string plain_table(const std::vector<Column>& columns,
                        const std::vector<std::vector<std::string>>& rows) {
    // A wide table scrolls by itself; with a tab stop the keyboard can do it.
    std::string out = "<div class=\"scroll\" tabindex=\"0\"><table>\n";
    const bool has_head = std::any_of(columns.begin(), columns.end(),
                                      [](const Column& column) { return !column.name.empty(); });
    if (has_head) out += "<thead><tr>";
    for (size_t i = 0; has_head && i < columns.size(); ++i) {
        out += std::string("<th scope=\"col\"") + (columns[i].is_number ? " class=\"n\">" : ">") +
               html(columns[i].name) + "</th>";
    }
    out += has_head ? "</tr></thead>\n<tbody>\n" : "<tbody>\n";
    for (const auto& row : rows) out += cells(row, columns);
    return out + "</tbody></table></div>\n";
}

std::string to_html(const Table& table) {
    return element("h3", table.title) + element("p class=\"about\"", table.text) +
           plain_table(table.columns, table.rows);
}

// --- Bars ----------------------------------------------------------------------------------------

// The width of a bar's track: from zero to a little more than the largest, or whole decades.
struct Extent {
    double low = 0, high = 1;
    bool is_log = false;

    double share_of(double value) const {
        const double share = is_log ? std::log10(value / low) / std::log10(high / low)
                                    : (value - low) / (high - low);
        return std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0);
    }
};

Extent extent_of(const BarChart& chart) {
    double low = INFINITY, high = 0;
    const auto see = [&](double value) {
        if (!std::isfinite(value) || value <= 0) return;
        low = std::min(low, value);
        high = std::max(high, value);
    };
    for (const Bar& bar : chart.bars) {
        for (const double value : {bar.value, bar.low, bar.high}) see(value);
    }
    for (const Mark& mark : chart.marks) see(mark.at * 1.02);
    if (high == 0) return {};
    if (chart.axis.scale != Scale::log) return {0, high, false};
    const double first = std::floor(std::log10(low)), last = std::ceil(std::log10(high));
    return {std::pow(10, first), std::pow(10, std::max(last, first + 1)), true};
}

// In percent of the track.
std::string percent(double share) {
    std::string text;
    append_json_number(text, std::round(1e4 * share) / 100);
    return text + "%";
}

// The decades of a log axis, above the bars.
std::string decades(const Extent& extent, const Axis& axis) {
    std::string out = "<span class=\"track\">";
    for (double at = extent.low; extent.is_log && at < extent.high * 0.99; at *= 10) {
        out += "<span class=\"tick\" style=\"left:" + percent(extent.share_of(at)) + "\">" +
               html(figure_text(at, axis.quantity)) + "</span>";
    }
    return out + "</span>";
}

std::vector<std::string> bar_names(const BarChart& chart) {
    std::vector<std::string> names;
    for (const Bar& bar : chart.bars) {
        if (std::find(names.begin(), names.end(), bar.name) == names.end()) {
            names.push_back(bar.name);
        }
    }
    return names;
}

std::string track(const Bar& bar, const BarChart& chart, size_t colour) {
    const Extent extent = extent_of(chart);
    const std::string series = "s" + std::to_string(colour % kSeriesColours);
    std::string out = "<span class=\"track\">";
    const auto place = [&](const char* what, double at) {
        out += "<span class=\"" + std::string(what) +
               "\" style=\"left:" + percent(extent.share_of(at)) + "\"></span>";
    };
    for (double at = extent.low; extent.is_log && at < extent.high * 0.99; at *= 10) {
        place("grid", at);
    }
    // A bar's length would say nothing where there is no zero.
    const bool is_known = std::isfinite(bar.value);
    if (is_known && !extent.is_log) {
        out += "<span class=\"fill " + series +
               "\" style=\"width:" + percent(extent.share_of(bar.value)) + "\"></span>";
    }
    if (std::isfinite(bar.low) && std::isfinite(bar.high)) {
        const double low = extent.share_of(bar.low), high = extent.share_of(bar.high);
        out += "<span class=\"spread\" style=\"left:" + percent(low) +
               ";width:" + percent(high - low) + "\"></span>";
    }
    if (is_known && extent.is_log) place(("dot " + series).c_str(), bar.value);
    for (const Mark& mark : chart.marks) place("mark", mark.at);
    return out + "</span>";
}

std::string marks_text(const std::vector<Mark>& marks, const Axis& vertical, const Axis& level) {
    std::string text;
    for (const Mark& mark : marks) {
        const Axis& axis = mark.vertical ? vertical : level;
        text += (text.empty() ? "Dashed: " : "; ") + mark.label + ", " +
                figure_text(mark.at, axis.quantity, axis.unit);
    }
    return text.empty() ? text : text + ".";
}

std::string bar_row(const Bar& bar, const BarChart& chart, bool is_first,
                    const std::vector<std::string>& names) {
    const size_t colour =
        static_cast<size_t>(std::find(names.begin(), names.end(), bar.name) - names.begin());
    const std::string text =
        bar.text.empty() ? figure_text(bar.value, chart.axis.quantity, chart.axis.unit) : bar.text;
    std::string out = is_first ? "<tr class=\"first\">" : "<tr>";
    out += "<th scope=\"row\">" + (is_first ? html(bar.group) : "") + "</th>";
    if (names.size() > 1) {
        out += "<td><span class=\"key s" + std::to_string(colour % kSeriesColours) + "\"></span>" +
               html(bar.name) + "</td>";
    }
    return out + "<td class=\"n\">" + html(text) + "</td><td aria-hidden=\"true\">" +
           track(bar, chart, colour) + "</td></tr>\n";
}

std::string to_html(const BarChart& chart) {
    const std::vector<std::string> names = bar_names(chart);
    const bool is_plain = names.size() <= 1;
    std::string out =
        element("h3", chart.title) + element("p class=\"about\"", chart.text) +
        element("p class=\"about\"", marks_text(chart.marks, chart.axis, chart.axis)) +
        "<div class=\"bars" + (is_plain ? " plain" : "") +
        "\"><table>\n<thead><tr><th scope=\"col\"></th>" +
        (is_plain ? "" : "<th scope=\"col\"></th>") + "<th scope=\"col\" class=\"n\">" +
        html(chart.axis.label) + "</th><td aria-hidden=\"true\">" +
        decades(extent_of(chart), chart.axis) +
        "</td></tr></thead>\n"
        "<tbody>\n";
    const std::string* group = nullptr;
    for (const Bar& bar : chart.bars) {
        out += bar_row(bar, chart, group == nullptr || *group != bar.group, names);
        group = &bar.group;
    }
    return out + "</tbody></table></div>\n";
}

// --- Curves --------------------------------------------------------------------------------------

std::string x_text(const Axis& axis, double x) {
    if (axis.scale != Scale::nines) return figure_text(x, axis.quantity, axis.unit);
    char text[32];
    std::snprintf(text, sizeof text, "%.9g %%", 100 * x);  // 99.999 needs all its digits.
    return text;
}

// The numbers of a chart for those who cannot see it, or want to know them exactly.
std::string numbers_of(const Chart& chart) {
    std::map<double, std::vector<double>> by_x;
    for (size_t i = 0; i < chart.series.size(); ++i) {
        const Series& series = chart.series[i];
        for (size_t at = 0; at < std::min(series.x.size(), series.y.size()); ++at) {
            if (std::isnan(series.x[at])) continue;
            std::vector<double>& row = by_x[series.x[at]];
            row.resize(chart.series.size(), NAN);
            row[i] = series.y[at];
        }
    }
    std::vector<Column> columns{{chart.x.label, true}};
    for (const Series& series : chart.series) columns.push_back({series.name, true});
    const size_t step = std::max<size_t>(1, (by_x.size() + kTableRowsMax - 1) / kTableRowsMax);
    std::vector<std::vector<std::string>> rows;
    size_t number = 0;
    for (const auto& [x, values] : by_x) {
        if (number++ % step != 0) continue;
        std::vector<std::string>& row = rows.emplace_back();
        row.push_back(x_text(chart.x, x));
        for (size_t i = 0; i < values.size(); ++i) {
            row.push_back(figure_text(values[i], chart.y.quantity, chart.y.unit));
        }
    }
    std::string out = "<details><summary>The numbers</summary>\n";
    if (step > 1) {
        out += element("p", count_text(rows.size()) + " of " + count_text(by_x.size()) +
                                " points, at equal distances.");
    }
    return out + plain_table(columns, rows) + "</details>\n";
}

std::string to_html(const Chart& chart, size_t number) {
    std::string label = chart.title + ". Chart of ";
    for (size_t i = 0; i < chart.series.size(); ++i) {
        label += (i == 0 ? "" : ", ") + chart.series[i].name;
    }
    label += " against " + chart.x.label + "; the numbers follow as a table. " +
             marks_text(chart.marks, chart.x, chart.y);
    return "<figure>\n<figcaption>" + element("h3", chart.title) +
           element("p class=\"about\"", chart.text) +
           "</figcaption>\n<div class=\"plot\" id=\"plot-" + std::to_string(number) +
           "\" role=\"group\" aria-label=\"" + html(label) + "\"></div>\n" + numbers_of(chart) +
           "</figure>\n";
}

// --- The page ------------------------------------------------------------------------------------

std::string head_of(const Page& page, const ChartLibrary& library) {
    // The policy is what makes sure of it: the page may load nothing, from anywhere.
    std::string out =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n" +
        element("title", page.title) + "<style>\n";
    if (page.has_charts()) out += library.style;
    return out + std::string(page_style()) + "</style>\n</head>\n<body>\n";
}

std::string header_of(const Page& page) {
    std::string out =
        "<header>\n" + element("h1", page.title) + element("p class=\"lead\"", page.text);
    constexpr const char* kTones[] = {"note", "note good", "note bad"};
    for (const Note& note : page.notes) {
        out += std::string("<p class=\"") + kTones[static_cast<size_t>(note.tone)] + "\"><b>" +
               html(note.head) + "</b>" + html(note.text) + "</p>\n";
    }
    out += "<dl>\n";
    for (const Fact& fact : page.facts) {
        out += "<dt>" + html(fact.name) + "</dt><dd>" + html(fact.value) + "</dd>\n";
    }
    out += "</dl>\n";
    if (page.has_charts()) {
        out +=
            "<noscript><p class=\"note\">Curves need JavaScript. Their numbers are in the tables."
            "</p></noscript>\n";
    }
    return out + "</header>\n<main>\n";
}

std::string footer_of(const Page& page, const ChartLibrary& library) {
    std::string out = "</main>\n<footer>\n<p>This page holds all that it shows and loads nothing.";
    if (!page.has_charts()) return out + "</p>\n</footer>\n";
    out +=
        " Drag over a curve to look closer, double-click to see all of it again, click a name "
        "to hide its curve.</p>\n<details><summary>Curves by " +
        html(library.name) + "</summary>\n<pre>" + html(library.licence) +
        "</pre></details>\n</footer>\n";
    return out;
}

}  // namespace

bool Page::has_charts() const {
    return std::any_of(sections.begin(), sections.end(),
                       [](const PageSection& section) { return !section.charts.empty(); });
}

std::string to_html(const Page& page, const ChartLibrary& library) {
    std::string out = head_of(page, library) + header_of(page);
    std::string charts;
    size_t number = 0;
    for (const PageSection& section : page.sections) {
        out += "<section>\n" + element("h2", section.title) + element("p", section.text);
        for (const Chart& chart : section.charts) {
            charts += (charts.empty() ? "" : ",\n") + to_json(chart);
            out += to_html(chart, number++);
        }
        for (const BarChart& chart : section.bars) out += to_html(chart);
        for (const Table& table : section.tables) out += to_html(table);
        out += "</section>\n";
    }
    out += footer_of(page, library);
    if (number > 0) {
        out += "<script type=\"application/json\" id=\"charts\">[" + json_for_script(charts) +
               "]</script>\n<script>" + std::string(library.script) + "</script>\n<script>\n" +
               std::string(page_script()) + "</script>\n";
    }
    return out + "</body>\n</html>\n";
}

}  // namespace trommel::tools
