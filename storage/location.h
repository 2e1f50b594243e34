#pragma once
// URIs of places: file:///p, /p, managed:///path/to/store/PROJECT/KEY, mem://name/key,
// s3://bucket/key, oss://bucket/key, managed+s3://bucket/prefix/of/store/PROJECT/KEY.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::storage {

/// A parsed place.  The path text is unescaped, as Flink's Path.toString() gives it: '%', '?' and
/// '#' are ordinary characters, except that `?name=value&...` at the very end of an s3 or oss URI
/// that the *user* gave sets options (docs: cli-and-api).  Handles in metadata have no options;
/// they are read by snapshot::ParseFlinkPath.
struct Location {
  std::string scheme;  ///< lower case: "file", "managed", "mem", "s3", "oss"; s3a/s3p read as s3.
  /// "managed+s3", "managed+oss", "managed+mem": in a store that is in such a bucket.
  std::string authority;  ///< bucket or host; may hold credentials in foreign metadata
  std::string path;       ///< absolute and normalised: "/a/b", never "//", ".", "..", trailing "/"
  std::map<std::string, std::string> options;

  /// "file:/a/b" for file without authority, else "scheme://authority/path"; credentials in the
  /// authority are replaced by "***".  Without options.
  std::string ToString() const;
  /// ToString() and the options: what ParseLocation gives this location back from.
  std::string ToUri() const;
  /// The location of `relative` below this one.  `relative` is a checked key.
  Location Child(std::string_view relative) const;
  Location Parent() const;
  /// The last path component, "" for the root.
  std::string Name() const;
  bool operator==(const Location&) const = default;
};

/// A plain path ("cp/job" or "/cp/job") becomes an absolute file location.
/// Errors: kInvalidArgument: empty, unknown scheme (the message lists the known ones), relative
/// path behind a scheme, NUL, ".." that climbs above the root, what is no name of a bucket;
/// kRefused: credentials in an endpoint.  Messages quote no text that may hold a password.
Result<Location> ParseLocation(std::string_view text);

/// Whether it is in a managed store, wherever that is.
bool IsManaged(const Location& location);
/// Where the objects of the store are, as a location of the bucket, with the options: of
/// "managed+s3://b/k" "s3://b/k".  Nothing for all others, "managed:" too.
std::optional<Location> BucketBehind(const Location& location);

/// Whether that URI is of an object in a bucket, so that work there is mostly waiting for a
/// network.
bool IsInBucket(std::string_view uri);

/// True when `inner` is `outer` or below it, on component boundaries.  Buckets at two different
/// endpoints are two buckets.
bool IsWithin(const Location& inner, const Location& outer);

/// The path of `inner` relative to `outer` ("" when equal); requires IsWithin.
std::string RelativeTo(const Location& inner, const Location& outer);

}  // namespace stateferry::storage
