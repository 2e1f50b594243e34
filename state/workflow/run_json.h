#pragma once
// Runs and items as JSON: what the records hold, and what commands and the API show of them.
// docs/formats/runs.md.  Readers skip fields that they do not know.

#include "base/json.h"
#include "base/result.h"
#include "state/workflow/finding.h"
#include "state/workflow/run.h"

namespace stateferry::state::workflow {

Json ToJson(const Run& run);
Json ToJson(const Finding& finding);
Finding FindingFromJson(const Json& json);
/// Errors: kCorruption naming the field.
Result<Run> RunFromJson(const Json& json);

/// What was planned; it does not change.
Json PlanToJson(const Item& item);
/// What has come of it.
Json StateToJson(const Item& item);
/// Errors: kCorruption naming the field.
Result<Item> ItemFromPlan(const Json& plan);
Result<void> ReadState(const Json& state, Item& item);

std::optional<RunStatus> RunStatusFromName(std::string_view name);
std::optional<ItemStatus> ItemStatusFromName(std::string_view name);

}  // namespace stateferry::state::workflow
