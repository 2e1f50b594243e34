#pragma once
// What a single value in YAML means.  Reader and writer agree on it here.

#include <string_view>

#include "base/json.h"

namespace stateferry::state::manifest {

/// The value of text without quotes.
Json PlainScalar(std::string_view text);

/// Nothing when the bytes are UTF-8 without control characters (but tab and line ends), else the
/// offset of the first that is not.
std::optional<std::size_t> FirstUnprintable(std::string_view text);

}  // namespace stateferry::state::manifest
