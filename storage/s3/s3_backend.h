#pragma once

#include <memory>

#include "storage/backend.h"
#include "storage/s3/client.h"

namespace stateferry::storage::s3 {

/// A bucket of S3, OSS or a service like them.  Reads are pinned to the version of an object that
/// was seen first (versions.h): when it is replaced, they fail with kConflict once, and go on with
/// the new version after the next Stat.  A Stat after all of an object was read compares what was
/// read with the checksum that the service keeps, if it does: kCorruption.  Zero-byte keys that end
/// in "/", which some programs write as directories, are not shown.
std::shared_ptr<Backend> MakeS3Backend(std::shared_ptr<Client> client);

}  // namespace stateferry::storage::s3
