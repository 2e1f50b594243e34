#include "state/clone/clone_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace stateferry::state::clone {

namespace {

template <typename Value>
using Spellings = std::array<std::pair<std::string_view, Value>, 3>;

// Two of a kind fill their third row with the second.
constexpr Spellings<StateStrategy> kStates{{{"stateful", StateStrategy::kStateful},
                                            {"stateless", StateStrategy::kStateless},
                                            {"stateless", StateStrategy::kStateless}}};
constexpr Spellings<RunningStrategy> kRunnings{{{"skip", RunningStrategy::kSkip},
                                                {"include", RunningStrategy::kInclude},
                                                {"include", RunningStrategy::kInclude}}};
constexpr Spellings<OnError> kOnErrors{{{"continue", OnError::kContinue},
                                        {"stop", OnError::kStop},
                                        {"stateless", OnError::kStateless}}};

template <typename Value>
std::string Spelling(const Spellings<Value>& spellings, Value value) {
  for (const auto& [text, meant] : spellings)
    if (meant == value) return std::string(text);
  return {};
}

Error Refused(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message)).WithRule("C-37", "usage");
}

template <typename Value>
Result<void> ReadChoice(const Json& json, std::string_view field, const Spellings<Value>& spellings,
                        Value& out) {
  const auto given = json.find(field);
  if (given == json.end()) return {};
  std::string choices;
  for (const auto& [spelling, value] : spellings) {
    if (*given == Json(spelling)) {
      out = value;
      return {};
    }
    if (!choices.ends_with(spelling))
      choices += (choices.empty() ? "" : ", ") + std::string(spelling);
  }
  return Refused(fmt::format("'{}' cannot be {}", field, DumpJson(*given)))
      .WithHint("choose of: " + choices);
}

Result<void> ReadText(const Json& json, std::string_view field, std::string& out) {
  const auto given = json.find(field);
  if (given == json.end()) return {};
  if (!given->is_string()) return Refused(fmt::format("'{}' must be a text", field));
  out = given->get<std::string>();
  return {};
}

Result<void> ReadTexts(const Json& json, std::string_view field, std::vector<std::string>& out) {
  const auto list = json.find(field);
  if (list == json.end()) return {};
  const bool are_texts =
      list->is_array() &&
      std::all_of(list->begin(), list->end(), [](const Json& text) { return text.is_string(); });
  if (!are_texts) return Refused(fmt::format("'{}' must be a list of texts", field));
  out = list->get<std::vector<std::string>>();
  return {};
}

Result<void> ReadSeconds(const Json& json, std::string_view field, std::chrono::seconds& out) {
  if (!json.contains(field)) return {};
  const auto count = JsonUint(json, field);
  if (!count || *count > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return Refused(fmt::format("'{}' must be a whole number of seconds, not negative", field));
  out = std::chrono::seconds(*count);
  return {};
}

}  // namespace

Json ToJson(const CloneRequest& request) {
  return {{"source", request.source},
          {"target", request.target},
          {"account", request.account},
          {"kinds", request.selection.kinds},
          {"names", request.selection.names},
          {"state", Spelling(kStates, request.state)},
          {"running", Spelling(kRunnings, request.running)},
          {"onError", Spelling(kOnErrors, request.on_error)},
          {"maxSnapshotAgeSeconds", static_cast<std::uint64_t>(request.max_snapshot_age.count())},
          {"nameTemplate", request.name_template},
          {"label", request.label},
          {"requiredRole", request.required_role},
          {"storageReader", request.storage_reader}};
}

Result<CloneRequest> CloneRequestFromJson(const Json& json) {
  CloneRequest request;
  for (const auto& [field, out] :
       {std::pair{"source", &request.source}, std::pair{"target", &request.target},
        std::pair{"account", &request.account}, std::pair{"nameTemplate", &request.name_template},
        std::pair{"label", &request.label}, std::pair{"storageReader", &request.storage_reader}})
    SF_TRY(ReadText(json, field, *out));
  SF_TRY(ReadTexts(json, "kinds", request.selection.kinds));
  SF_TRY(ReadTexts(json, "names", request.selection.names));
  SF_TRY(ReadChoice(json, "state", kStates, request.state));
  SF_TRY(ReadChoice(json, "running", kRunnings, request.running));
  SF_TRY(ReadChoice(json, "onError", kOnErrors, request.on_error));
  // Rather no clone than one with older state than was asked for.
  if (const auto trigger = json.find("triggerSavepoint");
      trigger != json.end() && *trigger != Json(false))
    return Error(ErrorCode::kInvalidArgument,
                 "triggerSavepoint: the jobs of a catalog cannot be reached from here, so no "
                 "savepoint can be taken first")
        .WithHint("trigger a savepoint of each job where it runs, import it, and clone then")
        .WithRule("C-25", "usage");
  SF_TRY(ReadSeconds(json, "maxSnapshotAgeSeconds", request.max_snapshot_age));
  return request;
}

Result<CloneRequest> CloneRequestFromRecord(const Json& json) {
  SF_TRY(auto request, CloneRequestFromJson(json));
  SF_TRY(ReadText(json, "requiredRole", request.required_role));
  return request;
}

}  // namespace stateferry::state::clone
