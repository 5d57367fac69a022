#include "tools/pages/plan_page.h"

#include <cstdio>
#include <utility>

#include "tools/pages/report_charts.h"
#include "tools/plan/text.h"

namespace trommel::tools {
namespace {

std::string value_of(const PlanLine& line) {
    if (line.value) return plan_value_text(*line.value, line.unit);
    return line.says.empty() ? "unknown" : line.says;
}

// The lines of one section, which stand together.
Table lines_table(const std::vector<PlanLine>& lines, size_t begin, size_t end) {
    Table table;
    table.columns = {{"", false},
                     {"value", true},
                     {"formula", false},
                     {"decided by", false},
                     {"rests on", false}};
    for (size_t i = begin; i < end; ++i) {
        const PlanLine& line = lines[i];
        const bool has_remark = line.value && !line.says.empty();
        table.rows.push_back({line.name, value_of(line),
                              line.formula + (has_remark ? "; " + line.says : ""), line.binds,
                              line.source});
    }
    return table;
}

std::string change(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%+.1f %%", 100 * share);
    return text;
}

std::string change(const std::optional<double>& share) {
    return share ? change(*share) : "–";
}

PageSection sensitivity_section(const std::vector<PlanSensitivity>& inputs) {
    PageSection section;
    section.title = "What moves it";
    section.text = "What 20 % less and 20 % more of an input do to memory and to busy cores.";
    Table table;
    table.columns = {{"input", false},
                     {"memory, 20 % less", true},
                     {"memory, 20 % more", true},
                     {"cores, 20 % less", true},
                     {"cores, 20 % more", true}};
    for (const PlanSensitivity& input : inputs) {
        table.rows.push_back({input.input, change(input.memory_less), change(input.memory_more),
                              change(input.cores_less), change(input.cores_more)});
    }
    section.tables = {std::move(table)};
    return section;
}

}  // namespace

Page plan_page(const Plan& plan, std::vector<Fact> facts) {
    Page page;
    page.title = "Plan";
    page.text = "What the stream will need, figure by figure.";
    page.facts = std::move(facts);
    for (const std::string& warning : plan.warnings) {
        page.notes.push_back({Tone::bad, "Warning.", warning});
    }
    for (size_t begin = 0, end = 0; begin < plan.lines.size(); begin = end) {
        while (end < plan.lines.size() && plan.lines[end].section == plan.lines[begin].section) {
            ++end;
        }
        PageSection& section = page.sections.emplace_back();
        section.title = plan.lines[begin].section;
        section.tables = {lines_table(plan.lines, begin, end)};
    }
    if (!plan.sensitivity.empty()) {
        page.sections.push_back(sensitivity_section(plan.sensitivity));
    }
    return page;
}

Page plan_check_page(const PlanReport& report, std::vector<Fact> facts) {
    Page page;
    page.title = "Plan: predicted against measured";
    page.text = "The planned workload ran here with " +
                plan_value_text(report.scale, PlanUnit::share) + " of its events and keys.";
    page.facts = std::move(facts);
    page.facts.insert(page.facts.begin(), {"Machine", report.machine});
    char speed[80];
    std::snprintf(speed, sizeof speed, "%.2f before the run, %.2f after it", report.speed_before,
                  report.speed_after);
    page.facts.insert(page.facts.begin() + 1, {"Speed, by its calibration", speed});
    std::vector<Prediction> predictions;
    std::string missed;
    for (const PlanPair& pair : report.pairs) {
        predictions.push_back(
            {pair.name, pair.predicted, pair.measured, plan_value_text(pair.predicted, pair.unit),
             plan_value_text(pair.measured, pair.unit), pair.target, pair.skipped, pair.slack});
        if (!pair.is_met()) missed += (missed.empty() ? "" : ", ") + pair.name;
    }
    page.notes.push_back(report.is_met()
                             ? Note{Tone::good, "Met.", "Each figure is as near as was aimed at."}
                             : Note{Tone::bad, "Not met.", missed + "."});
    PageSection section;
    section.bars = {prediction_bars(predictions)};
    section.tables = {prediction_table(predictions)};
    page.sections.push_back(std::move(section));
    return page;
}

}  // namespace trommel::tools
