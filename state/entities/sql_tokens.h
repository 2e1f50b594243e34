#pragma once
// Flink SQL as tokens, as far as finding names needs it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stateferry::state::entities {

struct SqlToken {
  enum class Type { kWord, kQuotedName, kText, kSymbol };
  Type type;
  std::string text;    ///< without quotes; doubled quotes are single
  std::size_t at = 0;  ///< byte in the text
  /// A word, compared without case.
  bool Is(std::string_view upper_case_word) const;
  bool IsSymbol(char c) const { return type == Type::kSymbol && text[0] == c; }
  bool IsName() const { return type == Type::kWord || type == Type::kQuotedName; }
};

/// Unfinished quotes reach to the end.
std::vector<SqlToken> SqlTokens(std::string_view text);

/// The text with blanks in place of comments, so that places stay what they are.  Quotes are
/// respected; hints, /*+ ... */, are no comments.
std::string WithoutSqlComments(std::string_view text);
std::string WithoutYamlComments(std::string_view text);

}  // namespace stateferry::state::entities
