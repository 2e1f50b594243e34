#include "state/entities/text_references.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "state/entities/sql_tokens.h"

namespace stateferry::state::entities {

namespace {

using What = TextReference::What;

constexpr std::pair<What, std::string_view> kNames[] = {
    {What::kSecret, "secret"}, {What::kVariable, "variable"}, {What::kCatalog, "catalog"},
    {What::kObject, "object"}, {What::kJar, "jar"},           {What::kConnector, "connector"},
    {What::kUri, "uri"}};
constexpr std::string_view kSchemes[] = {"oss://", "s3://", "s3a://", "s3p://", "hdfs://", "file:"};
constexpr std::size_t kMaxVariableBytes = 200;

/// With their place in the text; lines are counted at the end, in one go.
struct Found {
  std::size_t at;
  What what;
  std::string name, catalog;
};

void FindVariables(std::string_view text, std::vector<Found>& found) {
  constexpr std::string_view kSecrets = "secret_values.";
  for (std::size_t at = text.find("${"); at != std::string_view::npos;
       at = text.find("${", at + 2)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) return;
    std::string_view name = text.substr(at + 2, end - at - 2);
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
    });
    if (name.empty() || name.size() > kMaxVariableBytes || !plain) continue;
    const bool secret = name.starts_with(kSecrets) && name.size() > kSecrets.size();
    if (secret) name.remove_prefix(kSecrets.size());
    found.push_back({at, secret ? What::kSecret : What::kVariable, std::string(name), ""});
  }
}

void FindUris(std::string_view text, std::vector<Found>& found) {
  constexpr std::string_view kEnds = " \t\r\n'\"`,;()<>[]{}|";
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    std::size_t start = colon;
    while (start > 0 && colon - start < 5 &&
           std::isalnum(static_cast<unsigned char>(text[start - 1])) != 0)
      --start;
    // "profile:" is no file URI.
    if (start > 0 && std::isalnum(static_cast<unsigned char>(text[start - 1])) != 0) continue;
    const std::string_view rest = text.substr(start);
    const bool known =
        std::any_of(std::begin(kSchemes), std::end(kSchemes),
                    [&](std::string_view scheme) { return rest.starts_with(scheme); }) &&
        rest.substr(colon - start).starts_with(":/");
    if (!known) continue;
    // Variables may stand in a URI.
    std::size_t end = start;
    while (end < text.size()) {
      if (text.substr(end).starts_with("${")) {
        const std::size_t close = text.find('}', end);
        if (close == std::string_view::npos) break;
        end = close + 1;
      } else if (kEnds.find(text[end]) != std::string_view::npos) {
        break;
      } else {
        ++end;
      }
    }
    found.push_back({start, What::kUri, std::string(text.substr(start, end - start)), ""});
    if (end > colon) colon = end - 1;
  }
}

/// Looks at the tokens of one SQL text, one after another.
class SqlNames {
 public:
  explicit SqlNames(std::vector<SqlToken> tokens) : tokens_(std::move(tokens)) {}

  std::vector<Found> Find() {
    for (std::size_t i = 0; i < tokens_.size();) i = Look(i);
    std::erase_if(found_, [this](const Found& found) {
      return !found.catalog.empty() && created_.contains(found.catalog);
    });
    return std::move(found_);
  }

 private:
  const SqlToken* At(std::size_t i) const { return i < tokens_.size() ? &tokens_[i] : nullptr; }
  bool IsAt(std::size_t i, std::string_view word) const { return At(i) && tokens_[i].Is(word); }
  bool TextAt(std::size_t i) const { return At(i) && tokens_[i].type == SqlToken::Type::kText; }

  /// Returns the next token to look at.
  std::size_t Look(std::size_t i) {
    const SqlToken& token = tokens_[i];
    if (token.Is("CATALOG") && At(i + 1) && tokens_[i + 1].IsName()) return Catalog(i);
    if (token.Is("JAR") && TextAt(i + 1)) {
      found_.push_back({tokens_[i + 1].at, What::kJar, tokens_[i + 1].text, ""});
      return i + 2;
    }
    if (token.type == SqlToken::Type::kText && token.text == "connector" && At(i + 1) &&
        tokens_[i + 1].IsSymbol('=') && TextAt(i + 2)) {
      found_.push_back({tokens_[i + 2].at, What::kConnector, tokens_[i + 2].text, ""});
      return i + 3;
    }
    FollowClause(token);
    if (token.IsName() && (i == 0 || !tokens_[i - 1].IsSymbol('.'))) return Name(i);
    return i + 1;
  }

