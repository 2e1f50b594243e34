#pragma once
// A bucket directory as a listing in key order.

#include <functional>
#include <string_view>

#include "storage/backend.h"
#include "storage/bucket_dir.h"

namespace stateferry::storage {

/// Backend::List over a bucket directory; holds one directory of each level in memory.
/// Errors beyond those of List: kRefused for what is neither file nor directory, and for symlinks
/// that run in a circle; kPermission for symlinks that lead out.  Nothing is left out silently.
Result<void> ListBucketDir(BucketDir& bucket, std::string_view prefix,
                           const std::function<Result<void>(const ObjectMeta&)>& visit);

/// Identity of a file: inode, time and size.  A file that is replaced or written to gets another.
ObjectMeta FileMeta(std::string key, const FileStat& stat);

}  // namespace stateferry::storage
