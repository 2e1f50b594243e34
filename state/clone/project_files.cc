#include "state/clone/project_files.h"

#include "state/catalog/project_storage.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::clone {

namespace {
constexpr std::string_view kResourceFile = "resource-file";
}

ProjectFiles::ProjectFiles(const Space& space, const ProjectContents& contents)
    : space_(space), files_root_(catalog::FilesRoot(space.source.root)) {
  for (const auto& entity : contents.entities) {
    if (entity.key.kind != kResourceFile) continue;
    if (const auto uri = JsonString(entity.body, "uri"))
      if (const auto location = Locate(*uri))
        registered_.emplace(snapshot::LocationKey(*location), entity.key.name);
  }
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
  const auto registered = registered_.find(snapshot::LocationKey(*location));
  // What lies elsewhere in the workspace's storage is within reach of another project of it.
  const bool same_storage = storage::IsWithin(*location, space_.target.storage);
  for (const auto* root : {&files_root_, &space_.source.root, &space_.source.storage}) {
    if (!storage::IsWithin(*location, *root) || location->path == root->path) continue;
    if (root == &space_.source.storage && same_storage) return std::nullopt;
    const std::string path = storage::RelativeTo(*location, *root);
    // Below the root, because that has the options by which its bucket is opened.
    return ProjectFile{
        {std::string(kResourceFile), registered == registered_.end() ? path : registered->second},
        root->Child(path)};
  }
  return std::nullopt;
}

std::optional<ProjectFile> ProjectFiles::Of(const entities::Entity& resource_file) const {
  const auto uri = JsonString(resource_file.body, "uri");
  if (!uri || uri->empty())
    return ProjectFile{resource_file.key, files_root_.Child(resource_file.key.name)};
  auto file = Resolve(*uri);
  if (file) file->key = resource_file.key;
  return file;
}

bool ProjectFiles::IsOutside(const std::string& text) const {
  const auto location = Locate(text);
  return location && !Resolve(text);
}

}  // namespace stateferry::state::clone
