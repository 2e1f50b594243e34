#include "state/manifest/native.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "state/entities/kinds.h"
#include "state/manifest/yaml_reader.h"
#include "state/manifest/yaml_writer.h"

namespace stateferry::state::manifest {

namespace {

constexpr std::string_view kHeader = "stateferry";

/// One document, and where to complain about it.
class Reader {
 public:
  Reader(const YamlDocument& yaml, const std::string& file, Manifest& manifest)
      : yaml_(yaml), file_(file), manifest_(manifest) {}

  void Read() {
    if (!yaml_.value.is_object())
      return Complain("", "a document must be a map with kind and name");
    if (yaml_.value.contains(kHeader)) return ReadHeader();
    const auto kind_name = Text("kind", true), name = Text("name", true),
               project = Text("project", false);
    CheckFields();
    if (!kind_name) return;
    const entities::EntityKind* kind = entities::FindKind(*kind_name);
    if (kind == nullptr)
      return Complain("/kind",
                      fmt::format("there is no kind '{}'; kinds are {}", *kind_name, AllKinds()));
    if (!name) return;
    Document document{.project = project.value_or(""),
                      .entity = {{*kind_name, *name}, Body()},
                      .at = {file_, yaml_.LineOf("")}};
    CheckProject(document);
    for (const auto& problem : kind->Validate(document.entity))
      Complain(problem.pointer.empty() ? "" : "/spec" + problem.pointer,
               fmt::format("{} '{}': {}", *kind_name, *name, problem.message));
    KeepLines(*kind, document);
    manifest_.documents.push_back(std::move(document));
  }

 private:
  void Complain(std::string_view pointer, std::string message) {
    manifest_.Complain({file_, yaml_.LineOf(pointer)}, std::move(message));
  }

  static std::string AllKinds() {
    std::string names;
    for (const auto& kind : entities::Kinds())
      names += (names.empty() ? "" : ", ") + std::string(kind.name());
    return names;
  }

  void ReadHeader() {
    const Json& version = yaml_.value.at(std::string(kHeader));
    if (yaml_.value.size() > 1)
      return Complain("", "the document with 'stateferry' holds nothing else");
    if (version == kNativeVersion) return;
    Complain("/stateferry", fmt::format("format version {} of project files; this program knows {}",
                                        DumpJson(version), kNativeVersion));
  }

  std::optional<std::string> Text(const std::string& field, bool required) {
    const auto it = yaml_.value.find(field);
    const bool there = it != yaml_.value.end() && !it->is_null();
    if (there && it->is_string() && !it->get_ref<const std::string&>().empty())
      return it->get<std::string>();
    if (there)
      Complain("/" + field,
               fmt::format("'{}' must be text{}", field,
                           it->is_primitive() ? "; write what looks like a number in quotes" : ""));
    else if (required)
      Complain("", fmt::format("the field '{}' is missing", field));
    return {};
  }

  void CheckFields() {
    for (const auto& [field, value] : yaml_.value.items())
      if (field != "kind" && field != "name" && field != "project" && field != "spec")
        Complain("", fmt::format("unknown field '{}'; a document has kind, name, project and spec",
                                 field));
  }

  Json Body() {
    const auto it = yaml_.value.find("spec");
    if (it == yaml_.value.end() || it->is_null()) return Json::object();
    if (it->is_object()) return *it;
    Complain("/spec", "'spec' must be a map");
    return Json::object();
  }

  void CheckProject(const Document& document) {
    if (document.project.empty()) return;
    if (IsScopeKind(document.entity.key.kind))
      return Complain("/project", fmt::format("a {} lies in no project", document.entity.key.kind));
    if (auto named = entities::CheckName(entities::kProjectName, document.project); !named)
      Complain("/project", named.error().message());
  }

  void KeepLines(const entities::EntityKind& kind, Document& document) const {
    const auto keep = [&](const std::string& pointer) {
      if (!pointer.empty()) document.lines[pointer] = yaml_.LineOf("/spec" + pointer);
    };
    for (const auto& reference : kind.References(document.entity)) keep(reference.pointer);
    for (const auto& file : kind.Files(document.entity)) keep(file.pointer);
    for (const auto& place : kind.SnapshotLocations(document.entity)) keep(place.pointer);
  }

  const YamlDocument& yaml_;
  const std::string& file_;
  Manifest& manifest_;
};

}  // namespace

void ReadNative(std::string_view text, const std::string& file, Manifest& manifest) {
  for (const YamlDocument& yaml : ReadYaml(text, file, manifest.problems)) {
    if (manifest.IsFull()) return;
    Reader(yaml, file, manifest).Read();
  }
}

std::string WriteNative(std::span<const Document> documents) {
  std::vector<const Document*> sorted;
  for (const Document& document : documents) sorted.push_back(&document);
  const auto order = [](const Document* document) {
    const auto& key = document->entity.key;
    return std::tuple(entities::KindOrder(key.kind), std::string_view(document->project),
                      std::string_view(key.name));
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto* a, const auto* b) { return order(a) < order(b); });
  std::string out = fmt::format("{}: {}\n", kHeader, kNativeVersion);
  for (const Document* document : sorted) {
    Json yaml = {{"kind", document->entity.key.kind}, {"name", document->entity.key.name}};
    if (!document->project.empty()) yaml["project"] = document->project;
    yaml["spec"] = document->entity.body;
    out += "---\n";
    WriteYaml(yaml, out);
  }
  return out;
}

}  // namespace stateferry::state::manifest
