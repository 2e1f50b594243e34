#include "state/snapshot/local_path.h"

#include <filesystem>

namespace stateferry::state::snapshot {

storage::Location Resolved(storage::Location location) {
  if (location.scheme != "file") return location;
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(location.path, error);
  if (!error) location.path = path.string();
  return location;
}

}  // namespace stateferry::state::snapshot
