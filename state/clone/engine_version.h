#pragma once

#include <string_view>

namespace stateferry::state::clone {

/// Whether a clone may take the state of a job on that engine along (C-14, reading R-7): VVR 6.0.2
/// or later, or Flink 1.15 or later, compared as numbers.  "vvr-6.0.7-flink-1.15", "8.0.5" (VVR),
/// "flink-1.20.5", "v1_20" (Flink), "1.17.2" (Flink: there never was a VVR 1).  False for what is
/// none of these.
bool CarriesState(std::string_view engine_version);

}  // namespace stateferry::state::clone
