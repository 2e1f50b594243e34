#pragma once
// Objects by location, wherever they are.

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "state/snapshot/snapshot.h"

namespace stateferry::state::snapshot {

/// Remembers the directory of the last object: neighbours nearly always share theirs.
/// Thread-safe.
class SourceObjects {
 public:
  explicit SourceObjects(storage::Places& places) : places_(places) {}

  /// None when it is not there, be it that its directory is not there either.
  Result<std::optional<storage::ObjectMeta>> Find(const storage::Location& location);
  Result<std::size_t> Read(const storage::Location& location, std::uint64_t offset,
                           MutableByteSpan out);
  /// Errors: kRefused above `limit_bytes`; kCorruption when other bytes arrived than the place has,
  /// where it can tell.
  Result<std::string> ReadAll(const storage::Location& location, std::uint64_t limit_bytes);
  /// Names in a bucket that no file can have, and that are of no use but to be named.
  enum class OddNames {
    kPassOver,  ///< with a warning in the log
    kVisit,
  };
  /// Objects whose location starts with that of `directory` and "/" + `name_prefix`, in key order.
  /// The visitor gets their location.  No such directory: no calls.
  using Visitor = std::function<Result<void>(const storage::Location&, const storage::ObjectMeta&)>;
  Result<void> List(const storage::Location& directory, std::string_view name_prefix,
                    const Visitor& visit, OddNames odd_names = OddNames::kPassOver);

  /// What a look at an object showed.
  struct Look {
    bool exists = false;
    std::uint64_t size_bytes = 0;
    std::string etag;
    std::string unreadable;                    ///< why it cannot be read; "" when it can
    std::optional<ErrorCode> unreadable_code;  ///< set with `unreadable`
  };
  /// Looks at the object, at a local one by reading a byte of it.  Errors: kCancelled.
  Result<Look> LookAt(const storage::Location& location);
  /// As LookAt, once for each location: snapshots of one job share most of their files.
  Result<Look> LookOnce(const storage::Location& location);

  storage::Places& places() { return places_; }

 private:
  Result<storage::Place> Open(const storage::Location& directory);

  storage::Places& places_;
  std::mutex mutex_;
  std::optional<storage::Place> last_;           // guarded by mutex_
  std::unordered_map<std::string, Look> looks_;  // by location and options; guarded by mutex_
};

/// Looks at each file: sets `exists`, `etag`, `problem`, and the object's own size where the
/// handles do not know it (a changelog file, the whole of a merged file).  Errors: kCancelled.
Result<void> LookAtFiles(SourceObjects& objects, std::vector<SnapshotFile>& files,
                         std::stop_token stop);

}  // namespace stateferry::state::snapshot
