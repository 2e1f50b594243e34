#pragma once

#include <string_view>

namespace stateferry::state::snapshot {

/// Whether a directory is called like a job of Flink: 32 hex digits.
constexpr bool IsJobId(std::string_view name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace stateferry::state::snapshot
