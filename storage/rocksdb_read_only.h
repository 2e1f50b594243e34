#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_io.h"

namespace stateferry::storage {

/// A database that was opened for reading, with a handle for each of the families asked for.
struct ReadOnlyDb {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;  ///< to be destroyed by `db`
};

/// Opens a RocksDB as of one moment, also beside a process that writes it: everything that was
/// acknowledged before the call is there.  RocksDB 7.8 reads the manifest first and lists the logs
/// then, so what a writer moves from a log into a table in between is in neither, and missing
/// without an error (DBImplReadOnly, DBImpl::RecoverLogFiles): such a look does not count.
/// Looks again for 0.2 s after an error, and for a second while the writer changes its files;
/// `opened` is empty unless the status is ok.  Status TryAgain: the writer never stood still.
rocksdb::Status OpenReadOnly(const FileIo& io, Clock& clock, const rocksdb::Options& options,
                             const std::string& dir,
                             const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                             ReadOnlyDb& opened);

}  // namespace stateferry::storage
