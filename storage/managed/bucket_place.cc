#include "storage/managed/bucket_place.h"

namespace stateferry::storage::managed {

namespace {
constexpr std::string_view kStoreObject = "STORE";

Result<bool> HasStore(Backend& backend, const std::string& prefix) {
  const auto meta = backend.Stat(prefix.empty() ? std::string(kStoreObject)
                                                : prefix + "/" + std::string(kStoreObject));
  if (meta) return true;
  if (meta.error().code() == ErrorCode::kNotFound) return false;
  return meta.error();
}

/// A small object, compared as a whole with the checksum that the service has of it, where it has
/// one: a byte that was damaged on its way would make another store of this one.
Result<std::string> ReadCompared(Backend& backend, const std::string& key,
                                 std::uint64_t max_bytes) {
  constexpr int kTries = 4;
  for (int i = 1;; ++i) {
    SF_TRY(const auto meta, backend.Stat(key));
    if (meta.size_bytes > max_bytes) return ReadAll(backend, key, max_bytes);  // which says so
    std::string text(meta.size_bytes, '\0');
    const auto read =
        backend.ReadVersion(meta, {reinterpret_cast<std::byte*>(text.data()), text.size()});
    if (read && *read) return text;
    if (read) return ReadAll(backend, key, max_bytes);
    const bool may_help = read.error().code() == ErrorCode::kCorruption ||
                          read.error().code() == ErrorCode::kConflict;
    if (!may_help || i == kTries) return read.error();
  }
}

/// The directory above, "" for the bucket itself.
std::string Above(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}
}  // namespace

BucketStorePath SplitBucketPath(const std::string& path, const std::string& prefix) {
  BucketStorePath split{.prefix = prefix, .project = {}, .key = {}};
  std::string rest = path.substr(prefix.size());
  if (!prefix.empty() && !rest.empty()) rest.erase(0, 1);
  const auto slash = rest.find('/');
  split.project = rest.substr(0, slash);
  if (slash != std::string::npos) split.key = rest.substr(slash + 1);
  return split;
}

Result<BucketStorePath> ResolveBucketStore(Backend& backend, const std::string& path,
                                           const std::string& uri) {
  for (std::string prefix = path;; prefix = Above(prefix)) {
    SF_TRY(const bool found, HasStore(backend, prefix));
    if (found) return SplitBucketPath(path, prefix);
    if (prefix.empty()) break;
  }
  return Error(ErrorCode::kNotFound,
               "no store at or above " + uri + ": no prefix there has an object STORE")
      .WithHint("make one: stateferry store init " + uri);
}

Result<StoreMeta> ReadBucketMeta(const BucketPlace& place) {
  auto text = ReadCompared(*place.backend, place.Key(kStoreObject), kMaxStoreFileBytes);
  if (!text && text.error().code() == ErrorCode::kNotFound)
    return Error(ErrorCode::kNotFound, place.uri + " is not a store: it has no object STORE")
        .WithHint("make one: stateferry store init " + place.uri);
  if (!text) return std::move(text).error();
  return ParseStoreMeta(*text, place.uri + "/" + std::string(kStoreObject), place.uri);
}

Result<void> InitBucket(Clock& clock, const BucketPlace& place) {
  SF_TRY(const bool here, HasStore(*place.backend, place.prefix));
  if (here) return Error(ErrorCode::kConflict, place.uri + " is a store already");
  for (std::string above = place.prefix; !above.empty();) {
    above = Above(above);
    SF_TRY(const bool inside, HasStore(*place.backend, above));
    if (inside)
      return Error(ErrorCode::kRefused, place.uri + " lies inside the store at \"" + above +
                                            "\" of the bucket; stores cannot be nested");
  }
  const Error not_empty = Error(ErrorCode::kConflict, place.uri + " is not empty")
                              .WithHint("choose a prefix under which there is nothing");
  SF_TRY(place.backend->List(place.prefix.empty() ? "" : place.prefix + "/",
                             [&](const ObjectMeta&) -> Result<void> { return not_empty; }));
  const StoreMeta meta{
      .format_version = kStoreFormatVersion, .id = RandomId(), .created = FormatTime(clock.Now())};
  auto put = place.backend->Put(place.Key(kStoreObject), AsBytes(EncodeStoreMeta(meta)),
                                {.overwrite = false});
  if (!put && put.error().code() != ErrorCode::kConflict) return std::move(put).error();
  SF_TRY(place.backend->Flush());
  // Where a service knows no "only if absent", or an answer was lost, only a look tells whose it
  // is.
  SF_TRY(const auto there, ReadBucketMeta(place));
  if (there.id == meta.id) return {};
  return Error(ErrorCode::kConflict, place.uri + " was made a store by somebody else just now");
}

}  // namespace stateferry::storage::managed
