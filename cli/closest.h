#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stateferry::cli {

/// The known word that `typed` most likely meant, if one is near enough.
std::optional<std::string> ClosestWord(std::string_view typed,
                                       const std::vector<std::string>& known);

}  // namespace stateferry::cli
