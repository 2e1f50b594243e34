#include "storage/managed/maintenance.h"
namespace stateferry::storage::managed {
Result<CheckReport> CheckStore(StoreCore&, CheckLevel, const StoreProgress&, std::stop_token) {
  return Error(ErrorCode::kInternal, "not there yet");
}
}  // namespace stateferry::storage::managed
