#pragma once

#include <optional>
#include <string_view>

#include "transfer/report.h"

namespace stateferry::transfer {

/// The inverse of StatusName.
std::optional<TransferStatus> StatusFromName(std::string_view name);

/// Nothing is left to do and nothing will be done by itself: committed or cancelled for good.
/// (A cancelled or failed transfer can still be resumed; its plan is kept.)
constexpr bool IsOver(TransferStatus status) {
  return status == TransferStatus::kCommitted || status == TransferStatus::kCancelled ||
         status == TransferStatus::kFailed;
}

}  // namespace stateferry::transfer
