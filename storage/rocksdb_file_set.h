#pragma once

#include <string>

#include "base/file_io.h"

namespace stateferry::storage {

/// Which files hold the rows of the RocksDB in `dir`, as a text to compare.  Whoever opens one for
/// reading beside a writer must find it the same before and after: RocksDB 7.8 reads the manifest
/// first and lists the logs then, so a log that the writer has emptied into a table in between is
/// in neither, and what it held is missing without an error (DBImplReadOnly,
/// DBImpl::RecoverLogFiles). Errors: kIo, kNotFound while the writer changes them: look again.
Result<std::string> RocksDbFileSet(const FileIo& io, const std::string& dir);

}  // namespace stateferry::storage
