#pragma once
// Names of cloned jobs after a pattern: "Backup_{date:%Y%m%d}_{name}" (C-52).

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::state::clone {

/// {name} becomes `name`, {date:FORMAT} the UTC time in strftime's words.  A template without
/// {name} stands before it, with a '_' between; an empty one gives the name. Errors:
/// kInvalidArgument, rule C-37: other braces, an empty or overlong date.
Result<std::string> ExpandTemplate(std::string_view name_template, std::string_view name,
                                   std::chrono::system_clock::time_point now);

}  // namespace stateferry::state::clone
