#include "state/entities/sql_tokens.h"

#include <algorithm>
#include <cctype>

namespace stateferry::state::entities {

namespace {

bool IsWordCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

/// The end of the quoted piece that starts at `at`: past its closing quote, or the end of the text.
std::size_t QuotedEnd(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] != quote) continue;
    if (i + 1 < text.size() && text[i + 1] == quote)
      ++i;
    else
      return i + 1;
  }
  return text.size();
}

std::string Unquoted(std::string_view quoted) {
  const char quote = quoted[0];
  quoted.remove_prefix(1);
  if (!quoted.empty() && quoted.back() == quote) quoted.remove_suffix(1);
  std::string text;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    text += quoted[i];
    if (quoted[i] == quote && i + 1 < quoted.size() && quoted[i + 1] == quote) ++i;
  }
  return text;
}

void Blank(std::string& text, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i)
    if (text[i] != '\n') text[i] = ' ';
}

}  // namespace

bool SqlToken::Is(std::string_view upper_case_word) const {
  return type == Type::kWord &&
         std::equal(
             text.begin(), text.end(), upper_case_word.begin(), upper_case_word.end(),
             [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

std::vector<SqlToken> SqlTokens(std::string_view text) {
  std::vector<SqlToken> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    std::size_t end = at + 1;
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      at = end;
      continue;
    }
    if (c == '\'' || c == '`') {
      end = QuotedEnd(text, at);
      tokens.push_back({c == '`' ? SqlToken::Type::kQuotedName : SqlToken::Type::kText,
                        Unquoted(text.substr(at, end - at)), at});
    } else if (IsWordCharacter(c)) {
      while (end < text.size() && IsWordCharacter(text[end])) ++end;
      tokens.push_back({SqlToken::Type::kWord, std::string(text.substr(at, end - at)), at});
    } else {
      tokens.push_back({SqlToken::Type::kSymbol, std::string(1, c), at});
    }
    at = end;
  }
  return tokens;
}

std::string WithoutSqlComments(std::string_view text) {
  std::string blanked(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest[0] == '\'' || rest[0] == '`') {
      at = QuotedEnd(text, at);
    } else if (rest.starts_with("--")) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      Blank(blanked, at, end);
      at = end;
    } else if (rest.starts_with("/*") && !rest.starts_with("/*+")) {
      const std::size_t close = text.find("*/", at + 2);
      const std::size_t end = close == std::string_view::npos ? text.size() : close + 2;
      Blank(blanked, at, end);
      at = end;
    } else {
      ++at;
    }
  }
  return blanked;
}

std::string WithoutYamlComments(std::string_view text) {
  std::string blanked(text);
  char quote = 0;
  bool after_blank = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n') {
      // Quotes over several lines are rare; an apostrophe in a plain line is not.
      quote = 0;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if ((c == '\'' || c == '"') && after_blank) {
      quote = c;
    } else if (c == '#' && after_blank) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      Blank(blanked, at, end);
      at = end - 1;
    }
    after_blank = std::isspace(static_cast<unsigned char>(c)) != 0;
  }
  return blanked;
}

}  // namespace stateferry::state::entities
