#include "storage/managed/maintenance.h"
namespace stateferry::storage::managed {
Result<GcReport> CollectGarbage(StoreCore&, const GcOptions&, const StoreProgress&,
                                std::stop_token) {
  return Error(ErrorCode::kInternal, "not there yet");
}
}  // namespace stateferry::storage::managed
