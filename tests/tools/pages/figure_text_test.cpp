#include "tools/pages/figure_text.h"

#include <cmath>
#include <gtest/gtest.h>

namespace trommel::tools {
namespace {

TEST(FigureText, HasThreeDigitsAndAUnit) {
    EXPECT_EQ(figure_text(20'149'000, Quantity::number, "events/s"), "20.1 M events/s");
    EXPECT_EQ(figure_text(0.00125, Quantity::seconds), "1.25 ms");
    EXPECT_EQ(figure_text(32 << 20, Quantity::bytes), "32 MiB");
    EXPECT_EQ(figure_text(0.7712, Quantity::share), "77.1 %");
    EXPECT_EQ(figure_text(27.5, Quantity::bytes, "per id"), "27.5 B per id");
}

TEST(FigureText, AFigureThatRoundsUpToTheNextUnitHasThatUnit) {
    EXPECT_EQ(figure_text(999'400, Quantity::number), "999 k");
    EXPECT_EQ(figure_text(999'600, Quantity::number), "1 M");
    EXPECT_EQ(figure_text(0.9996, Quantity::seconds), "1 s");
}

TEST(FigureText, TheLargestUnitShowsAllDigitsAndTheSmallestIsNotSplit) {
    EXPECT_EQ(figure_text(86'400, Quantity::seconds), "86400 s");
    EXPECT_EQ(figure_text(3.34, Quantity::share), "334 %");
    EXPECT_EQ(figure_text(25, Quantity::share), "2500 %");
    EXPECT_EQ(figure_text(0.5e-9, Quantity::seconds), "0.5 ns");
    EXPECT_EQ(figure_text(0, Quantity::seconds), "0 ns");
    EXPECT_EQ(figure_text(0, Quantity::number, "events/s"), "0 events/s");
}

TEST(FigureText, ANegativeFigureKeepsItsSign) {
    EXPECT_EQ(figure_text(-2'500'000, Quantity::number), "-2.5 M");
}

TEST(FigureText, WhatIsNotKnownIsADash) {
    EXPECT_EQ(figure_text(NAN, Quantity::bytes), "–");
    EXPECT_EQ(figure_text(INFINITY, Quantity::number, "events/s"), "–");
}

}  // namespace
}  // namespace trommel::tools
