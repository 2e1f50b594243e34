#include "state/snapshot/handle_location.h"

#include "state/snapshot/flink_path.h"
#include "state/snapshot/local_path.h"
#include "state/snapshot/modified_utf8.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {
namespace {

std::string SchemeOf(const FlinkPath& path) {
  if (path.scheme.empty()) return "file";
  std::string scheme = path.scheme;
  for (char& c : scheme)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  // Three names of the same buckets: which client Flink uses is no matter here.
  if (scheme == "s3a" || scheme == "s3p" || scheme == "s3n") return "s3";
  return scheme;
}

}  // namespace

Result<storage::Location> LocationOfHandlePath(std::string_view path) {
  SF_TRY(const FlinkPath parsed, ParseFlinkPath(ModifiedToUtf8(path)));
  const std::string shown = "the path \"" + PrintablePath(path) + "\" ";
  if (!parsed.IsAbsolute())
    return Error(ErrorCode::kCorruption, shown + "must be absolute and is not");
  if ((parsed.path == "/.." || parsed.path.starts_with("/../")))
    return Error(ErrorCode::kRefused, shown + "climbs above its root with \"..\"");
  storage::Location location;
  location.scheme = SchemeOf(parsed);
  location.authority = parsed.authority;
  location.path = parsed.path;
  if (location.scheme != "file") return location;
  if (location.authority == "localhost") location.authority.clear();
  if (IsOfKernel(location))
    return Error(ErrorCode::kRefused, shown + "names a file of the kernel, which no snapshot has");
  return location;
}

std::string FlinkUri(const storage::Location& location) {
  if (location.scheme == "file" && location.authority.empty()) return "file:" + location.path;
  return location.scheme + "://" + location.authority + location.path;
}

Result<std::string> HandlePath(std::string_view uri, std::string_view name) {
  std::string text(uri);
  if (!name.empty()) {
    if (!text.empty() && !text.ends_with('/')) text += '/';
    text += name;
  }
  auto path = Utf8ToModified(text);
  if (!path)
    return Error(ErrorCode::kInvalidArgument,
                 "\"" + PrintablePath(text) + "\" is not UTF-8, and Flink can read no other path");
  return std::move(*path);
}

Result<HandleTarget> HandleResolver::Resolve(const StreamHandle& handle,
                                             const HandleContext& context) const {
  auto target = Resolve(handle);
  if (!target) return std::move(target).error().WithContext(DescribeHandle(context));
  return target;
}

Result<HandleTarget> HandleResolver::Resolve(const StreamHandle& handle) const {
  SF_ASSERT(NamesFile(handle.tag));
  HandleTarget target;
  if (handle.tag == StreamTag::kRelative) {
    SF_TRY(const std::string name, NormalRelativePath(ModifiedToUtf8(handle.path)));
    target.kind = FileKind::kRelative;
    target.location = directory_.Child(name);
    target.read_from = read_directory_.Child(name);
    return target;
  }
  target.kind = handle.tag == StreamTag::kSegment ? FileKind::kSegment : FileKind::kAbsolute;
  SF_TRY(target.location, LocationOfHandlePath(handle.path));
  // What the user said about the snapshot's bucket (profile, endpoint) holds for its other files.
  if (target.location.scheme == directory_.scheme &&
      target.location.authority == directory_.authority)
    target.location.options = directory_.options;
  target.read_from = ApplyMap(map_, target.location);
  return target;
}

}  // namespace stateferry::state::snapshot
