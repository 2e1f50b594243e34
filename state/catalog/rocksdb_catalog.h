#pragma once
// The catalog of a home: RocksDB in <home>/catalog.  docs/formats/catalog.md.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file_io.h"
#include "state/catalog/catalog.h"
#include "transfer/home_lock.h"

namespace rocksdb {
class Env;
}

namespace stateferry::state::catalog {

/// For writing, in a home whose lock the caller holds for longer than the catalog lives; made when
/// it is missing.  `clock` must outlive it.  `env`: where RocksDB writes;
/// null for files (tests let it fail).  Errors: kRefused when a newer version wrote it;
/// kCorruption.
Result<std::unique_ptr<Catalog>> OpenCatalog(const FileIo& io, Clock& clock,
                                             const std::string& home_dir,
                                             const transfer::HomeLock& held,
                                             rocksdb::Env* env = nullptr);
/// As it is now, beside a writer; empty when there is none yet.
Result<std::unique_ptr<Catalog>> OpenCatalogToRead(const FileIo& io, Clock& clock,
                                                   const std::string& home_dir);

}  // namespace stateferry::state::catalog
