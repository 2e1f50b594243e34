#pragma once

#include <string>

#include "base/json.h"

namespace stateferry::state::manifest {

/// "4 GiB" or "4Gi" as Flink writes it, "4g"; what is not of that form stays as it is.
Json MemoryText(const Json& memory);

}  // namespace stateferry::state::manifest
