#include "state/manifest/manifest_files.h"

#include <fmt/format.h>

#include "state/manifest/yaml_reader.h"

namespace stateferry::state::manifest {

namespace {

constexpr std::size_t kMaxDepth = 32;

class Walker {
 public:
  Walker(const FileIo& io, const Format& format, Manifest& manifest)
      : io_(io), format_(format), manifest_(manifest) {}

  Result<void> Directory(const std::string& path, std::size_t depth) {
    if (depth > kMaxDepth) {
      Complain(path, fmt::format("directories nested deeper than {}", kMaxDepth));
      return {};
    }
    SF_TRY(const auto names, io_.ListDir(path));
    for (const std::string& name : names) {
      if (name.starts_with('.') || (depth == 0 && name == kFilesDirectory)) continue;
      const std::string inner = path + "/" + name;
      SF_TRY(const FileStat stat, io_.StatLink(inner));
      const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
      if (stat.is_directory) {
        SF_TRY(Directory(inner, depth + 1));
      } else if (yaml && !stat.is_regular) {
        Complain(inner, "not a file of its own (a symbolic link could lead anywhere)");
      } else if (yaml) {
        ReadFile(inner);
      }
    }
    return {};
  }

  void ReadFile(const std::string& path) {
    const auto stat = io_.Stat(path);
    // A file that cannot be looked at cannot be read either, and reading says why.
    if (stat && stat->size_bytes > kMaxYamlBytes)
      return Complain(path, fmt::format("the file has {} MiB, {} MiB at most are taken: split it",
                                        stat->size_bytes >> 20, kMaxYamlBytes >> 20));
    const auto text = io_.ReadSmall(path, kMaxYamlBytes);
    if (!text) return Complain(path, text.error().message());
    format_.read(*text, path, manifest_);
  }

 private:
  void Complain(const std::string& file, std::string message) {
    manifest_.Complain({file}, std::move(message));
  }

  const FileIo& io_;
  const Format& format_;
  Manifest& manifest_;
};

}  // namespace

Result<Manifest> ReadManifestFiles(const FileIo& io, const std::string& path,
                                   const Format& format) {
  Manifest manifest;
  Walker walker(io, format, manifest);
  SF_TRY(const FileStat stat, io.Stat(path));
  if (stat.is_directory) {
    SF_TRY(walker.Directory(path, 0));
    if (manifest.documents.empty() && manifest.problems.empty() && manifest.left_out.empty())
      return Error(ErrorCode::kNotFound, fmt::format("no *.yaml with entities below {}", path));
  } else {
    // A pipe would be waited for, a device may never end.
    if (!stat.is_regular)
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{} is neither a file nor a directory", path))
          .WithHint("what comes out of a pipe is read from standard input: --file -");
    walker.ReadFile(path);
  }
  if (format.finish != nullptr) format.finish(manifest);
  return manifest;
}

Result<std::string> FilesDirectoryOf(const FileIo& io, const std::string& path) {
  SF_TRY(const FileStat stat, io.Stat(path));
  return (stat.is_directory ? path : ParentDir(path)) + "/" + std::string(kFilesDirectory);
}

}  // namespace stateferry::state::manifest
