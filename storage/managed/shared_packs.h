#pragma once
// What a store whose packs many machines share needs beside the packs, so that gc harms nobody.
// The order of things: docs/formats/managed-store-in-a-bucket.md.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/managed/pack_format.h"

namespace stateferry::storage::managed {

/// No gc removes what it has marked less than this ago.
constexpr std::chrono::hours kShortestGrace{1};
/// A commit that takes longer, from its look at the marks to its last PUT, looks again before
/// anybody hears of success.
constexpr std::chrono::minutes kLongestCommit{30};

/// A mark on a pack: chunks in it must not be referred to any more, and it will be removed.  A
/// mark is never taken back.
struct DoomMark {
  PackId id;
  std::int64_t mtime_ns = 0;  ///< by the clock of the service
};

/// Times are those of the service.  Thread-safe.
class SharedPacks {
 public:
  virtual ~SharedPacks() = default;

  virtual Result<std::vector<DoomMark>> Marks() const = 0;
  /// Success also when it is marked already.
  virtual Result<void> Mark(const PackId& pack) = 0;
  /// After the pack itself is gone.
  virtual Result<void> RemoveMark(const PackId& pack) = 0;

  /// One gc at a time: a courtesy that saves work.  What keeps two of them from harm is the order
  /// of marks and removals.
  struct Lease {
    std::uint64_t number = 0;
    std::int64_t now_ns = 0;  ///< the time of the service when it was taken
  };
  /// For `length`, by `holder`, which messages name.  Errors: kLocked, with the holder and when it
  /// is over.
  virtual Result<Lease> TakeLease(const std::string& holder, std::chrono::seconds length) = 0;
  /// Gives back; success also when it is over.
  virtual Result<void> EndLease(const Lease& lease) = 0;
};

}  // namespace stateferry::storage::managed
