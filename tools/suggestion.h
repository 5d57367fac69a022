#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace trommel::tools {

// The candidate nearest to a mistyped word, or empty when none is near: at most a third of the word
// has to be changed (one edit inserts, deletes or replaces a letter or swaps two neighbours).
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// " (did you mean 'x'?)" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace trommel::tools
