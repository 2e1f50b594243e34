#pragma once
// From a location and the environment to a bucket at an endpoint.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/location.h"
#include "storage/s3/dialect.h"
#include "storage/s3/http_request.h"
#include "storage/s3/new_object.h"

namespace stateferry::storage::s3 {

/// Where a bucket is and how it is spoken to.  Holds no secret.
struct Bucket {
  const Dialect* dialect = nullptr;
  std::string location;  ///< "s3://name", for messages
  std::string name;
  std::string scheme = "https";
  std::string host;  ///< of the endpoint, with a port if any, without the bucket
  bool path_style = false;
  /// Whether `host` follows from the region: then it changes when the bucket turns out to be in
  /// another one.
  bool host_from_region = false;
  std::string region;
  std::string profile;     ///< of the credentials; "" = the default order
  bool anonymous = false;  ///< sign nothing
  /// Whether the signature of a request covers its body, by a SHA-256 of every byte.
  bool signs_bodies = false;
  /// Over plain HTTP to another machine, or by a proxy, and not sign=headers: nothing guards what
  /// is on its way.
  bool in_the_open = false;
  NewObjectHeaders new_objects;

  /// Method, host and path for `key`; "" for the bucket itself.
  HttpRequest Request(std::string_view method, std::string_view key) const;
  /// "https://minio:9000": where the bucket is.  "" at its vendor's own service, where a name means
  /// the same bucket at every endpoint.
  std::string Service() const;
  /// The same bucket in another region, which IsRegion.
  Bucket InRegion(std::string_view other) const;
  /// The same bucket where its service says that it is: "oss-cn-hangzhou.aliyuncs.com".  Nothing
  /// unless that is an endpoint of the vendor's own service, as the present one is: what an answer
  /// says must not lead credentials elsewhere.
  std::optional<Bucket> AtEndpoint(std::string_view endpoint) const;
};

/// Whether it can be the name of a region, which may become part of a host's name.
bool IsRegion(std::string_view name);

using Variables = std::map<std::string, std::string>;

/// What a profile of the vendor's tools says of places; "" = nothing.
struct BucketProfile {
  std::string region = {};
  std::string endpoint = {};
  std::string style = {};  ///< "path"; all else leaves it open
  /// The variables are those of other places: they say neither endpoint nor region of this one.
  bool instead_of_environment = false;
};

/// Options of the location win over a profile that the location names, that over variables, and
/// those over the profile that counts by default: endpoint (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL;
/// OSS_ENDPOINT), region (AWS_REGION, AWS_DEFAULT_REGION; OSS_REGION), style=path|virtual,
/// dialect, profile, sign=yes|no|headers|bodies; and those of new_object.h.  With sign=yes bodies
/// are signed where somebody on the way could change them: over plain HTTP to another machine.
/// Errors: kInvalidArgument: no bucket, an unknown option or value, no region where one is needed;
/// kRefused: credentials inside of the location.
Result<Bucket> ResolveBucket(const Location& location, const Variables& environment,
                             const BucketProfile& profile = {});

}  // namespace stateferry::storage::s3
