#pragma once

#include <optional>
#include <string_view>

#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// "2025-01-02T03:04:05Z", with a fraction, or with an offset like "+08:00" in place of the Z.
/// Nothing for anything else.
std::optional<SystemTime> ParseIso8601(std::string_view text);

}  // namespace stateferry::storage::s3
