#include "state/manifest/resource.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/entities/kinds.h"

namespace stateferry::state::manifest {

namespace {

/// Keeps one resource, or says why not.
void Keep(YamlDocument yaml, const std::string& file, const ResourceForm& form, Manifest& manifest,
          std::vector<Resource>& resources) {
  Resource resource{std::move(yaml), file, "", ""};
  const Json& value = resource.yaml.value;
  const auto complain = [&](std::string_view pointer, std::string message) {
    manifest.Complain(resource.Where(pointer), std::move(message));
  };
  if (!value.is_object()) return complain("", "a document must be a map with apiVersion and kind");
  resource.kind = TextField(value, "kind");
  if (resource.kind.empty()) return complain("/kind", "the field 'kind' is missing");
  for (const std::string_view name : form.names)
    if (resource.name.empty()) resource.name = TextField(value, name);
  const bool known =
      std::find(form.kinds.begin(), form.kinds.end(), resource.kind) != form.kinds.end();
  const std::string version = TextField(value, "apiVersion");
  if (!known) {
    // A namespace holds much else, which is no error.
    manifest.LeaveOut(resource.Where(""),
                      fmt::format("{} is no part of a project", resource.Label()));
    return;
  }
  if (version != form.api_version)
    return complain("/apiVersion",
                    fmt::format("{} has apiVersion '{}'; this program knows {}", resource.Label(),
                                Clipped(version), form.api_version));
  if (resource.name.empty())
    return complain("/metadata", fmt::format("the {} has no 'metadata.name'", resource.kind));
  if (const auto spec = value.find("spec"); spec != value.end() && !spec->is_object())
    return complain("/spec", fmt::format("{}: 'spec' must be a map", resource.Label()));
  CheckSpace(resource, "/metadata/namespace", TextField(value, "metadata/namespace"), manifest);
  resources.push_back(std::move(resource));
}

}  // namespace

std::vector<Resource> ReadResources(std::string_view text, const std::string& file,
                                    const ResourceForm& form, Manifest& manifest) {
  std::vector<Resource> resources;
  for (YamlDocument& yaml : ReadYaml(text, file, manifest.problems)) {
    if (manifest.IsFull()) break;
    if (!TextField(yaml.value, "kind").ends_with("List")) {
      Keep(std::move(yaml), file, form, manifest, resources);
      continue;
    }
    for (YamlDocument& item : yaml.Items("items")) {
      if (manifest.IsFull()) break;
      Keep(std::move(item), file, form, manifest, resources);
    }
  }
  return resources;
}

void CheckSpace(const Resource& resource, std::string_view pointer, const std::string& space,
                Manifest& manifest) {
  if (space.empty() || manifest.spaces.contains(space)) return;
  if (!manifest.spaces.empty()) {
    const auto& [first, at] = *std::min_element(
        manifest.spaces.begin(), manifest.spaces.end(),
        [](const auto& one, const auto& other) { return one.second < other.second; });
    manifest.Complain(resource.Where(pointer),
                      fmt::format("{} is in the namespace '{}', others are in '{}' ({}): names say "
                                  "who is meant in one namespace only, so import each by itself",
                                  resource.Label(), Clipped(space), Clipped(first), ToText(at)));
  }
  manifest.spaces.emplace(space, resource.Where(pointer));
}

void AddEntity(const Resource& resource, entities::Entity entity, std::span<const FieldPair> pairs,
               std::string_view rest, Manifest& manifest) {
  const entities::EntityKind& kind = *entities::FindKind(entity.key.kind);
  const auto line = [&](const std::string& pointer) {
    return resource.yaml.LineOf(ResourcePointer(pairs, rest, pointer));
  };
  for (const auto& problem : kind.Validate(entity))
    manifest.Complain(
        {resource.file, line(problem.pointer)},
        fmt::format("{}: as a {}: {}", resource.Label(), entity.key.kind, problem.message));
  Document document{.entity = std::move(entity), .at = resource.Where("")};
  const auto keep = [&](const std::string& pointer) {
    if (!pointer.empty()) document.lines[pointer] = line(pointer);
  };
  for (const auto& reference : kind.References(document.entity)) keep(reference.pointer);
  for (const auto& place : kind.Files(document.entity)) keep(place.pointer);
  for (const auto& place : kind.SnapshotLocations(document.entity)) keep(place.pointer);
  manifest.documents.push_back(std::move(document));
}

void DropServerFields(Json& resource) {
  TakeField(resource, "status");
  for (const std::string_view field :
       {"metadata/uid", "metadata/resourceVersion", "metadata/generation", "metadata/selfLink",
        "metadata/managedFields", "metadata/creationTimestamp", "metadata/deletionTimestamp",
        "metadata/deletionGracePeriodSeconds", "metadata/ownerReferences", "metadata/finalizers"})
    TakeField(resource, field);
  const auto metadata = resource.find("metadata");
  if (metadata == resource.end() || !metadata->is_object()) return;
  const auto annotations = metadata->find("annotations");
  if (annotations == metadata->end() || !annotations->is_object()) return;
  annotations->erase("kubectl.kubernetes.io/last-applied-configuration");
  if (annotations->empty()) metadata->erase("annotations");
}

}  // namespace stateferry::state::manifest
