#include "state/clone/entity_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/entities/kinds.h"
#include "state/entities/text_references.h"

namespace stateferry::state::clone {

namespace {

constexpr const char* kCategory = "dependency";

std::optional<Space> SourceSpace(const Side& target, const std::optional<Side>& source) {
  return source ? std::optional(Space{*source, target}) : std::nullopt;
}

}  // namespace

EntityCheck::EntityCheck(const Side& target, const std::optional<Side>& source,
                         const ProjectContents& contents, const TakenNames& names,
                         workflow::Findings& findings)
    : contents_(contents),
      names_(names),
      findings_(findings),
      space_{target, target},
      source_space_(SourceSpace(target, source)),
      files_(space_, contents),
      finder_(contents, files_),
      default_queue_(JsonString(target.entity.body, "defaultQueue").value_or("default-queue")) {
  if (source_space_) source_files_.emplace(*source_space_, nothing_);
}

void EntityCheck::Check(const workflow::Item& item, std::vector<FileCheck>& files) {
  const entities::Entity* entity = contents_.Find(item.to);
  if (entity == nullptr) {
    findings_.Error("C-01", kCategory,
                    fmt::format("{} '{}' is not at the target any more, or not whole", item.to.kind,
                                item.to.name),
                    "clone it again if it was not deleted on purpose", item.to);
    return;
  }
  CheckReferences(*entity);
  CheckMentions(*entity);
  CheckDraft(*entity);
  AddFiles(*entity, item, files);
}

void EntityCheck::CheckReferences(const entities::Entity& entity) {
  for (const auto& reference : entities::FindKind(entity.key.kind)->References(entity)) {
    // The default queue is the project's, whether or not it is written down.
    if (reference.to.kind == "queue" && reference.to.name == default_queue_) continue;
    if (names_.Has(reference.to)) continue;
    findings_.Error(
        "C-30", kCategory,
        fmt::format("{} '{}' refers to {} '{}' ({}), which the target has not", entity.key.kind,
                    entity.key.name, reference.to.kind, reference.to.name,
                    reference.pointer.empty() ? "by its name" : reference.pointer),
        "make it at the target, or edit the reference", entity.key);
  }
}

void EntityCheck::CheckMentions(const entities::Entity& entity) {
  for (const Mention& mention : finder_.Of(entity)) {
    if (names_.Has(mention.to)) continue;
    findings_.Error(mention.to.kind == "catalog" ? "C-28" : "C-30", kCategory,
                    fmt::format("{} '{}' ({} line {}) names the {} '{}', which the target has not",
                                entity.key.kind, entity.key.name, mention.pointer, mention.line,
                                mention.to.kind, mention.to.name),
                    "make it at the target, or edit the text", entity.key);
  }
  for (const auto& text : entities::FindKind(entity.key.kind)->Texts(entity))
    for (const auto& found : entities::FindTextReferences(text.text, text.role))
      if (found.what == entities::TextReference::What::kJar ||
          found.what == entities::TextReference::What::kUri)
        CheckOldPlace(entity, found.name, fmt::format("{} line {}", text.pointer, found.line));
}

void EntityCheck::CheckDraft(const entities::Entity& entity) {
  if (entity.key.kind != "draft") return;
  for (const auto& problem : entities::FindKind(entity.key.kind)->Validate(entity))
    findings_.Error(
        "C-31", kCategory,
        fmt::format("draft '{}' does not pass: {}{}{}", entity.key.name, problem.pointer,
                    problem.pointer.empty() ? "" : ": ", problem.message),
        "edit the draft at the target", entity.key);
}

void EntityCheck::AddFiles(const entities::Entity& entity, const workflow::Item& item,
                           std::vector<FileCheck>& files) {
  const auto add = [&](const storage::Location& at, const std::string& hash) {
    FileCheck check{.needed_by = entity.key, .at = at, .hash = hash};
    for (const workflow::FileMove& move : item.files)
      if (const auto to = storage::ParseLocation(move.to); to && to->path == at.path)
        check.from = move.from;
    files.push_back(std::move(check));
  };
  if (entity.key.kind == "resource-file")
    if (const auto file = files_.Of(entity)) {
      add(file->location, JsonString(entity.body, "hash").value_or(""));
      return;
    }
  for (const auto& field : entities::FindKind(entity.key.kind)->Files(entity)) {
    if (const auto file = files_.Resolve(field.text))
      add(file->location, "");
    else
      CheckOldPlace(entity, field.text, field.pointer);
  }
}

void EntityCheck::CheckOldPlace(const entities::Entity& entity, const std::string& text,
                                const std::string& where) {
  const bool has_scheme = text.find(':') != std::string::npos;
  // Two projects may share a storage; what the target can call its own is no old place.
  if (!has_scheme || !source_files_ || files_.Resolve(text) || !source_files_->Resolve(text))
    return;
  findings_.Error("C-33", kCategory,
                  fmt::format("{} '{}' ({}) still names {}, in the storage of the source",
                              entity.key.kind, entity.key.name, where, text),
                  "edit it to a file of the target", entity.key);
}

}  // namespace stateferry::state::clone
