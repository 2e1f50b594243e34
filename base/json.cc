#include "base/json.h"

namespace stateferry {

Result<Json> ParseJson(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) {
    return Error(ErrorCode::kInvalidArgument, std::string("not valid JSON: ") + e.what());
  }
}

std::string DumpJson(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::string> JsonString(const Json& object, std::string_view field) {
  if (!object.is_object()) return std::nullopt;
  const auto it = object.find(std::string(field));
  if (it == object.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

std::optional<std::uint64_t> JsonUint(const Json& object, std::string_view field) {
  if (!object.is_object()) return std::nullopt;
  const auto it = object.find(std::string(field));
  if (it == object.end() || !it->is_number_unsigned()) return std::nullopt;
  return it->get<std::uint64_t>();
}

}  // namespace stateferry
