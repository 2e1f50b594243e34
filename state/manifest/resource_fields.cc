#include "state/manifest/resource_fields.h"

#include <algorithm>

#include "state/manifest/document.h"

namespace stateferry::state::manifest {

namespace {

/// The first key of a path, taken off its front.
std::string NextKey(std::string_view& path) {
  const std::size_t end = std::min(path.find('/'), path.size());
  std::string key(path.substr(0, end));
  path.remove_prefix(std::min(end + 1, path.size()));
  return key;
}

/// Names the leaves of a value, but no deeper and no more than a reader can follow.
void NameFields(const Json& value, const std::string& name, std::size_t depth,
                std::vector<std::string>& names) {
  constexpr std::size_t kMaxDepth = 3, kMaxNames = 100;
  if (names.size() > kMaxNames) return;
  if (names.size() == kMaxNames) return names.push_back("and more");
  if (!value.is_object() || value.empty() || depth == kMaxDepth) return names.push_back(name);
  for (const auto& [key, inner] : value.items())
    NameFields(inner, name.empty() ? Clipped(key) : name + '.' + Clipped(key), depth + 1, names);
}

}  // namespace

const Json* FindField(const Json& object, std::string_view path) {
  const Json* at = &object;
  while (!path.empty()) {
    if (!at->is_object()) return nullptr;
    const auto it = at->find(NextKey(path));
    if (it == at->end()) return nullptr;
    at = &*it;
  }
  return at;
}

std::string TextField(const Json& object, std::string_view path) {
  const Json* const field = FindField(object, path);
  return field != nullptr && field->is_string() ? field->get<std::string>() : "";
}

std::optional<Json> TakeField(Json& object, std::string_view path) {
  if (!object.is_object()) return {};
  const auto it = object.find(NextKey(path));
  if (it == object.end()) return {};
  std::optional<Json> taken;
  if (path.empty()) {
    taken = std::move(*it);
    object.erase(it);
    return taken;
  }
  taken = TakeField(*it, path);
  if (taken && it->empty()) object.erase(it);
  return taken;
}

void PutField(Json& object, std::string_view path, Json value) {
  Json* at = &object;
  while (!path.empty()) {
    if (!at->is_object()) *at = Json::object();
    at = &(*at)[NextKey(path)];
  }
  *at = std::move(value);
}

void Overlay(Json& onto, const Json& over) {
  if (!onto.is_object() || !over.is_object()) {
    onto = over;
    return;
  }
  for (const auto& [key, value] : over.items()) Overlay(onto[key], value);
}

void Arrange(Json& object, std::span<const std::string_view> fields) {
  if (!object.is_object()) return;
  Json arranged = Json::object();
  for (const std::string_view field : fields)
    if (const auto it = object.find(std::string(field)); it != object.end()) {
      arranged[std::string(field)] = std::move(*it);
      object.erase(it);
    }
  for (auto& [key, value] : object.items()) arranged[key] = std::move(value);
  object = std::move(arranged);
}

std::vector<std::string> OtherFields(Json body, std::span<const std::string> known) {
  for (const std::string& path : known) TakeField(body, path);
  std::vector<std::string> names;
  if (body.is_object() && !body.empty()) NameFields(body, "", 0, names);
  return names;
}

void TakeFields(std::span<const FieldPair> pairs, Json& resource, Json& body) {
  for (const FieldPair& pair : pairs)
    if (auto value = TakeField(resource, pair.resource); value && !value->is_null())
      PutField(body, pair.body, *std::move(value));
}

void PutFields(std::span<const FieldPair> pairs, const Json& body, Json& resource) {
  for (const FieldPair& pair : pairs)
    if (const Json* const value = FindField(body, pair.body); value != nullptr && !value->is_null())
      PutField(resource, pair.resource, *value);
}

std::string ResourcePointer(std::span<const FieldPair> pairs, std::string_view rest,
                            std::string_view body_pointer) {
  const auto below = [&](std::string_view path) {
    if (path.empty() || !body_pointer.starts_with('/')) return false;
    const std::string_view tail = body_pointer.substr(1);
    return tail.starts_with(path) && (tail.size() == path.size() || tail[path.size()] == '/');
  };
  for (const FieldPair& pair : pairs)
    if (below(pair.body))
      return '/' + pair.resource + std::string(body_pointer.substr(1 + pair.body.size()));
  return below(rest) ? std::string(body_pointer.substr(1 + rest.size())) : "";
}

}  // namespace stateferry::state::manifest
