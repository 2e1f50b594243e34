#include "state/clone/mentions.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "state/entities/kinds.h"
#include "state/entities/sql_tokens.h"
#include "state/entities/text_references.h"

namespace stateferry::state::clone {

namespace {

using What = entities::TextReference::What;

/// Every Flink has these.
constexpr std::string_view kBuiltInCatalogs[] = {"default_catalog", "system"};

std::string LowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The job's own variables come before those of the project.
bool IsLocalVariable(const entities::Entity& entity, const std::string& name) {
  const auto locals = entity.body.find("localVariables");
  if (locals == entity.body.end() || !locals->is_array()) return false;
  return std::any_of(locals->begin(), locals->end(),
                     [&](const Json& local) { return JsonString(local, "name") == name; });
}

}  // namespace

MentionFinder::MentionFinder(const ProjectContents& contents, const ProjectFiles& files)
    : contents_(contents), files_(files) {
  for (const auto& entity : contents.entities)
    if (entity.key.kind == "udf-function")
      functions_.emplace(LowerCase(entity.key.name), entity.key.name);
}

std::vector<Mention> MentionFinder::Of(const entities::Entity& entity) const {
  std::vector<Mention> mentions;
  const auto* kind = entities::FindKind(entity.key.kind);
  if (kind == nullptr) return mentions;
  for (const auto& text : kind->Texts(entity)) {
    FindNames(entity, text, mentions);
    if (text.role == entities::FieldRole::kSql && !functions_.empty())
      FindFunctions(text, mentions);
  }
  return mentions;
}

void MentionFinder::FindNames(const entities::Entity& entity, const entities::TextField& text,
                              std::vector<Mention>& mentions) const {
  for (const auto& found : entities::FindTextReferences(text.text, text.role)) {
    Mention mention{.to = {}, .pointer = text.pointer, .line = found.line};
    switch (found.what) {
      case What::kSecret:
        mention.to = {"variable", found.name};
        mention.must_exist = true;
        break;
      case What::kVariable:
        if (IsLocalVariable(entity, found.name)) continue;
        mention.to = {"variable", found.name};
        break;
      case What::kCatalog:
      case What::kObject:
        if (std::find(std::begin(kBuiltInCatalogs), std::end(kBuiltInCatalogs), found.catalog) !=
            std::end(kBuiltInCatalogs))
          continue;
        mention.to = {"catalog", found.catalog};
        mention.must_exist = true;
        break;
      case What::kConnector: mention.to = {"connector", found.name}; break;
      case What::kJar:
      case What::kUri:
        if (const auto file = files_.Resolve(found.name); file && file->is_entity)
          mention.to = file->key;
        break;
    }
    if (mention.must_exist || contents_.index.contains(mention.to))
      mentions.push_back(std::move(mention));
  }
}

void MentionFinder::FindFunctions(const entities::TextField& text,
                                  std::vector<Mention>& mentions) const {
  const std::string sql = entities::WithoutSqlComments(text.text);
  const auto tokens = entities::SqlTokens(sql);
  std::set<std::string> seen;
  std::uint32_t line = 1;
  std::size_t counted = 0;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].IsName() || !tokens[i + 1].IsSymbol('(')) continue;
    const auto function = functions_.find(LowerCase(tokens[i].text));
    if (function == functions_.end() || !seen.insert(function->second).second) continue;
    const auto at = [&](std::size_t byte) {
      return sql.begin() + static_cast<std::ptrdiff_t>(byte);
    };
    line += static_cast<std::uint32_t>(std::count(at(counted), at(tokens[i].at), '\n'));
    counted = tokens[i].at;
    mentions.push_back({{"udf-function", function->second}, text.pointer, line});
  }
}

}  // namespace stateferry::state::clone
