#pragma once
// What lies where, asked as seldom as can be.

#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "state/clone/project_contents.h"
#include "state/clone/project_files.h"
#include "storage/places.h"

namespace stateferry::state::clone {

/// The place for reading; nothing when it is a directory that nobody has made yet.  Errors: of
/// Places::Open (kNotFound: its managed store is missing).
Result<std::optional<storage::Place>> OpenIfThere(storage::Places& places,
                                                  const storage::Location& location);

/// No object lies below `directory`, which need not be there.  Errors: as OpenIfThere.
Result<bool> IsEmpty(storage::Places& places, const storage::Location& directory);

/// Sizes of the files of a project: one listing, and a question for each file outside of it.
class FileSizes {
 public:
  /// Errors: of the place (kNotFound: its managed store is missing).
  static Result<FileSizes> Read(storage::Places& places, const storage::Location& files_root,
                                std::stop_token stop);

  /// Nothing when there is no such file.  Errors: of the place.
  Result<std::optional<std::uint64_t>> Find(const storage::Location& file);
  /// Adds every file as the name of a resource-file.
  void AddTo(TakenNames& taken) const;

 private:
  FileSizes(storage::Places& places, storage::Location root)
      : places_(&places), root_(std::move(root)) {}

  storage::Places* places_;
  storage::Location root_;
  std::unordered_map<std::string, std::uint64_t> below_root_;
  std::unordered_map<std::string, std::optional<std::uint64_t>> elsewhere_;
};

}  // namespace stateferry::state::clone
