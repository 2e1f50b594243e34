#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "storage/places.h"
#include "transfer/request.h"

namespace stateferry::transfer {

/// The places that a transfer reads from, opened when first used, and the one it writes to.
/// Thread-safe.
class Endpoints {
 public:
  static Result<std::unique_ptr<Endpoints>> Open(storage::Places& places,
                                                 const storage::Location& to,
                                                 storage::Access to_access);

  struct Source {
    std::shared_ptr<storage::Backend> backend;
    std::string key;
  };
  Result<Source> SourceOf(const FileTask& task);
  /// Identity of the bytes of a task for FindByOrigin: service, place, size, etag and range.
  /// Empty when the etag is unknown, for then nothing may be concluded, and when the destination
  /// looks for none.
  std::string OriginOf(const FileTask& task);

  storage::Backend& to() { return *to_.backend; }
  const storage::Place& to_place() const { return to_; }
  std::string ToKey(const FileTask& task) const { return to_.Key(task.to_name); }

 private:
  Endpoints(storage::Places& places, storage::Place to) : places_(places), to_(std::move(to)) {}

  storage::Places& places_;
  const storage::Place to_;
  std::mutex mutex_;
  // The place of the last file: neighbours in a plan nearly always share their directory, and
  // Places remembers the others.
  storage::Location last_dir_;  // guarded by mutex_
  storage::Place last_place_;   // guarded by mutex_
};

}  // namespace stateferry::transfer