  std::size_t Catalog(std::size_t i) {
    std::size_t name = i + 1;
    if (IsAt(name, "IF"))  // IF NOT EXISTS, IF EXISTS
      while (At(name) && !IsAt(name, "EXISTS")) ++name;
    if (IsAt(name, "EXISTS")) ++name;
    if (!At(name) || !tokens_[name].IsName()) return i + 1;
    const bool creates = i > 0 && tokens_[i - 1].Is("CREATE");
    if (creates)
      created_.insert(tokens_[name].text);
    else
      found_.push_back({tokens_[name].at, What::kCatalog, tokens_[name].text, tokens_[name].text});
    return name + 1;
  }

  /// Whether the next name can be that of a table, function or database.
  void FollowClause(const SqlToken& token) {
    if (token.IsSymbol('(')) {
      from_.push_back(false);
    } else if (token.IsSymbol(')')) {
      if (from_.size() > 1) from_.pop_back();
    } else if (token.IsSymbol(';')) {
      from_.assign(1, false);
    } else if (token.Is("FROM")) {
      from_.back() = true;
    } else if (token.Is("SELECT") || token.Is("WHERE") || token.Is("ON") || token.Is("GROUP") ||
               token.Is("HAVING") || token.Is("ORDER") || token.Is("UNION")) {
      from_.back() = false;
    }
  }

  bool TableStandsAt(std::size_t i) const {
    if (i == 0) return false;
    const SqlToken& before = tokens_[i - 1];
    for (const std::string_view word : {"FROM", "JOIN", "INTO", "TABLE", "VIEW", "EXISTS", "UPDATE",
                                        "LIKE", "FUNCTION", "DESCRIBE", "DESC", "OVERWRITE"})
      if (before.Is(word)) return true;
    return before.IsSymbol(',') && from_.back();
  }

  std::size_t Name(std::size_t i) {
    std::vector<std::string> parts{tokens_[i].text};
    std::size_t end = i + 1;
    while (At(end) && tokens_[end].IsSymbol('.') && At(end + 1) && tokens_[end + 1].IsName()) {
      parts.push_back(tokens_[end + 1].text);
      end += 2;
    }
    const bool called = At(end) && tokens_[end].IsSymbol('(');
    const bool database = i > 0 && (tokens_[i - 1].Is("DATABASE") || tokens_[i - 1].Is("USE") ||
                                    (tokens_[i - 1].Is("EXISTS") && i > 3 &&
                                     (IsAt(i - 3, "DATABASE") || IsAt(i - 4, "DATABASE"))));
    const bool object = parts.size() == 3 && (called || TableStandsAt(i));
    if (object || (parts.size() == 2 && database)) {
      std::string whole = parts[0];
      for (std::size_t part = 1; part < parts.size(); ++part) whole += "." + parts[part];
      found_.push_back({tokens_[i].at, What::kObject, std::move(whole), parts[0]});
    }
    return end;
  }

  std::vector<SqlToken> tokens_;
  std::vector<bool> from_{false};  // by depth of parentheses: inside a FROM clause
  std::set<std::string> created_;
  std::vector<Found> found_;
};

}  // namespace

std::string_view WhatName(TextReference::What what) {
  for (const auto& [known, name] : kNames)
    if (known == what) return name;
  return "";
}

std::vector<TextReference> FindTextReferences(std::string_view text, FieldRole role) {
  std::string plain(text);
  if (role == FieldRole::kSql) plain = WithoutSqlComments(text);
  if (role == FieldRole::kYaml) plain = WithoutYamlComments(text);
  std::vector<Found> found;
  FindVariables(plain, found);
  FindUris(plain, found);
  if (role == FieldRole::kSql) {
    auto names = SqlNames(SqlTokens(plain)).Find();
    // A jar's URI is found twice; the jar says more.
    for (const Found& jar : names)
      if (jar.what == What::kJar)
        std::erase_if(found, [&](const Found& uri) {
          return uri.what == What::kUri && uri.at == jar.at + 1;
        });
    std::move(names.begin(), names.end(), std::back_inserter(found));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.at < b.at; });
  std::vector<TextReference> references;
  std::set<std::pair<What, std::string>> on_line;
  std::uint32_t line = 1;
  std::size_t counted = 0;
  for (Found& one : found) {
    const auto breaks = static_cast<std::uint32_t>(
        std::count(plain.begin() + static_cast<std::ptrdiff_t>(counted),
                   plain.begin() + static_cast<std::ptrdiff_t>(one.at), '\n'));
    counted = one.at;
    line += breaks;
    if (breaks > 0) on_line.clear();
    if (on_line.insert({one.what, one.name}).second)
      references.push_back({one.what, std::move(one.name), std::move(one.catalog), line});
  }
  return references;
}

}  // namespace stateferry::state::entities
