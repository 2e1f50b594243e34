#pragma once
// Values of options that are more than a number with a unit.

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "cli/units.h"
#include "storage/location.h"
#include "storage/places.h"

namespace stateferry::cli {

/// "true", "yes", "on", "1" and their opposites.
Result<bool> ParseFlag(std::string_view text);
/// A whole number from 0 to 1,000,000.
Result<std::uint64_t> ParseCount(std::string_view text);
/// "0.7" or "70%": 0 to 1.
Result<double> ParseFraction(std::string_view text);
/// "200MiB/s", "off", or rates by time of day or of the week: "08:00,512K 19:00,10M 23:00,off",
/// "Mon-08:00,1M Sat-00:00,off".
Result<storage::BandwidthTable> ParseBandwidth(std::string_view text);
/// "auto", "none", "zstd", "zstd:N" with N from -7 to 19, not 0.
Result<storage::CompressPolicy> ParseCompress(std::string_view text);
/// A place that outlives the program: storage::ParseLocation without mem://, which is for tests.
Result<storage::Location> ParsePlace(std::string_view text);
/// "OLD=NEW", both places.  The first '=' splits, unless OLD is a path that holds one: then the
/// last '=' that is followed by a scheme or a '/' does.
Result<std::pair<storage::Location, storage::Location>> ParsePathMap(std::string_view text);

}  // namespace stateferry::cli
