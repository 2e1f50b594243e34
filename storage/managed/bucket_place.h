#pragma once
// A store in a bucket: where its objects are.  docs/formats/managed-store-in-a-bucket.md.

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "storage/backend.h"
#include "storage/managed/pack_store.h"
#include "storage/managed/store_files.h"

namespace stateferry::storage::managed {

/// Objects of the store have keys prefix + "/" + name, or just the name when the prefix is empty.
struct BucketPlace {
  std::shared_ptr<Backend> backend;  ///< retries by itself what may be retried
  std::string prefix;
  std::string uri;  ///< "managed+s3://bucket/prefix"; for messages, and what projects are below

  std::string Key(std::string_view name) const {
    return prefix.empty() ? std::string(name) : prefix + "/" + std::string(name);
  }
};

/// The store that a path in a bucket is in: the nearest prefix upwards that has an object STORE.
struct BucketStorePath {
  std::string prefix;
  std::string project;  ///< "" when the path is the store itself
  std::string key;      ///< "" when the path is the project itself
};
/// Asks once for each directory of the path.  `path` has no '/' at its ends; `uri` is its name.
/// Errors: kNotFound when there is no store.
Result<BucketStorePath> ResolveBucketStore(Backend& backend, const std::string& path,
                                           const std::string& uri);
/// `path` taken apart, where the store is known.
BucketStorePath SplitBucketPath(const std::string& path, const std::string& prefix);

/// Errors: kNotFound (no store here), kRefused (newer), kCorruption.
Result<StoreMeta> ReadBucketMeta(const BucketPlace& place);
/// Puts STORE where nothing is.  Errors: kConflict when something is, kRefused inside a store.
Result<void> InitBucket(Clock& clock, const BucketPlace& place);

/// Of the store that lies there.
std::unique_ptr<SharedPacks> SharedInBucket(BucketPlace place);
/// Packs as objects, each written once under a random name.  Thread-safe, Publish too.
std::unique_ptr<PackStore> PacksInBucket(const FileIo& io, BucketPlace place);

}  // namespace stateferry::storage::managed
