#include "storage/location.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <vector>

namespace stateferry::storage {

namespace {
constexpr std::array<std::string_view, 8> kSchemes = {
    "file", "managed", "mem", "s3", "oss", "managed+s3", "managed+oss", "managed+mem"};

/// "s3" of "managed+s3", and of "s3".
std::string_view WithoutManaged(std::string_view scheme) {
  constexpr std::string_view kManagedIn = "managed+";
  return scheme.starts_with(kManagedIn) ? scheme.substr(kManagedIn.size()) : scheme;
}

bool IsBucketScheme(std::string_view scheme) {
  const auto bucket = WithoutManaged(scheme);
  return bucket == "s3" || bucket == "oss";
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// The scheme is what stands before the first ':' when no '/' precedes it (Flink's Path does the
/// same); empty when there is none.
std::string_view SchemeOf(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  if (text.substr(0, colon).find('/') != std::string_view::npos) return {};
  return text.substr(0, colon);
}

/// The text for a message; not when there may be a password in it.
std::string Shown(std::string_view text) {
  return text.find('@') == std::string_view::npos ? "\"" + std::string(text) + "\"" : "the place";
}

/// Collapses "//", "." and "..", and drops a trailing "/".  Error when ".." climbs above the root.
Result<std::string> Normalise(std::string_view path, std::string_view whole) {
  std::vector<std::string_view> components;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      if (components.empty())
        return Error(ErrorCode::kInvalidArgument,
                     Shown(whole) + " climbs above its root with \"..\"");
      components.pop_back();
    } else {
      components.push_back(component);
    }
  }
  std::string normal;
  for (const auto component : components) normal.append("/").append(component);
  return normal.empty() ? "/" : normal;
}

/// Cuts `?name=value&...` off the end.  A '?' that is not followed by name=value is part of the
/// path.
std::string_view CutOptions(std::string_view text, std::map<std::string, std::string>& options) {
  const auto question = text.rfind('?');
  if (question == std::string_view::npos || question + 1 == text.size()) return text;
  std::map<std::string, std::string> found;
  std::string_view rest = text.substr(question + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos || pair.find('/') < equals) return text;
    found.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    rest = end == rest.size() ? std::string_view() : rest.substr(end + 1);
  }
  options = std::move(found);
  return text.substr(0, question);
}
/// What a bucket may be called at any service; foreign metadata may have credentials before an '@'.
bool IsBucketName(std::string_view authority) {
  return authority.find('@') != std::string_view::npos ||
         authority.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
             std::string_view::npos;
}

/// "https://user:password@host", also where a '?' or '&' in it kept it from being read as an
/// option.
bool HasPasswordInEndpoint(const Location& location) {
  const auto endpoint = location.options.find("endpoint");
  if (endpoint != location.options.end() && endpoint->second.find('@') != std::string::npos)
    return true;
  const auto in_path = std::min(location.path.find("?endpoint="), location.path.find("&endpoint="));
  if (in_path == std::string::npos) return false;
  const auto has_at = [](const auto& option) {
    return (option.first + option.second).find('@') != std::string::npos;
  };
  return location.path.find('@', in_path) != std::string::npos ||
         std::any_of(location.options.begin(), location.options.end(), has_at);
}

/// No message shows the text: a part of it is a secret.
Result<void> CheckInBucket(const Location& location) {
  if (HasPasswordInEndpoint(location))
    return Error(ErrorCode::kRefused, "the endpoint of a place holds credentials")
        .WithHint("put them into a profile or the environment, where `ps` does not show them");
  if (!IsBucketName(location.authority))
    return Error(ErrorCode::kInvalidArgument, "what stands behind " + location.scheme +
                                                  ":// is no name of a bucket (letters, digits, "
                                                  "'.', '_' and '-')")
        .WithHint("credentials go into a profile or the environment, and not into a place");
  return {};
}
}  // namespace

std::string Location::ToString() const {
  if (scheme == "file" && authority.empty()) return "file:" + path;
  const auto at = authority.rfind('@');
  const std::string shown = at == std::string::npos ? authority : "***" + authority.substr(at);
  return scheme + "://" + shown + path;
}

std::string Location::ToUri() const {
  std::string uri = ToString();
  char separator = '?';
  for (const auto& [name, value] : options) {
    uri += separator + name + "=" + value;
    separator = '&';
  }
  return uri;
}

