#pragma once
// The list of schemes.  A new backend is a file and a line in backends.cc.

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "storage/managed/bucket_place.h"
#include "storage/managed/managed_store.h"
#include "storage/places.h"
#include "storage/s3/bucket.h"
#include "storage/s3/request_rate.h"

namespace stateferry::storage {

/// What the openers share: configuration, and what is open already.  Not thread-safe.
class OpenContext {
 public:
  OpenContext(FileIo io, Clock& clock, PlacesOptions options)
      : io_(io), clock_(&clock), options_(std::move(options)) {}

  const FileIo& io() const { return io_; }
  Clock& clock() const { return *clock_; }
  const PlacesOptions& options() const { return options_; }

  /// Repeats what may be repeated in the bucket of a store: what is above the store cannot.
  void set_retries(std::function<std::shared_ptr<Backend>(std::shared_ptr<Backend>)> with_retries) {
    with_retries_ = std::move(with_retries);
  }

  struct FoundStore {
    managed::Store* store;
    std::string uri;
    managed::StorePath path;
  };
  /// A store that is open for reading is opened once more when it is to be written; earlier read
  /// views stay valid.
  Result<FoundStore> OpenStore(const Location& location, Access access);
  Result<void> InitStore(const Location& location);
  Result<managed::RebuildReport> RebuildIndex(const Location& location,
                                              const managed::StoreProgress& progress,
                                              std::stop_token stop);
  /// One for each bucket, whatever its options.
  std::shared_ptr<s3::RequestRate> RateOf(const s3::Bucket& bucket);
  using MakeBackend = std::function<Result<std::shared_ptr<Backend>>()>;
  /// The backend kept under `name`, made on first use.
  Result<std::shared_ptr<Backend>> Keep(const std::string& name, const MakeBackend& make);
  /// As Keep, for backends that hold file descriptors: made again when it was let go meanwhile.
  /// Only the last few, and those in use, are kept.
  Result<std::shared_ptr<Backend>> KeepRecent(const std::string& name, const MakeBackend& make);

 private:
  FileIo io_;
  Clock* clock_;
  PlacesOptions options_;
  struct OpenStores {
    std::unique_ptr<managed::Store> reader, writer;
  };
  /// The directory that a location of a store in the file system names.
  Result<std::string> DirectoryOf(const Location& location) const;
  Result<FoundStore> OpenStoreInBucket(const Location& location, const Location& behind,
                                       Access access);
  /// The bucket that `behind` is in, with retries, and its path there.
  Result<managed::BucketPlace> PathInBucket(const Location& behind, Access access);
  /// The store that `location` is in.
  struct InBucket {
    managed::BucketPlace place;
    managed::StorePath path;
  };
  Result<InBucket> ResolveInBucket(const Location& location, const Location& behind, Access access);

  std::function<std::shared_ptr<Backend>(std::shared_ptr<Backend>)> with_retries_;
  std::map<std::string, std::shared_ptr<s3::RequestRate>> rates_;  // by bucket and service
  // Stores go last: backends of their projects must not outlive them.
  std::map<std::string, OpenStores> stores_;
  std::map<std::string, std::shared_ptr<Backend>> backends_;
  std::map<std::string, std::weak_ptr<Backend>> alive_;  // all of recent_, and those in use
  std::deque<std::shared_ptr<Backend>> recent_;
};

Result<Place> OpenPlace(OpenContext& context, const Location& location, Access access);

}  // namespace stateferry::storage
