#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// "2025-01-02T03:04:05Z", with a fraction, or with an offset like "+08:00" in place of the Z.
/// Nothing for anything else.
std::optional<SystemTime> ParseIso8601(std::string_view text);

/// Whole seconds since 1970, rounded down.
std::string UnixSeconds(SystemTime time);
/// What UnixSeconds() gives of times from 1970 to 2038; nothing for anything else.
std::optional<SystemTime> ParseUnixSeconds(std::string_view text);

}  // namespace stateferry::storage::s3
