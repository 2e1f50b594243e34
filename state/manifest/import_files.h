#pragma once
// The jars, archives and other files that come with a project: found beside its YAML, named in the
// project's storage.

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file_io.h"
#include "state/catalog/catalog.h"
#include "state/manifest/document.h"
#include "storage/location.h"

namespace stateferry::state::manifest {

/// One file that is to be copied.
struct ImportFile {
  std::string name{};          ///< path below both directories
  storage::Location to_dir{};  ///< the files of the project in its storage
  std::uint64_t size_bytes = 0;
  std::string hash{};  ///< "xxh3-128:..."
};

/// Fields that hold a path are looked up below `files_dir`, where there is one.  A file that lies
/// there is listed, and the field gets its URI in the project's storage; entities of the kind
/// resource-file also get size and hash.  A path that leads out of the directory, a file that is
/// neither there nor known in the project, and a size or hash that is another one are problems.
/// Reads the files.  Errors: of the catalog; kCancelled.
Result<std::vector<ImportFile>> ResolveFiles(const FileIo& io,
                                             const std::optional<std::string>& files_dir,
                                             catalog::Catalog& catalog, std::stop_token stop,
                                             Manifest& manifest);

}  // namespace stateferry::state::manifest
