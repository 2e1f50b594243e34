#include "storage/s3/bucket.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace stateferry::storage::s3 {

namespace {

constexpr std::string_view kOptions[] = {"endpoint", "region",  "style",
                                         "dialect",  "profile", "sign"};

std::string HostName(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(0, host.find(']') + 1));
  return std::string(host.substr(0, host.find(':')));
}

/// An address or this machine: there is no name to put the bucket in front of.
bool IsAddress(std::string_view host) {
  const std::string name = HostName(host);
  return name == "localhost" || name.starts_with('[') ||
         name.find_first_not_of("0123456789.") == std::string::npos;
}

/// What may stand in front of a host name, under a certificate for "*.host".
bool IsHostLabel(std::string_view bucket) {
  return !bucket.empty() && std::all_of(bucket.begin(), bucket.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// Of a host of the vendor's own service, the region in its name; else "".
std::string RegionOfHost(const Dialect& dialect, std::string_view host) {
  if (dialect.host_suffix.empty() || !host.starts_with(dialect.host_prefix) ||
      !host.ends_with(dialect.host_suffix) ||
      host.size() <= dialect.host_prefix.size() + dialect.host_suffix.size())
    return {};
  host.remove_prefix(dialect.host_prefix.size());
  host.remove_suffix(dialect.host_suffix.size());
  constexpr std::string_view kInternal = "-internal";
  if (host.ends_with(kInternal)) host.remove_suffix(kInternal.size());
  return IsRegion(host) ? std::string(host) : "";
}

/// Nobody is on the way to it.
bool IsThisMachine(std::string_view host) {
  const std::string name = HostName(host);
  return name == "localhost" || name.ends_with(".localhost") || name == "[::1]" ||
         (name.starts_with("127.") && IsAddress(name));
}

class BucketResolver {
 public:
  BucketResolver(const Location& location, const Variables& environment,
                 const BucketProfile& profile)
      : location_(location), environment_(environment), profile_(profile) {}

  Result<Bucket> Run() {
    SF_TRY(CheckLocation());
    bucket_.name = location_.authority;
    bucket_.location = location_.scheme + "://" + location_.authority;
    bucket_.profile = Option("profile");
    const bool oss = location_.scheme == "oss";
    bucket_.region = oss ? First("region", profile_.region, {"OSS_REGION"})
                         : First("region", profile_.region, {"AWS_REGION", "AWS_DEFAULT_REGION"});
    const std::string endpoint =
        oss ? First("endpoint", profile_.endpoint, {"OSS_ENDPOINT"})
            : First("endpoint", profile_.endpoint, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
    if (!endpoint.empty()) SF_TRY(TakeEndpoint(endpoint));
    bucket_.in_the_open = bucket_.scheme == "http" && (!IsThisMachine(bucket_.host) || HasProxy());
    SF_TRY(ChooseSigning());
    SF_TRY(ChooseDialect());
    SF_TRY(ChooseRegion());
    SF_TRY(const bool path, Choice("style", "path", "virtual"));
    bucket_.path_style = Option("style").empty() ? UsuallyPathStyle() : path;
    if (!bucket_.path_style && !IsHostLabel(bucket_.name))
      return Wrong("the bucket's name cannot be part of a host name; say style=path");
    auto new_objects = ReadNewObjectOptions(location_.options, *bucket_.dialect);
    if (!new_objects) return Wrong(new_objects.error().message());
    bucket_.new_objects = std::move(*new_objects);
    return std::move(bucket_);
  }

 private:
  Error Wrong(const std::string& why) const {
    return Error(ErrorCode::kInvalidArgument, location_.ToString() + ": " + why);
  }

  Result<void> CheckLocation() const {
    if (location_.authority.find('@') != std::string::npos)
      return Error(ErrorCode::kRefused, location_.ToString() + " holds credentials")
          .WithHint("put them into a profile or the environment, where `ps` does not show them");
    if (location_.authority.empty()) return Wrong("the bucket is missing");
    // Of metadata; not quoted, for it may be the first half of credentials with a '/' in them.
    if (location_.authority.find(':') != std::string::npos)
      return Error(ErrorCode::kRefused, "the name of a bucket holds a ':'");
    for (const auto& [name, value] : location_.options)
      if (std::find(std::begin(kOptions), std::end(kOptions), name) == std::end(kOptions) &&
          !IsNewObjectOption(name))
        return Wrong("the option \"" + name +
                     "\" is unknown; known are endpoint, region, style, dialect, profile, sign, " +
                     NewObjectOptionNames());
    return {};
  }

  std::string Option(const std::string& name) const {
    const auto it = location_.options.find(name);
    return it == location_.options.end() ? "" : it->second;
  }

  std::string First(const std::string& option, const std::string& of_profile,
                    std::initializer_list<const char*> variables) const {
    std::string value = Option(option);
    // A place that names its profile is not meant by what the environment says of all places.
    if (value.empty() && !bucket_.profile.empty()) value = of_profile;
    if (profile_.instead_of_environment) return value.empty() ? of_profile : value;
    for (const char* variable : variables) {
      if (!value.empty()) break;
      const auto it = environment_.find(variable);
      if (it != environment_.end()) value = it->second;
    }
    return value.empty() ? of_profile : value;
  }

  Result<bool> Choice(const std::string& name, std::string_view yes, std::string_view no) const {
    const std::string value = Option(name);
    if (value.empty() || value == no) return false;
    if (value == yes) return true;
    return Wrong(name + " is \"" + value + "\", not " + std::string(yes) + " or " +
                 std::string(no));
  }

  Result<void> TakeEndpoint(std::string_view endpoint) {
    if (endpoint.find('@') != std::string_view::npos)
      return Error(ErrorCode::kRefused, location_.ToString() +
                                            ": the endpoint, given or in the environment, holds "
                                            "credentials")
          .WithHint("put them into a profile or their own variables of the environment");
    std::string_view rest = endpoint;
    const auto colon = rest.find("://");
    if (colon != std::string_view::npos) {
      bucket_.scheme = rest.substr(0, colon);
      rest.remove_prefix(colon + 3);
    }
    while (rest.ends_with('/')) rest.remove_suffix(1);
    if ((bucket_.scheme != "http" && bucket_.scheme != "https") || rest.empty() ||
        rest.find_first_of("/?# ") != std::string_view::npos)
      return Wrong("the endpoint \"" + std::string(endpoint) +
                   "\" is not of the form https://HOST[:PORT]");
    bucket_.host = rest;
    return {};
  }

  Result<void> ChooseSigning() {
    const std::string sign = Option("sign");
    bucket_.anonymous = sign == "no";
    bucket_.signs_bodies = sign == "bodies";
    // Who leaves bodies unsigned trusts the way.
    if (sign == "headers") bucket_.in_the_open = false;
    if (sign.empty() || sign == "yes")
      bucket_.signs_bodies = bucket_.in_the_open;
    else if (sign != "no" && sign != "headers" && sign != "bodies")
      return Wrong("sign is \"" + sign + "\", not yes, no, headers or bodies");
    return {};
  }

  /// Of plain HTTP, as libcurl finds it.  Whether it is used for this host is not asked.
  bool HasProxy() const {
    for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"})
      if (const auto it = environment_.find(name); it != environment_.end() && !it->second.empty())
        return true;
    return false;
  }

  Result<void> ChooseDialect() {
    const std::string named = Option("dialect");
    if (!named.empty()) {
      SF_TRY(bucket_.dialect, FindDialect(named));
    } else if (bucket_.host.empty() && location_.scheme == "s3") {
      SF_TRY(bucket_.dialect, FindDialect(bucket_.region.starts_with("cn-") ? "aws-cn" : "aws"));
    } else {
      bucket_.dialect = &DialectOf(location_.scheme, HostName(bucket_.host));
    }
    return {};
  }

  /// A known host tells the region, and the other way round.
  Result<void> ChooseRegion() {
    const Dialect& dialect = *bucket_.dialect;
    if (bucket_.region.empty()) bucket_.region = RegionOfHost(dialect, HostName(bucket_.host));
    if (bucket_.region.empty()) bucket_.region = dialect.default_region;
    if (bucket_.region.empty())
      return Wrong("the region is not known; say region=... or give an endpoint");
    if (bucket_.host.empty()) {
      if (dialect.host_suffix.empty()) return Wrong("the endpoint is not known; say endpoint=...");
      // "x.evil/" would be another host, which is not said to be one.
      if (!IsRegion(bucket_.region))
        return Wrong("the region \"" + bucket_.region + "\" is no name of a region");
      bucket_.host_from_region = true;
      bucket_ = bucket_.InRegion(bucket_.region);
    }
    return {};
  }

  bool UsuallyPathStyle() const {
    return bucket_.dialect->path_style || profile_.style == "path" || IsAddress(bucket_.host) ||
           (bucket_.dialect->signing == Signing::kSigV4 && !IsHostLabel(bucket_.name));
  }

  const Location& location_;
  const Variables& environment_;
  const BucketProfile& profile_;
  Bucket bucket_;
};

}  // namespace

HttpRequest Bucket::Request(std::string_view method, std::string_view key) const {
  HttpRequest request;
  request.method = method;
  request.scheme = scheme;
  request.host = path_style ? host : name + "." + host;
  const std::string object = key.empty() ? "" : "/" + std::string(key);
  request.path = path_style ? "/" + name + object : object.empty() ? "/" : object;
  request.resource = "/" + name + (object.empty() ? "/" : object);
  return request;
}

std::string Bucket::Service() const {
  const bool vendors =
      !dialect->host_suffix.empty() && HostName(host).ends_with(dialect->host_suffix);
  return vendors ? "" : scheme + "://" + host;
}

Bucket Bucket::InRegion(std::string_view other) const {
  Bucket moved = *this;
  moved.region = other;
  if (host_from_region)
    moved.host =
        std::string(dialect->host_prefix) + moved.region + std::string(dialect->host_suffix);
  return moved;
}

std::optional<Bucket> Bucket::AtEndpoint(std::string_view endpoint) const {
  // Without a port: at a vendor's own service nobody says one.
  if (RegionOfHost(*dialect, host).empty()) return std::nullopt;
  Bucket moved = *this;
  moved.region = RegionOfHost(*dialect, endpoint);
  if (moved.region.empty()) return std::nullopt;
  moved.host = endpoint;
  return moved;
}

bool IsRegion(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Result<Bucket> ResolveBucket(const Location& location, const Variables& environment,
                             const BucketProfile& profile) {
  return BucketResolver(location, environment, profile).Run();
}

}  // namespace stateferry::storage::s3
