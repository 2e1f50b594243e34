#include "state/clone/project_files.h"

#include "state/catalog/project_storage.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::clone {

namespace {
constexpr std::string_view kResourceFile = "resource-file";
}

ProjectFiles::ProjectFiles(const Space& space, const ProjectContents& contents)
    : space_(space), files_root_(catalog::FilesRoot(space.source.root)) {
  std::vector<std::pair<std::string, storage::Location>> by_path;
  for (const auto& entity : contents.entities) {
    if (entity.key.kind != kResourceFile) continue;
    const auto uri = JsonString(entity.body, "uri");
    const bool is_said = uri && !uri->empty();
    const auto location =
        is_said ? Locate(*uri) : std::optional(files_root_.Child(entity.key.name));
    if (!location) continue;
    by_name_.emplace(entity.key.name, *location);
    if (is_said)
      registered_.emplace(snapshot::LocationKey(*location), entity.key.name);
    else
      by_path.emplace_back(entity.key.name, *location);
  }
  // An entity that says where its file is comes before one that is only called so.
  for (const auto& [name, location] : by_path)
    registered_.emplace(snapshot::LocationKey(location), name);
}

std::optional<storage::Location> ProjectFiles::Locate(const std::string& text) const {
  if (text.empty()) return std::nullopt;
  if (text.find(':') == std::string::npos) {
    // Parsing refuses a path that climbs out.
    auto below = storage::ParseLocation("mem://x/" + text);
    if (!below || below->path == "/") return std::nullopt;
    return files_root_.Child(std::string_view(below->path).substr(1));
  }
  auto location = storage::ParseLocation(text);
  return location ? std::optional(*std::move(location)) : std::nullopt;
}

std::optional<ProjectFile> ProjectFiles::Resolve(const std::string& text) const {
  const auto location = Locate(text);
  if (!location) return std::nullopt;
  std::optional<ProjectFile> file;
  // A path is also the name of an entity, whose bytes may lie elsewhere.
  if (text.find(':') == std::string::npos) {
    const std::string name = storage::RelativeTo(*location, files_root_);
    if (const auto named = by_name_.find(name); named != by_name_.end()) {
      file = FileAt(named->second);
      if (!file) file = FileAt(*location);
      file->key.name = name;
      file->is_entity = true;
    }
  }
  if (!file) file = FileAt(*location);
  if (file) file->text = text;
  return file;
}

std::optional<ProjectFile> ProjectFiles::FileAt(const storage::Location& location) const {
  const auto registered = registered_.find(snapshot::LocationKey(location));
  const bool is_entity = registered != registered_.end();
  // What lies elsewhere in the workspace's storage is within reach of another project of it.
  const bool same_storage = storage::IsWithin(location, space_.target.storage);
  for (const auto* root : {&files_root_, &space_.source.root, &space_.source.storage}) {
    if (!storage::IsWithin(location, *root) || location.path == root->path) continue;
    if (root == &space_.source.storage && same_storage) return std::nullopt;
    const std::string path = storage::RelativeTo(location, *root);
    // Below the root, because that has the options by which its bucket is opened.
    return ProjectFile{{std::string(kResourceFile), is_entity ? registered->second : path},
                       root->Child(path),
                       is_entity};
  }
  return std::nullopt;
}

std::optional<ProjectFile> ProjectFiles::Of(const entities::Entity& resource_file) const {
  const auto uri = JsonString(resource_file.body, "uri");
  const bool is_said = uri && !uri->empty();
  const auto location =
      is_said ? Locate(*uri) : std::optional(files_root_.Child(resource_file.key.name));
  auto file = location ? FileAt(*location) : std::nullopt;
  if (!file) return file;
  file->key = resource_file.key;
  file->is_entity = true;
  file->text = is_said ? *uri : "";
  return file;
}

bool ProjectFiles::IsOutside(const std::string& text) const {
  const auto location = Locate(text);
  return location && !Resolve(text);
}

}  // namespace stateferry::state::clone
