#pragma once
// An OSS-style bucket in a directory: atomic puts, ranged reads, listing in key order, resumable
// uploads.  Keys never leave the bucket.

#include <memory>
#include <string>

#include "base/file_io.h"
#include "storage/backend.h"

namespace stateferry::storage {

/// The bucket directory may be missing: then it reads as empty and is made, durably, by the first
/// write.  Unfinished uploads live in `.stateferry/uploads/` inside the bucket, which no key can
/// name. Only regular files are objects; a symlink is followed as long as it stays inside the
/// bucket. Errors: kConflict when `directory` is not a directory.
Result<std::shared_ptr<Backend>> OpenFileBackend(const FileIo& io, const std::string& directory);

}  // namespace stateferry::storage
