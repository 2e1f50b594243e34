#pragma once
// Resources of another system on their way to becoming entities.

#include <string>
#include <string_view>
#include <vector>

#include "state/manifest/document.h"
#include "state/manifest/resource_fields.h"
#include "state/manifest/yaml_reader.h"

namespace stateferry::state::manifest {

/// One resource as it was written.
struct Resource {
  YamlDocument yaml;
  std::string file;
  std::string kind, name;

  Position Where(std::string_view pointer) const { return {file, yaml.LineOf(pointer)}; }
  /// "FlinkDeployment 'orders'", for messages.
  std::string Label() const { return Clipped(kind) + " '" + Clipped(name) + "'"; }
};

/// The resources of a file, those in lists (`kind: List`) one by one, that have a kind of the form
/// and a name (the first of the fields `names` that holds one); of others the problem is added, and
/// those of other kinds are left out.
struct ResourceForm {
  std::string_view api_version;
  std::vector<std::string_view> kinds;
  std::vector<std::string_view> names = {"metadata/name"};
};
std::vector<Resource> ReadResources(std::string_view text, const std::string& file,
                                    const ResourceForm& form, Manifest& manifest);

/// A project is one namespace: in another, the same names say other things.  That of a resource, or
/// one that it names, is compared with those read before; the first of each other one is a problem.
void CheckSpace(const Resource& resource, std::string_view pointer, const std::string& space,
                Manifest& manifest);

/// The body becomes an entity of the manifest, with what its kind says is wrong with it.  `pairs`
/// say where its fields come from, `rest` where in the body the remainder of the resource is kept.
void AddEntity(const Resource& resource, entities::Entity entity, std::span<const FieldPair> pairs,
               std::string_view rest, Manifest& manifest);

/// What a server adds to a resource and no other one takes.
void DropServerFields(Json& resource);

}  // namespace stateferry::state::manifest
