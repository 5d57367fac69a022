#include "tools/html_report.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include "tools/chart_json.h"
#include "tools/html_text.h"
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
    std::string out = "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>";
    for (const Column& column : columns) {
        out += std::string("<th scope=\"col\"") + (column.is_number ? " class=\"n\">" : ">") +
               html(column.name) + "</th>";
    }
    out += "</tr></thead>\n<tbody>\n";
    for (const auto& row : rows) out += cells(row, columns);
    return out + "</tbody></table></div>\n";
}

std::string to_html(const Table& table) {
    return element("h3", table.title) + element("p class=\"about\"", table.text) +
           plain_table(table.columns, table.rows);
}

// --- Bars ----------------------------------------------------------------------------------------

// Where something stands on a bar's track, in percent of its width.
std::string percent(double value, double full) {
    std::string text;
    append_json_number(text, std::round(1e4 * std::clamp(value / full, 0.0, 1.0)) / 100);
    return text + "%";
}

double full_width(const BarChart& chart) {
    double full = 0;
    for (const Bar& bar : chart.bars) {
        for (const double value : {bar.value, bar.high}) {
            if (std::isfinite(value)) full = std::max(full, value);
        }
    }
    for (const Mark& mark : chart.marks) full = std::max(full, mark.at * 1.02);
    return full > 0 ? full : 1;
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
    const double full = full_width(chart);
    std::string out = "<span class=\"track\">";
    if (std::isfinite(bar.value)) {
        out += "<span class=\"fill s" + std::to_string(colour % kSeriesColours) +
               "\" style=\"width:" + percent(bar.value, full) + "\"></span>";
    }
    if (std::isfinite(bar.low) && std::isfinite(bar.high)) {
        out += "<span class=\"spread\" style=\"left:" + percent(bar.low, full) +
               ";width:" + percent(bar.high - bar.low, full) + "\"></span>";
    }
    for (const Mark& mark : chart.marks) {
        out += "<span class=\"mark\" style=\"left:" + percent(mark.at, full) + "\"></span>";
    }
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
        html(chart.axis.label) +
        "</th><td aria-hidden=\"true\"></td></tr></thead>\n"
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
            const Axis& axis = chart.y[chart.series[i].axis];
            row.push_back(figure_text(values[i], axis.quantity, axis.unit));
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
    label += " against " + chart.x.label + "; the numbers follow as a table.";
    return "<figure>\n<figcaption>" + element("h3", chart.title) +
           element("p class=\"about\"", chart.text) +
           element("p class=\"about\"",
                   marks_text(chart.marks, chart.x, chart.y.empty() ? Axis{} : chart.y[0])) +
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
                       [](const Section& section) { return !section.charts.empty(); });
}

std::string to_html(const Page& page, const ChartLibrary& library) {
    std::string out = head_of(page, library) + header_of(page);
    std::string charts;
    size_t number = 0;
    for (const Section& section : page.sections) {
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
