#include "transfer/status.h"

#include <array>
#include <utility>

namespace stateferry::transfer {

namespace {
constexpr std::array<std::pair<TransferStatus, std::string_view>, 6> kNames{{
    {TransferStatus::kPlanned, "planned"},
    {TransferStatus::kRunning, "running"},
    {TransferStatus::kVerifying, "verifying"},
    {TransferStatus::kCommitted, "committed"},
    {TransferStatus::kFailed, "failed"},
    {TransferStatus::kCancelled, "cancelled"},
}};
}  // namespace

std::string_view StatusName(TransferStatus status) {
  for (const auto& [value, name] : kNames)
    if (value == status) return name;
  return "unknown";
}

std::optional<TransferStatus> StatusFromName(std::string_view name) {
  for (const auto& [value, known] : kNames)
    if (known == name) return value;
  return std::nullopt;
}

}  // namespace stateferry::transfer
