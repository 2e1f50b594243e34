#include "state/entities/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace stateferry::state::entities {

namespace {

constexpr std::pair<FieldType, std::string_view> kTypeNames[] = {
    {FieldType::kText, "text"},
    {FieldType::kInteger, "a whole number"},
    {FieldType::kNumber, "a number"},
    {FieldType::kBoolean, "true or false"},
    {FieldType::kScalar, "a single value"},
    {FieldType::kObject, "a map"},
    {FieldType::kList, "a list"}};

bool HasType(const Json& value, FieldType type) {
  switch (type) {
    case FieldType::kText: return value.is_string();
    case FieldType::kInteger: return value.is_number_integer();
    case FieldType::kNumber: return value.is_number();
    case FieldType::kBoolean: return value.is_boolean();
    case FieldType::kScalar: return value.is_primitive() && !value.is_null();
    case FieldType::kObject: return value.is_object();
    case FieldType::kList: return value.is_array();
  }
  return false;
}

std::string Described(const Json& value) {
  if (value.is_string()) return "text";
  if (value.is_number()) return "a number";
  if (value.is_boolean()) return "true or false";
  if (value.is_object()) return "a map";
  if (value.is_array()) return "a list";
  return "empty";
}

/// A key as it stands in a JSON pointer (RFC 6901, section 3).
std::string Escaped(std::string_view key) {
  std::string escaped;
  for (const char c : key) {
    if (c == '~')
      escaped += "~0";
    else if (c == '/')
      escaped += "~1";
    else
      escaped += c;
  }
  return escaped;
}

std::pair<std::string_view, std::string_view> SplitFirst(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

/// One walk for const and mutable bodies.
template <typename J, typename Visit>
void Walk(J& at, std::string_view path, const std::string& pointer, const Visit& visit) {
  if (path.empty()) return visit(at, pointer);
  const auto [first, rest] = SplitFirst(path);
  if (first == "*" && at.is_array()) {
    for (std::size_t i = 0; i < at.size(); ++i)
      Walk(at[i], rest, fmt::format("{}/{}", pointer, i), visit);
  } else if (at.is_object()) {
    for (auto it = at.begin(); it != at.end(); ++it)
      if (first == "*" || it.key() == first)
        Walk(it.value(), rest, pointer + "/" + Escaped(it.key()), visit);
  }
}

/// "artifact/jarUri" -> {"artifact", "jarUri"}; "name" -> {"", "name"}.
std::pair<std::string_view, std::string_view> SplitLast(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string Choices(const Field& field) {
  return fmt::format("{}", fmt::join(field.choices, ", "));
}

void CheckValue(const Json& value, const std::string& pointer, const Field& field,
                std::vector<Problem>& problems) {
  const std::string_view name = SplitLast(pointer).second;
  if (!HasType(value, field.type)) {
    const bool quotes = field.type == FieldType::kText && value.is_primitive() && !value.is_null();
    problems.push_back(
        {pointer, fmt::format("'{}' must be {}, but is {}{}", name, FieldTypeName(field.type),
                              Described(value), quotes ? "; write it in quotes" : "")});
    return;
  }
  if (field.choices.empty() || !value.is_string()) return;
  const auto& text = value.get_ref<const std::string&>();
  if (std::find(field.choices.begin(), field.choices.end(), text) == field.choices.end())
    problems.push_back(
        {pointer, fmt::format("'{}' is '{}'; it must be one of {}", name, text, Choices(field))});
}

}  // namespace

std::string_view FieldTypeName(FieldType type) {
  for (const auto& [known, name] : kTypeNames)
    if (known == type) return name;
  return "";
}

bool Counts(const Field& field, const Json& body) {
  if (field.when.path.empty()) return true;
  bool holds = false;
  Walk(body, field.when.path, "", [&](const Json& value, const std::string&) {
    holds = value.is_string() && value.get_ref<const std::string&>() == field.when.value;
  });
  return holds;
}

void VisitField(const Json& body, const Field& field,
                const std::function<void(const Json&, const std::string&)>& visit) {
  if (Counts(field, body)) Walk(body, field.path, "", visit);
}

void VisitField(Json& body, const Field& field,
                const std::function<void(Json&, const std::string&)>& visit) {
  if (Counts(field, body)) Walk(body, field.path, "", visit);
}

void CheckField(const Json& body, const Field& field, std::vector<Problem>& problems) {
  if (!Counts(field, body)) return;
  const auto [parent, name] = SplitLast(field.path);
  Walk(body, parent, "", [&](const Json& around, const std::string& pointer) {
    if (name == "*") {
      Walk(around, name, pointer, [&](const Json& value, const std::string& at) {
        CheckValue(value, at, field, problems);
      });
      return;
    }
    if (!around.is_object()) return;  // the row of that object says so
    const auto it = around.find(std::string(name));
    if (it != around.end()) {
      // An optional field may be left empty.
      if (field.required || !it->is_null())
        CheckValue(*it, pointer + "/" + Escaped(name), field, problems);
    } else if (field.required) {
      std::string why;
      if (!field.when.path.empty())
        why = fmt::format(" ({} is {})", SplitLast(field.when.path).second, field.when.value);
      problems.push_back({pointer, fmt::format("the field '{}' is missing{}", name, why)});
    }
  });
}

}  // namespace stateferry::state::entities
