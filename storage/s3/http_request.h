#pragma once
// A request as it is before encoding and signing; what the signers and the client agree on.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stateferry::storage::s3 {

/// In order of appearance; names may repeat.
using NameValues = std::vector<std::pair<std::string, std::string>>;

/// Nothing in here is percent-encoded.  Target() and Url() give the one encoded form that may go on
/// the wire: the signature covers it byte for byte.
struct HttpRequest {
  std::string method = "GET";    ///< upper case
  std::string scheme = "https";  ///< "https" or "http"
  /// "name", "name:port" or "[v6]:port".  A default port is left out of the Host header and of the
  /// signature, as libcurl leaves it out.
  std::string host = {};
  /// Begins with '/'.  Path style: "/bucket/key" (bucket operations: "/bucket"); virtual host:
  /// "/key".  Sent as it is: "//", "/./" and "/../" are parts of a key and must not be normalised
  /// (CURLOPT_PATH_AS_IS).
  std::string path = "/";
  /// An empty value is sent as the bare name: "?uploads".
  NameValues query = {};
  /// Without Host.  Values may not hold CR, LF or NUL.
  NameValues headers = {};
  /// OSS only: what its signatures call the resource, "/bucket/key", "/bucket/" or "/", whatever
  /// the addressing.  Empty: the same as `path`.
  std::string resource = {};
};

/// The value of the Host header: `host` without the default port of `scheme`, in lower case.
std::string HostHeader(const HttpRequest& request);
/// Encoded path and query: what stands in the request line.
std::string Target(const HttpRequest& request);
/// scheme://host + Target().
std::string Url(const HttpRequest& request);

/// ASCII only, as header names are.
std::string LowerCase(std::string_view text);

/// Case does not matter.
bool IsSameHeader(std::string_view a, std::string_view b);

/// Removes every header of that name (case-insensitive), then appends this one.
void SetHeader(NameValues& headers, std::string_view name, std::string value);
void RemoveHeader(NameValues& headers, std::string_view name);
/// The first value of that name (case-insensitive).
std::optional<std::string> FindHeader(const NameValues& headers, std::string_view name);

}  // namespace stateferry::storage::s3
