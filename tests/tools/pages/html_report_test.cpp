#include "tools/pages/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>

#include "tests/tools/json_reader.h"

namespace trommel::tools {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "</script></title><img src=x onerror=alert(1)>\"'&";

ChartLibrary stand_in() {
    ChartLibrary library;
    library.name = "Stand-in 1.0";
    library.script = "var uPlot;";
    library.style = ".uplot{}";
    library.licence = "Do as you like.";
    return library;
}

// A page that has one of everything, and the same text wherever there is a text.
Page page_of(const std::string& text) {
    Page page;
    page.title = page.text = text;
    page.notes = {{Tone::bad, text, text}};
    page.facts = {{text, text}};
    Chart chart;
    chart.title = chart.text = chart.x.label = chart.y.label = chart.y.unit = text;
    chart.series = {{text, {1, 2}, {3, 4}}};
    chart.marks = {{text, 1.5, true}};
    BarChart bars;
    bars.title = bars.text = bars.axis.label = bars.axis.unit = text;
    bars.bars = {{text, text, 1, NAN, NAN, ""}, {text, text + "2", 2, NAN, NAN, text}};
    bars.marks = {{text, 1, true}};
    Table table;
    table.title = table.text = text;
    table.columns = {{text, false}, {text, true}};
    table.rows = {{text, text}};
    page.sections = {{text, text, {bars}, {chart}, {table}}};
    return page;
}

size_t count(const std::string& text, const std::string& part) {
    size_t found = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

Json charts_of(const std::string& html) {
    static const std::string kOpen = "<script type=\"application/json\" id=\"charts\">";
    const size_t begin = html.find(kOpen) + kOpen.size();
    Json json;
    EXPECT_TRUE(read_json(html.substr(begin, html.find("</script>", begin) - begin), json));
    return json;
}

TEST(HtmlReport, NoTextIsMarkup) {
    const std::string html = to_html(page_of(kHostile), stand_in());
    EXPECT_THAT(html, Not(HasSubstr("<img")));
    EXPECT_THAT(html, HasSubstr("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"));
    // The same page with a harmless text has as many of everything that a browser would see.
    const std::string harmless = to_html(page_of("x"), stand_in());
    for (const char* part : {"<", "</script>", "</title>"}) {
        EXPECT_EQ(count(html, part), count(harmless, part)) << part;
    }
}

TEST(HtmlReport, WhatTheScriptReadsIsWhatWasSaid) {
    const Json charts = charts_of(to_html(page_of(kHostile), stand_in()));
    ASSERT_EQ(charts.items.size(), 1u);
    EXPECT_EQ(charts[0]["series"][0]["name"].text, kHostile);
    EXPECT_EQ(charts[0]["marks"][0]["label"].text, kHostile);
    EXPECT_EQ(charts[0]["y"]["unit"].text, kHostile);
}

TEST(HtmlReport, EveryTagThatOpensCloses) {
    const std::string html = to_html(page_of("x"), stand_in());
    for (const char* tag : {"html", "head", "body", "header", "main", "section", "figure", "table",
                            "thead", "tbody", "tr", "details", "div", "dl", "p", "footer"}) {
        const std::string name = tag;
        EXPECT_EQ(count(html, "<" + name + ">") + count(html, "<" + name + " "),
                  count(html, "</" + name + ">"))
            << tag;
    }
}

TEST(HtmlReport, TheSamePageIsTheSameText) {
    EXPECT_EQ(to_html(page_of("a"), stand_in()), to_html(page_of("a"), stand_in()));
    EXPECT_NE(to_html(page_of("a"), stand_in()), to_html(page_of("b"), stand_in()));
}

TEST(HtmlReport, NumbersStandBesideEachChart) {
    Page page = page_of("x");
    Chart& chart = page.sections[0].charts[0];
    chart.x = {"percentile", Quantity::share, "", Scale::nines};
    chart.y = {"latency", Quantity::seconds, "", Scale::log};
    chart.series = {{"light", {0.5, 0.999}, {0.0001, 0.002}},
                    {"heavy", {0.5, 0.99999}, {0.1, NAN}}};
    const std::string html = to_html(page, stand_in());
    EXPECT_THAT(html, HasSubstr("<tr><th scope=\"row\" class=\"n\">50 %</th><td class=\"n\">100 µs"
                                "</td><td class=\"n\">100 ms</td></tr>"));
    EXPECT_THAT(html, HasSubstr(">99.9 %</th><td class=\"n\">2 ms</td><td class=\"n\">–</td>"));
    EXPECT_THAT(html, HasSubstr(">99.999 %</th><td class=\"n\">–</td><td class=\"n\">–</td>"));
}

TEST(HtmlReport, ALongTableSaysHowMuchItLeftOut) {
    Page page = page_of("x");
    Series& series = page.sections[0].charts[0].series[0];
    series.x.clear();
    for (size_t i = 0; i <= 3 * kTableRowsMax; ++i) series.x.push_back(static_cast<double>(i));
    series.y = series.x;
    const std::string html = to_html(page, stand_in());
    EXPECT_THAT(html, HasSubstr("151 of 601 points, at equal distances."));
    EXPECT_EQ(charts_of(html)[0]["xs"][0].items.size(), 601u);
}

TEST(HtmlReport, BarsReachAsFarAsTheirValues) {
    Page page;
    BarChart bars;
    bars.axis.quantity = Quantity::number;
    bars.bars = {
        {"a", "", 2e6, 1e6, 4e6, ""}, {"b", "", 1e6, NAN, NAN, ""}, {"c", "", NAN, NAN, NAN, ""}};
    page.sections = {{"", "", {bars}, {}, {}}};
    const std::string html = to_html(page, {});
    EXPECT_THAT(html,
                HasSubstr("2 M</td><td aria-hidden=\"true\"><span class=\"track\"><span "
                          "class=\"fill s0\" style=\"width:50%\"></span><span class=\"spread\" "
                          "style=\"left:25%;width:75%\"></span>"));
    EXPECT_THAT(html, HasSubstr("style=\"width:25%\""));
    EXPECT_EQ(count(html, "class=\"fill"), 2u);  // What is not known has no bar.
}

TEST(HtmlReport, WhereThereIsNoZeroThereAreDots) {
    Page page;
    BarChart bars;
    bars.axis.scale = Scale::log;
    bars.bars = {
        {"a", "", 1e3, NAN, NAN, ""}, {"b", "", 1e5, NAN, NAN, ""}, {"c", "", 0, NAN, NAN, ""}};
    page.sections = {{"", "", {bars}, {}, {}}};
    const std::string html = to_html(page, {});
    EXPECT_THAT(html, Not(HasSubstr("class=\"fill")));
    EXPECT_THAT(html, HasSubstr("<span class=\"dot s0\" style=\"left:100%\">"));
    EXPECT_THAT(html, HasSubstr("<span class=\"tick\" style=\"left:50%\">10 k</span>"));
}

TEST(HtmlReport, APageWithoutCurvesHasNoScript) {
    Page page = page_of("x");
    page.sections[0].charts.clear();
    EXPECT_FALSE(page.has_charts());
    const std::string html = to_html(page, stand_in());
    EXPECT_THAT(html, Not(HasSubstr("<script")));
    EXPECT_THAT(html, Not(HasSubstr("Stand-in")));
}

TEST(HtmlReport, AnEmptyPageIsAPage) {
    EXPECT_THAT(to_html({}, {}), HasSubstr("</html>\n"));
}

TEST(HtmlReport, ThePageHoldsTheLibraryAndItsLicence) {
    const ChartLibrary library = built_in_chart_library();
    if (!library.is_there()) {
        GTEST_SKIP() << "built without uPlot: run tools/setup where npm is, and configure again";
    }
    const std::string html = to_html(page_of("x"), library);
    EXPECT_THAT(html, HasSubstr(std::string(library.script)));
    EXPECT_THAT(html, HasSubstr(std::string(library.style)));
    EXPECT_THAT(html, HasSubstr("uPlot 1.6.32"));
    EXPECT_THAT(html, HasSubstr("Permission is hereby granted, free of charge"));
    EXPECT_EQ(library.script.find("</script"), std::string_view::npos);
    EXPECT_EQ(library.script.find("<!--"), std::string_view::npos);
}

// The policy forbids all loading; nothing on the page tries to, either.
TEST(HtmlReport, ThePageLoadsNothing) {
    const std::string html = to_html(page_of("x"), built_in_chart_library());
    EXPECT_THAT(html, HasSubstr("default-src 'none'; script-src 'unsafe-inline'; style-src "
                                "'unsafe-inline'; img-src data:"));
    const std::regex loads(
        "(src|href|action|srcset)\\s*=\\s*[\"'](?!data:)|@import|url\\(|fetch\\(|"
        "XMLHttpRequest|WebSocket|sendBeacon");
    std::smatch found;
    EXPECT_FALSE(std::regex_search(html, found, loads)) << found.str();
    EXPECT_EQ(page_script().find("</script"), std::string_view::npos);
    EXPECT_EQ(page_style().find("</style"), std::string_view::npos);
}

}  // namespace
}  // namespace trommel::tools