Location Location::Child(std::string_view relative) const {
  Location child = *this;
  if (relative.empty()) return child;
  if (child.path != "/") child.path += '/';
  child.path += relative;
  return child;
}

Location Location::Parent() const {
  Location parent = *this;
  const auto slash = parent.path.rfind('/');
  parent.path.resize(slash == 0 || slash == std::string::npos ? 1 : slash);
  return parent;
}

std::string Location::Name() const { return path.substr(path.rfind('/') + 1); }

Result<Location> ParseLocation(std::string_view text) {
  auto refuse = [&](const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, Shown(text) + " " + why);
  };
  if (text.empty()) return Error(ErrorCode::kInvalidArgument, "the place is empty");
  if (text.find('\0') != std::string_view::npos)
    return Error(ErrorCode::kInvalidArgument, "a place holds a NUL byte");
  Location location;
  std::string_view rest = text;
  const auto scheme = SchemeOf(text);
  if (scheme.empty()) {
    location.scheme = "file";
    std::string absolute(text);
    if (text.front() != '/') {
      char cwd[PATH_MAX];
      if (!::getcwd(cwd, sizeof(cwd))) return ErrnoError(errno, "the working directory");
      absolute = std::string(cwd) + "/" + absolute;
    }
    SF_TRY(location.path, Normalise(absolute, text));
    return location;
  }
  location.scheme = LowerCase(scheme);
  const auto inside = WithoutManaged(location.scheme);
  if (inside == "s3a" || inside == "s3p") location.scheme.pop_back();
  if (std::find(kSchemes.begin(), kSchemes.end(), location.scheme) == kSchemes.end())
    return Error(ErrorCode::kInvalidArgument, "the scheme \"" + std::string(scheme) +
                                                  "\" is unknown; known are file, managed, mem, "
                                                  "s3, oss, managed+s3 and managed+oss")
        .WithHint("a file with a colon in its name is written with a directory: ./a:b");
  rest = text.substr(scheme.size() + 1);
  if (IsBucketScheme(location.scheme)) rest = CutOptions(rest, location.options);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const auto slash = std::min(rest.find('/'), rest.size());
    location.authority = rest.substr(0, slash);
    rest.remove_prefix(slash);
  }
  if (location.scheme == "file" && location.authority == "localhost") location.authority.clear();
  if (location.scheme == "file" && !location.authority.empty())
    return refuse("names a host; write file:///path");
  if (rest.empty() && !location.authority.empty()) rest = "/";
  if (rest.empty() || rest.front() != '/')
    return refuse("has a relative path behind its scheme; write " + location.scheme + ":///path");
  // In a bucket that is another key, which no file has the name of.
  if (IsBucketScheme(location.scheme) && rest.find("//") != std::string_view::npos)
    return refuse("has an empty name between two slashes");
  SF_TRY(location.path, Normalise(rest, text));
  if (IsBucketScheme(location.scheme)) SF_TRY(CheckInBucket(location));
  return location;
}

bool IsManaged(const Location& location) {
  return location.scheme == "managed" || location.scheme.starts_with("managed+");
}

std::optional<Location> BucketBehind(const Location& location) {
  if (!location.scheme.starts_with("managed+")) return std::nullopt;
  Location bucket = location;
  bucket.scheme = WithoutManaged(location.scheme);
  return bucket;
}

bool IsInBucket(std::string_view uri) {
  return uri.starts_with("s3://") || uri.starts_with("oss://");
}

bool IsWithin(const Location& inner, const Location& outer) {
  if (inner.scheme != outer.scheme || inner.authority != outer.authority) return false;
  const auto one = inner.options.find("endpoint"), other = outer.options.find("endpoint");
  if (one != inner.options.end() && other != outer.options.end() && one->second != other->second)
    return false;
  if (outer.path == "/") return true;
  if (!inner.path.starts_with(outer.path)) return false;
  return inner.path.size() == outer.path.size() || inner.path[outer.path.size()] == '/';
}

std::string RelativeTo(const Location& inner, const Location& outer) {
  SF_ASSERT(IsWithin(inner, outer));
  if (inner.path.size() == outer.path.size()) return "";
  return inner.path.substr(outer.path == "/" ? 1 : outer.path.size() + 1);
}

}  // namespace stateferry::storage
