#include "tools/suggestion.h"

#include <gtest/gtest.h>

namespace trommel::tools {
namespace {

const std::vector<std::string_view> kWords = {"horizon", "scope", "mode", "run", "id"};

TEST(Suggestion, OneSlipIsForgiven) {
    EXPECT_EQ(nearest("horizn", kWords), "horizon");    // A letter is missing,
    EXPECT_EQ(nearest("horizonn", kWords), "horizon");  // one too many,
    EXPECT_EQ(nearest("harizon", kWords), "horizon");   // a wrong one,
    EXPECT_EQ(nearest("rnu", kWords), "run");           // or two swapped.
}

TEST(Suggestion, FarWordsAreNotGuessedAt) {
    EXPECT_EQ(nearest("zebra", kWords), "");
    EXPECT_EQ(nearest("xy", kWords), "");
    EXPECT_EQ(nearest("", kWords), "");
    EXPECT_EQ(nearest(std::string(100'000, 'h'), kWords), "");
}

TEST(Suggestion, TheNearerOfTwoWins) {
    EXPECT_EQ(nearest("mod", {"node", "mode"}), "mode");
    EXPECT_EQ(nearest("mode", {"node", "mode"}), "mode");
}

TEST(Suggestion, IsAPartOfASentence) {
    EXPECT_EQ(did_you_mean("scop", kWords), " (did you mean 'scope'?)");
    EXPECT_EQ(did_you_mean("zebra", kWords), "");
}

}  // namespace
}  // namespace trommel::tools
