#include "state/clone/new_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "state/clone/name_template.h"
#include "state/entities/kinds.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::clone {

namespace {

/// Only jobs: what text mentions must keep its name where it can.
bool TakesTemplate(std::string_view kind) { return kind == "deployment" || kind == "draft"; }

/// The name that an entity would like: its own, below the new name of its parent.
std::string Wish(const entities::EntityKey& key, std::string_view name_template,
                 std::chrono::system_clock::time_point now, const entities::Renames& given) {
  if (TakesTemplate(key.kind)) {
    // Checked with the request.
    auto expanded = ExpandTemplate(name_template, key.name, now);
    return expanded ? *std::move(expanded) : key.name;
  }
  const std::string_view parent_kind = entities::FindKind(key.kind)->spec().parent_kind;
  const std::size_t slash = key.name.rfind('/');
  if (parent_kind.empty() || slash == std::string::npos) return key.name;
  const auto parent = given.find({std::string(parent_kind), key.name.substr(0, slash)});
  return parent == given.end() ? key.name : parent->second + key.name.substr(slash);
}

Result<void> CheckLegal(const entities::EntityKey& key) {
  const auto named = entities::CheckName(entities::FindKind(key.kind)->spec().names, key.name);
  if (named) return {};
  return Error(ErrorCode::kRefused, fmt::format("{}: {}", key.kind, named.error().message()))
      .WithRule("C-26", "limit");
}

void Refuse(const entities::EntityKey& key, const Error& error, workflow::Findings& findings) {
  findings.Error(
      "C-26", "limit",
      fmt::format("{} '{}' finds no name at the target: {}", key.kind, key.name, error.message()),
      "give it another name at the source", key);
}

}  // namespace

bool NameGiver::Keep(const entities::EntityKey& key) {
  if (taken_.Has(key)) return false;
  taken_.Add(key);
  return true;
}

Result<std::string> NameGiver::Number(const entities::EntityKey& key) {
  const auto& rule = entities::FindKind(key.kind)->spec().names;
  for (std::uint32_t& next = next_.try_emplace(key.kind + ' ' + key.name, 1).first->second;;
       ++next) {
    entities::EntityKey numbered{key.kind, entities::NumberedName(rule, key.name, next)};
    if (taken_.Has(numbered)) continue;
    SF_TRY(CheckLegal(numbered));
    taken_.Add(numbered);
    ++next;
    return std::move(numbered.name);
  }
}

entities::Renames GiveNames(const std::vector<entities::EntityKey>& keys,
                            std::string_view name_template,
                            std::chrono::system_clock::time_point now, NameGiver& giver,
                            workflow::Findings& findings) {
  entities::Renames given;
  const auto refuse = [&](const entities::EntityKey& key, const Error& error) {
    Refuse(key, error, findings);
    given[key] = key.name;
  };
  for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
    // One kind and depth at a time: children need the names of their parents.
    std::vector<std::pair<const entities::EntityKey*, std::string>> taken;
    for (; end < keys.size() && keys[end].kind == keys[begin].kind &&
           DepthOf(keys[end]) == DepthOf(keys[begin]);
         ++end) {
      const auto& key = keys[end];
      entities::EntityKey wish{key.kind, Wish(key, name_template, now, given)};
      const auto legal = wish.name == key.name ? Result<void>() : CheckLegal(wish);
      if (!legal) {
        refuse(key, legal.error());
      } else if (giver.Keep(wish)) {
        given[key] = std::move(wish.name);
      } else {
        taken.emplace_back(&key, std::move(wish.name));
      }
    }
    for (const auto& [key, wish] : taken) {
      auto name = giver.Number({key->kind, wish});
      if (name)
        given[*key] = *std::move(name);
      else
        refuse(*key, name.error());
    }
  }
  return given;
}

FileNames::FileNames(std::vector<ProjectFile> files, const entities::Renames& names,
                     NameGiver& giver, workflow::Findings& findings)
    : names_(names), others_(std::move(files)) {
  std::erase_if(others_, [](const ProjectFile& file) { return file.is_entity; });
  // Where names are the same, a longer path is one in a deeper directory.
  const auto order = [](const ProjectFile& file) {
    return std::tuple(std::string_view(file.key.name), ~file.location.path.size());
  };
  const auto is_before = [&](const ProjectFile& a, const ProjectFile& b) {
    return order(a) < order(b);
  };
  std::sort(others_.begin(), others_.end(), is_before);
  const auto is_same = [&](const ProjectFile& a, const ProjectFile& b) {
    return order(a) == order(b);
  };
  others_.erase(std::unique(others_.begin(), others_.end(), is_same), others_.end());
  std::vector<const ProjectFile*> taken;
  for (const ProjectFile& file : others_) {
    if (giver.Keep(file.key))
      given_[snapshot::LocationKey(file.location)] = file.key.name;
    else
      taken.push_back(&file);
  }
  for (const ProjectFile* file : taken) {
    auto name = giver.Number(file->key);
    if (!name) Refuse(file->key, name.error(), findings);
    given_[snapshot::LocationKey(file->location)] = name ? *std::move(name) : file->key.name;
  }
}

const std::string& FileNames::Of(const ProjectFile& file) const {
  return file.is_entity ? names_.at(file.key) : given_.at(snapshot::LocationKey(file.location));
}

}  // namespace stateferry::state::clone
