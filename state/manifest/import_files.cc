#include "state/manifest/import_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/hash.h"
#include "state/catalog/project_storage.h"
#include "state/entities/kinds.h"
#include "state/manifest/import_checks.h"
#include "state/manifest/manifest_files.h"
#include "storage/backend.h"

namespace stateferry::state::manifest {

namespace {

constexpr std::string_view kResourceFile = "resource-file";
constexpr std::size_t kReadBytes = 1u << 20;

struct Content {
  std::uint64_t size_bytes = 0;
  std::string hash;
};

Result<Content> ReadContent(const FileIo& io, const std::string& path,
                            const std::stop_token& stop) {
  SF_TRY(const File file, io.Open(path, OpenMode::kRead));
  Content content;
  Xxh3Stream hash;
  Bytes buffer(kReadBytes);
  for (;;) {
    if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
    SF_TRY(const std::size_t size, file.ReadAt(content.size_bytes, buffer));
    if (size == 0) break;
    hash.Update(ByteSpan(buffer).first(size));
    content.size_bytes += size;
  }
  content.hash = "xxh3-128:" + hash.Digest().ToHex();
  return content;
}

class FileResolver {
 public:
  FileResolver(const FileIo& io, const std::optional<std::string>& files_dir,
               catalog::Catalog& catalog, std::stop_token stop, Manifest& manifest)
      : io_(io), catalog_(catalog), stop_(std::move(stop)), manifest_(manifest) {
    for (const Document& document : manifest.documents)
      written_.emplace(std::pair(ScopeOf(document), document.entity.key), &document);
    if (!files_dir) return;
    // Its own name is not followed: a link there would lead all files out of the directory.
    const std::filesystem::path given(*files_dir);
    std::error_code missing;
    const auto parent = std::filesystem::canonical(given.parent_path(), missing);
    if (!missing) files_dir_ = (parent / given.filename()).string();
  }

  Result<std::vector<ImportFile>> Run() {
    for (Document& document : manifest_.documents)
      if (!document.project.empty()) SF_TRY(Resolve(document));
    return std::move(files_);
  }

 private:
  void Complain(const Document& document, const std::string& pointer, const std::string& why) {
    const auto& key = document.entity.key;
    manifest_.Complain(document.Where(pointer),
                       fmt::format("{} '{}': {}", key.kind, key.name, why));
  }

  Result<void> Resolve(Document& document) {
    const entities::EntityKind* kind = entities::FindKind(document.entity.key.kind);
    std::vector<entities::PlaceField> fields = kind->Files(document.entity);
    if (kind->name() == kResourceFile) {
      std::erase_if(fields, [](const auto& field) { return field.text.empty(); });
      if (fields.empty()) fields.push_back({"/uri", document.entity.key.name});
    }
    // What has a scheme lies where it says.
    for (const auto& field : fields)
      if (!field.text.empty() && field.text.find(':') == std::string::npos)
        SF_TRY(ResolvePath(document, field));
    return {};
  }

  Result<void> ResolvePath(Document& document, const entities::PlaceField& field) {
    if (!storage::CheckKey(field.text)) {
      Complain(
          document, field.pointer,
          fmt::format("'{}' leaves the directory of the files, '{}'", field.text, kFilesDirectory));
      return {};
    }
    SF_TRY(const auto path, LocalPath(document, field));
    if (!path) return {};
    if (path->empty()) return MustBeKnown(document, field);
    SF_TRY(const auto to_dir, FilesOf(document.project));
    if (!to_dir) {
      Complain(document, "", "the workspace of its project is not known");
      return {};
    }
    // Without the options of the bucket: Flink would take them for a part of the key.
    document.entity.body[Json::json_pointer(field.pointer)] = to_dir->Child(field.text).ToString();
    SF_TRY(const Content content, ContentOf(*path));
    if (document.entity.key.kind == kResourceFile) Describe(document, content);
    if (listed_.insert({to_dir->ToUri(), field.text}).second)
      files_.push_back({.name = field.text,
                        .to_dir = *to_dir,
                        .size_bytes = content.size_bytes,
                        .hash = content.hash});
    return {};
  }

