#pragma once
// Documents into the catalog, and the files that come with them into the project's storage.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "state/catalog/catalog.h"
#include "state/manifest/document.h"
#include "transfer/transfer.h"

namespace stateferry::state::manifest {

struct ImportRequest {
  std::string project = {};  ///< of documents that name none; "" = none
  /// Where the files of the project lie; none: there are none.
  std::optional<std::string> files_dir = {};
  bool replace_files = false;  ///< other bytes of that name in the project's storage are replaced
  bool dry_run = false;
  std::vector<std::string> command = {};  ///< that repeats this import
};

struct ImportCounts {
  std::uint64_t added = 0, changed = 0, unchanged = 0;
};

struct ImportReport {
  std::map<std::string, ImportCounts> kinds;
  std::uint64_t files = 0, file_bytes = 0;
  ImportCounts Total() const;
};

/// The places and the journal that files are copied with; called only when there are any.
using OpenTransfers = std::function<Result<transfer::TransferEnv>()>;

/// Files first, verified; then all entities in one batch: all of it is imported, or nothing but
/// files that nobody names.  What is wrong is added to the problems of `manifest`, and nothing is
/// written while there are any.  Entities that are in the catalog as they are here stay untouched.
/// Errors: of the catalog; of the transfer, kConflict when other bytes have the name of a file.
Result<ImportReport> ImportProject(const ImportRequest& request, const FileIo& io,
                                   catalog::Catalog& catalog, const OpenTransfers& open_transfers,
                                   std::stop_token stop, Manifest& manifest);

}  // namespace stateferry::state::manifest
