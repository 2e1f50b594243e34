#pragma once

#include <string>

#include "base/json.h"

namespace stateferry::state::manifest {

/// Appends the value as YAML that ReadYaml reads back to the same value: one line per field, text
/// of several lines as a literal block, `indent` spaces before each line.  A value at the top that
/// is neither a map nor a list takes one line.  Text must be UTF-8 (other bytes become U+FFFD).
void WriteYaml(const Json& value, std::string& out, std::size_t indent = 0);

}  // namespace stateferry::state::manifest