  /// "" when there is no such file here; nothing when it has been complained about.
  Result<std::optional<std::string>> LocalPath(const Document& document,
                                               const entities::PlaceField& field) {
    if (files_dir_.empty()) return std::optional<std::string>("");
    std::error_code missing;
    const std::string path =
        std::filesystem::canonical(files_dir_ + "/" + field.text, missing).string();
    if (missing) return std::optional<std::string>("");
    if (!path.starts_with(files_dir_ + "/")) {
      Complain(document, field.pointer,
               fmt::format("'{}' is a link that leaves the directory of the files, '{}'",
                           field.text, kFilesDirectory));
      return std::optional<std::string>();
    }
    SF_TRY(const FileStat stat, io_.Stat(path));
    if (stat.is_regular) return std::optional(path);
    Complain(document, field.pointer, fmt::format("'{}' is not a file", field.text));
    return std::optional<std::string>();
  }

  /// A file that is not here must be an entity: of these documents, if its bytes are elsewhere, or
  /// of the project.
  Result<void> MustBeKnown(Document& document, const entities::PlaceField& field) {
    const entities::EntityKey key{std::string(kResourceFile), field.text};
    const auto written = written_.find({document.project, key});
    const bool itself = document.entity.key == key;
    if (!itself && written != written_.end()) return {};
    SF_TRY(const auto record, catalog_.Find(document.project, key));
    if (!record)
      Complain(document, field.pointer,
               fmt::format("there is no file '{}' in the directory '{}', and the project has none "
                           "of that name",
                           field.text, kFilesDirectory));
    else if (itself)
      KeepWhatIsKnown(document, record->entity.body);
    return {};
  }

  static void KeepWhatIsKnown(Document& document, const Json& known) {
    for (const char* field : {"uri", "sizeBytes", "hash"})
      if (known.contains(field) && !document.entity.body.contains(field))
        document.entity.body[field] = known[field];
  }

  Result<Content> ContentOf(const std::string& path) {
    const auto it = contents_.find(path);
    if (it != contents_.end()) return it->second;
    SF_TRY(Content content, ReadContent(io_, path, stop_));
    return contents_.emplace(path, std::move(content)).first->second;
  }

  void Describe(Document& document, const Content& content) {
    Json& body = document.entity.body;
    const auto size = JsonUint(body, "sizeBytes");
    const auto hash = JsonString(body, "hash");
    if (size && *size != content.size_bytes)
      Complain(document, "",
               fmt::format("'sizeBytes' is {}, the file has {}", *size, content.size_bytes));
    if (hash && *hash != content.hash)
      Complain(document, "", fmt::format("'hash' is {}, that of the file {}", *hash, content.hash));
    body["sizeBytes"] = content.size_bytes;
    body["hash"] = content.hash;
  }

  Result<std::optional<entities::Entity>> Workspace(const std::string& name) {
    const entities::EntityKey key{"workspace", name};
    if (const auto it = written_.find({"", key}); it != written_.end())
      return std::optional(it->second->entity);
    SF_TRY(const auto record, catalog_.Find("", key));
    return record ? std::optional(record->entity) : std::optional<entities::Entity>();
  }

  Result<std::optional<storage::Location>> FilesOf(const std::string& project) {
    const auto it = files_of_.find(project);
    if (it != files_of_.end()) return it->second;
    SF_TRY(const auto workspace, Workspace(catalog::WorkspaceOf(project)));
    std::optional<storage::Location> files;
    if (workspace) {
      SF_TRY(const auto root, catalog::ProjectRoot(*workspace, project));
      files = catalog::FilesRoot(root);
    }
    return files_of_.emplace(project, files).first->second;
  }

  const FileIo& io_;
  catalog::Catalog& catalog_;
  const std::stop_token stop_;
  Manifest& manifest_;
  std::string files_dir_;  // below a directory without links; "" when there is none
  std::map<std::pair<catalog::Scope, entities::EntityKey>, const Document*> written_;
  std::map<std::string, std::optional<storage::Location>> files_of_;
  std::map<std::string, Content> contents_;
  std::set<std::pair<std::string, std::string>> listed_;
  std::vector<ImportFile> files_;
};

}  // namespace

Result<std::vector<ImportFile>> ResolveFiles(const FileIo& io,
                                             const std::optional<std::string>& files_dir,
                                             catalog::Catalog& catalog, std::stop_token stop,
                                             Manifest& manifest) {
  return FileResolver(io, files_dir, catalog, std::move(stop), manifest).Run();
}

}  // namespace stateferry::state::manifest
