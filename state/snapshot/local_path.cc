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

bool IsInside(const storage::Location& inner, const storage::Location& outer) {
  if (storage::IsWithin(inner, outer)) return true;
  if (inner.scheme != "file" || outer.scheme != "file") return false;
  std::error_code error;
  storage::Location up = inner;
  for (;; up = up.Parent()) {
    // False, too, when one of them does not exist.
    if (std::filesystem::equivalent(up.path, outer.path, error)) return true;
    if (up.Name().empty()) return false;
  }
}

bool IsOfKernel(const storage::Location& location) {
  if (location.scheme != "file") return false;
  const auto is_below = [&](const char* root) {
    return storage::IsWithin(location, {"file", location.authority, root, {}});
  };
  // The one directory of ordinary files among them.
  if (is_below("/dev/shm")) return false;
  return is_below("/proc") || is_below("/sys") || is_below("/dev");
}

}  // namespace stateferry::state::snapshot
