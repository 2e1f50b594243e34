#pragma once
// From a location to the backend that serves it.  storage/backends.cc has one line per scheme.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/file_io.h"
#include "storage/backend.h"
#include "storage/location.h"
#include "storage/s3/place_profile.h"
#include "storage/wrap/bandwidth_table.h"

namespace stateferry::storage {

namespace managed {
class Store;
struct RebuildReport;
}  // namespace managed

/// How managed storage spends CPU on bytes (--compress).
struct CompressPolicy {
  enum class Mode { kAuto, kNone, kZstd } mode = Mode::kAuto;
  int zstd_level = 3;  ///< only for kZstd; -7..19
};

enum class Access { kRead, kWrite };

/// A directory-like spot inside a backend: objects of the place have keys prefix + "/" + name (or
/// just the name when prefix is empty).
struct Place {
  std::shared_ptr<Backend> backend;
  std::string prefix;
  Location location;

  std::string Key(std::string_view name) const;
};

struct PlacesOptions {
  CompressPolicy compress = {};
  /// Shared by all places; reads and writes count apart, so that a copy runs at the limit.
  BandwidthTable bwlimit = {};
  /// To each bucket, at most; 0 = no limit.
  std::uint32_t requests_per_s = 0;
  /// How many objects are looked at at the same time, where that is waiting for a network.
  std::uint32_t checkers = 16;
  int retries = 10;
  std::chrono::nanoseconds retry_max_wait = std::chrono::seconds(60);
  std::stop_token stop = {};  ///< ends waits of retries and of the bandwidth limit
  /// Names of stores for managed://NAME/..., from the configuration: name -> directory.
  std::map<std::string, std::string> named_stores = {};
  /// Where the indexes of stores in buckets are kept, one directory for each.  "": such stores are
  /// not opened.
  std::string stores_dir = {};
  /// What new objects get where the location of a bucket does not say it: "sse" -> "AES256".
  s3::NewObjectsSaid new_objects = {};
  /// What the configuration says of places in buckets.
  s3::PlaceProfiles place_profiles = {};
  /// What buckets read of the environment: credentials, regions, endpoints, certificates, proxies.
  std::map<std::string, std::string> environment = {};
};

/// Opens places and keeps their backends: one object per process and command, so that a managed
/// store is opened (and locked, for writing) only once.  Thread-safe.
class Places {
 public:
  Places(FileIo io, Clock& clock, PlacesOptions options);
  ~Places();

  /// Tells that the user has named this place, with its options or without any.  Call it for all of
  /// them before anything is opened: the options of one side must not become those of the other.
  void Give(const Location& location);

  /// For kRead the place is a read-only view.  A directory to be written to may be missing: the
  /// first write makes it.  A managed store that is open for reading is opened a second time when
  /// it is to be written; from then on all places in it go through the writer.
  /// Errors: kNotFound (managed: no STORE file upwards), kLocked (managed, kWrite: another process
  /// writes into the store; the message names it), kConflict (a file location that is a file, not a
  /// directory: see OpenObject), kInvalidArgument, kRefused.
  /// A bucket is not asked anything yet.  A location in it without options, such as metadata names,
  /// takes those of the places that were given in its bucket; kRefused when those differ.
  Result<Place> Open(const Location& location, Access access);

  /// The place of the parent and the key of the object itself.
  struct Object {
    Place place;
    std::string key;
  };
  Result<Object> OpenObject(const Location& location, Access access);

  /// Where the bucket of a location is, with its options and the environment: "http://minio:9000",
  /// or "" at its vendor's own service; "" for all other places.  Two buckets of one name are the
  /// same only where this is.
  std::string ServiceOf(const Location& location) const;

  /// The store behind a managed location, opened like Open does; nullptr for other schemes.
  Result<managed::Store*> ManagedStore(const Location& location, Access access);
  /// The same with what the location names in it.  Errors: also kInvalidArgument for other schemes.
  struct StoreAt {
    managed::Store* store;
    std::string uri;      ///< of the store: "managed:///srv/store"
    std::string project;  ///< "" when the location is the store itself
    std::string key;
  };
  Result<StoreAt> FindStore(const Location& location, Access access);
  /// Makes an empty store at a managed location.  Errors: those of Store::Init; those of the
  /// bucket.
  Result<void> InitStore(const Location& location);
  /// Of the store that the location is in, which nobody of this machine may have open.
  Result<managed::RebuildReport> RebuildIndex(
      const Location& location, const std::function<void(std::uint64_t, std::uint64_t)>& progress);

  /// PlacesOptions::checkers, at least 1.
  std::uint32_t checkers() const;
  /// Calls that were repeated so far.
  std::uint64_t retries() const;

  /// Locations at or below `root` open as this backend from now on.  For tests and for backends
  /// that the caller has made itself; it gets no wrappers.
  void Register(const Location& root, std::shared_ptr<Backend> backend);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stateferry::storage
