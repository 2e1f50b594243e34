#pragma once
// nlohmann-json without its exceptions: parsing gives a Result, reading fields gives optionals.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry {

/// Keeps the order in which keys were put.
using Json = nlohmann::ordered_json;

/// Errors: kInvalidArgument with the byte position.
Result<Json> ParseJson(std::string_view text);

/// One line; bytes that are not UTF-8 become U+FFFD, so dumping never fails.
std::string DumpJson(const Json& json);

/// The field when it is there and has that type, else nothing.
std::optional<std::string> JsonString(const Json& object, std::string_view field);
std::optional<std::uint64_t> JsonUint(const Json& object, std::string_view field);

}  // namespace stateferry
