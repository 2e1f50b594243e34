#pragma once

#include <optional>
#include <string_view>

#include "transfer/report.h"

namespace stateferry::transfer {

/// The inverse of StatusName.
std::optional<TransferStatus> StatusFromName(std::string_view name);

}  // namespace stateferry::transfer
