#include "state/clone/item_maker.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/catalog/project_storage.h"
#include "state/entities/kinds.h"

namespace stateferry::state::clone {

namespace {

constexpr std::string_view kDefaultQueue = "default-queue";

void SetAt(Json& body, const std::string& pointer, const std::string& text) {
  body[Json::json_pointer(pointer)] = text;
}

void EraseAt(Json& body, const std::string& pointer) {
  const Json::json_pointer at(pointer);
  body[at.parent_pointer()].erase(at.back());
}

/// As it is written into bodies: options say how a client reaches a bucket, not what lies there.
storage::Location Bare(storage::Location location) {
  location.options.clear();
  return location;
}

bool HasScheme(const std::string& text) { return text.find(':') != std::string::npos; }

void Fail(workflow::Item& item, std::string rule, std::string category, std::string reason) {
  item.status = workflow::ItemStatus::kFailed;
  item.rule = std::move(rule);
  item.category = std::move(category);
  item.reason = std::move(reason);
}

}  // namespace

void ClearRestorePoint(Json& body) {
  const auto strategy = body.find("restoreStrategy");
  const bool anew = strategy != body.end() && JsonString(*strategy, "kind") == "NONE";
  if (!anew) body["restoreStrategy"] = Json{{"kind", "NONE"}};
}

ItemMaker::ItemMaker(const ItemContext& context)
    : context_(context),
      target_files_(catalog::FilesRoot(context.space.target.root)),
      default_queue_(JsonString(context.space.target.entity.body, "defaultQueue")
                         .value_or(std::string(kDefaultQueue))) {}

workflow::Item ItemMaker::Skipped(const entities::Entity& entity) const {
  return {.from = entity.key,
          .to = {entity.key.kind, ""},
          .status = workflow::ItemStatus::kSkippedRunning,
          .rule = "C-40",
          .reason = "the job is running, and running jobs are skipped"};
}

Result<workflow::Item> ItemMaker::Make(const entities::Entity& entity, const Chosen& chosen) {
  const auto& kind = *entities::FindKind(entity.key.kind);
  entities::Entity made = entity;
  workflow::Item item{.from = entity.key};
  if (!made.body.is_object()) {
    item.to = {entity.key.kind, context_.names.at(entity.key)};
    Fail(item, "C-01", "dependency", "its body is not a map");
    return item;
  }
  kind.DropNotCloned(made);
  UseDefaultQueue(kind, made);
  DropBackLinks(kind, made);
  if (made.key.kind == "deployment") ClearRestorePoint(made.body);
  RewritePlaces(kind, chosen, made);
  WarnOfPlaces(kind, entity, chosen);
  kind.Rename(made, context_.names);
  item.to = made.key;
  if (const auto problems = kind.Validate(made); !problems.empty())
    Fail(item, "C-01", "dependency",
         fmt::format("the target would refuse it: {}{}{}", problems.front().pointer,
                     problems.front().pointer.empty() ? "" : ": ", problems.front().message));
  item.body = std::move(made.body);
  SF_TRY(MoveFiles(entity, chosen, item));
  if (entity.key.kind == "variable" && JsonString(entity.body, "kind") == "Encrypted")
    context_.findings.Warn(
        "C-30",
        fmt::format("variable '{}' is encrypted: its value cannot be read and is not cloned",
                    entity.key.name),
        fmt::format("set the value of '{}' at the target before a job is started", item.to.name),
        entity.key);
  return item;
}

/// Queues belong to their project (C-07).
void ItemMaker::UseDefaultQueue(const entities::EntityKind& kind, entities::Entity& entity) {
  for (const auto& reference : kind.References(entity)) {
    if (reference.to.kind != "queue" || reference.to.name == default_queue_) continue;
    SetAt(entity.body, reference.pointer, default_queue_);
    context_.findings.Warn(
        "C-07",
        fmt::format("{} '{}' runs in the queue '{}'; queues are not cloned, so its clone runs in "
                    "the target's default queue '{}'",
                    entity.key.kind, entity.key.name, reference.to.name, default_queue_),
        "give the clone another queue before it is started", entity.key);
  }
}

/// A draft that was cloned without its job has none at the target.
void ItemMaker::DropBackLinks(const entities::EntityKind& kind, entities::Entity& entity) const {
  for (const auto& reference : kind.References(entity))
    if (reference.back_link && reference.to.kind != "snapshot" &&
        !context_.names.contains(reference.to))
      EraseAt(entity.body, reference.pointer);
}

Result<void> ItemMaker::MoveFiles(const entities::Entity& source, const Chosen& chosen,
                                  workflow::Item& item) {
  for (const ProjectFile& file : chosen.files) {
    SF_TRY(const auto size, context_.source_files.Find(file.location));
    if (size) {
      workflow::FileMove move{file.location.ToUri(),
                              target_files_.Child(context_.file_names.Of(file)).ToUri()};
      const bool twice = std::any_of(item.files.begin(), item.files.end(),
                                     [&](const auto& other) { return other.to == move.to; });
      if (twice) continue;
      item.files.push_back(std::move(move));
      item.bytes_total += *size;
      continue;
    }
    const std::string what =
        fmt::format("its file {} is missing in the source's storage", file.location.ToString());
    // A file is nothing without its bytes; a job can be given them later.
    if (source.key.kind == "resource-file")
      Fail(item, "C-32", "dependency", what);
    else
      context_.findings.Warn(
          "C-30", fmt::format("{} '{}': {}", source.key.kind, source.key.name, what),
          fmt::format("put it to {} before the job is started",
                      target_files_.Child(context_.file_names.Of(file)).ToString()),
          source.key);
  }
  return {};
}

void ItemMaker::RewritePlaces(const entities::EntityKind& kind, const Chosen& chosen,
                              entities::Entity& entity) {
  entities::PathMap map{{Bare(context_.space.source.root), Bare(context_.space.target.root)}};
  std::map<std::string, std::string> named;
  for (const ProjectFile& file : chosen.files) {
    const std::string& name = context_.file_names.Of(file);
    map.emplace_back(Bare(file.location), Bare(target_files_.Child(name)));
    named.emplace(file.text, name);
  }
  // Paths below the project's files are written without a place, and are not mapped.
  for (const auto& field : kind.Files(entity)) {
    if (HasScheme(field.text) || field.text.empty()) continue;
    const auto it = named.find(field.text);
    if (it != named.end() && it->second != field.text)
      SetAt(entity.body, field.pointer, it->second);
  }
  kind.Retarget(entity, map);
}

void ItemMaker::WarnOfPlaces(const entities::EntityKind& kind, const entities::Entity& entity,
                             const Chosen& chosen) {
  const auto is_moved = [&](const storage::Location& location) {
    return std::any_of(chosen.files.begin(), chosen.files.end(), [&](const ProjectFile& file) {
      return file.location.path == location.path && storage::IsWithin(location, file.location);
    });
  };
  for (const auto& field : kind.Files(entity)) {
    const auto location = storage::ParseLocation(field.text);
    if (!HasScheme(field.text) || !location || is_moved(*location)) continue;
    context_.findings.Warn(
        "C-33",
        fmt::format("{} '{}' uses the file {}, which lies outside of the source's storage; it is "
                    "not cloned, and its place stays as it is written",
                    entity.key.kind, entity.key.name, location->ToString()),
        "see that the target can read it", entity.key);
  }
  for (const auto& field : kind.Directories(entity)) {
    const auto location = storage::ParseLocation(field.text);
    if (!location || storage::IsWithin(*location, context_.space.source.root)) continue;
    context_.findings.Warn(
        "C-33",
        fmt::format("{} '{}' writes to {} ({}), which lies outside of the source project: its "
                    "clone would write there too",
                    entity.key.kind, entity.key.name, location->ToString(), field.pointer),
        "give the clone another directory before it is started", entity.key);
  }
}

}  // namespace stateferry::state::clone
