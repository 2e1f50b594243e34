#include "state/clone/clone_request.h"

#include <fmt/format.h>

#include <array>
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

template <typename Value>
Result<void> ReadChoice(const Json& json, std::string_view field, const Spellings<Value>& spellings,
                        Value& out) {
  const auto text = JsonString(json, field);
  if (!text) return {};
  for (const auto& [spelling, value] : spellings) {
    if (spelling != *text) continue;
    out = value;
    return {};
  }
  return Error(ErrorCode::kInvalidArgument, fmt::format("'{}' cannot be '{}'", field, *text))
      .WithRule("C-37", "usage");
}

Result<void> ReadTexts(const Json& json, std::string_view field, std::vector<std::string>& out) {
  const auto list = json.find(field);
  if (list == json.end()) return {};
  for (const Json& text : *list) {
    if (!text.is_string())
      return Error(ErrorCode::kInvalidArgument, fmt::format("'{}' must be a list of texts", field));
    out.push_back(text.get<std::string>());
  }
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
        std::pair{"label", &request.label}, std::pair{"requiredRole", &request.required_role},
        std::pair{"storageReader", &request.storage_reader}})
    if (auto text = JsonString(json, field)) *out = *std::move(text);
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
  if (const auto age = JsonUint(json, "maxSnapshotAgeSeconds"))
    request.max_snapshot_age = std::chrono::seconds(*age);
  return request;
}

}  // namespace stateferry::state::clone
