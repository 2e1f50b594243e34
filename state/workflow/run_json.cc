#include "state/workflow/run_json.h"

#include <fmt/format.h>

#include "state/workflow/findings.h"

namespace stateferry::state::workflow {

namespace {

std::string Text(const Json& json, std::string_view field) {
  return JsonString(json, field).value_or("");
}
std::uint64_t Number(const Json& json, std::string_view field) {
  return JsonUint(json, field).value_or(0);
}

Error Missing(std::string_view field) {
  return Error(ErrorCode::kCorruption, fmt::format("the record has no good '{}'", field));
}

Json KeyJson(const entities::EntityKey& key) { return {{"kind", key.kind}, {"name", key.name}}; }
entities::EntityKey KeyFrom(const Json& json, std::string_view field) {
  const auto key = json.find(field);
  if (key == json.end() || !key->is_object()) return {};
  return {Text(*key, "kind"), Text(*key, "name")};
}

/// Empty ones of these types stand for what is missing.
const Json& ObjectAt(const Json& json, std::string_view field) {
  static const Json kEmpty = Json::object();
  const auto found = json.find(field);
  return found != json.end() && found->is_object() ? *found : kEmpty;
}
const Json& ListAt(const Json& json, std::string_view field) {
  static const Json kEmpty = Json::array();
  const auto found = json.find(field);
  return found != json.end() && found->is_array() ? *found : kEmpty;
}

template <typename Status, std::size_t kCount>
std::optional<Status> FromName(std::string_view name, std::string_view (*name_of)(Status)) {
  for (std::size_t i = 0; i < kCount; ++i)
    if (const auto status = static_cast<Status>(i); name_of(status) == name) return status;
  return std::nullopt;
}

}  // namespace

std::optional<RunStatus> RunStatusFromName(std::string_view name) {
  return FromName<RunStatus, 8>(name, &RunStatusName);
}
std::optional<ItemStatus> ItemStatusFromName(std::string_view name) {
  return FromName<ItemStatus, 8>(name, &ItemStatusName);
}

Json ToJson(const Finding& finding) {
  Json json = {{"severity", finding.severity == Finding::Severity::kError ? "error" : "warning"},
               {"rule", finding.rule},
               {"message", finding.message}};
  if (!finding.category.empty()) json["category"] = finding.category;
  if (!finding.hint.empty()) json["hint"] = finding.hint;
  if (!finding.about.kind.empty()) json["about"] = KeyJson(finding.about);
  return json;
}

Finding FindingFromJson(const Json& json) {
  Finding finding;
  finding.severity =
      Text(json, "severity") == "error" ? Finding::Severity::kError : Finding::Severity::kWarning;
  finding.rule = Text(json, "rule");
  finding.category = Text(json, "category");
  finding.code = CodeOfCategory(finding.category);
  finding.message = Text(json, "message");
  finding.hint = Text(json, "hint");
  finding.about = KeyFrom(json, "about");
  return finding;
}

Json ToJson(const Run& run) {
  Json json = {{"id", run.id},
               {"kind", run.kind},
               {"status", std::string(RunStatusName(run.status))},
               {"source", run.source},
               {"target", run.target},
               {"account", run.account},
               {"request", run.request},
               {"created", run.created},
               {"updated", run.updated},
               {"ended", run.ended},
               {"items", run.items},
               {"excluded", Json::object()}};
  if (!run.error.empty()) json["error"] = run.error;
  for (const auto& [what, count] : run.excluded) json["excluded"][what] = count;
  return json;
}

Result<Run> RunFromJson(const Json& json) {
  Run run;
  run.id = Text(json, "id");
  const auto status = RunStatusFromName(Text(json, "status"));
  if (run.id.empty()) return Missing("id");
  if (!status) return Missing("status");
  run.status = *status;
  for (const auto& [field, out] :
       {std::pair{"kind", &run.kind}, std::pair{"source", &run.source},
        std::pair{"target", &run.target}, std::pair{"account", &run.account},
        std::pair{"created", &run.created}, std::pair{"updated", &run.updated},
        std::pair{"ended", &run.ended}, std::pair{"error", &run.error}})
    *out = Text(json, field);
  run.items = Number(json, "items");
  run.request = ObjectAt(json, "request");
  for (const auto& [what, count] : ObjectAt(json, "excluded").items())
    run.excluded[what] = count.is_number_unsigned() ? count.get<std::uint64_t>() : 0;
  return run;
}

Json PlanToJson(const Item& item) {
  Json json = {{"from", KeyJson(item.from)}, {"to", KeyJson(item.to)}, {"body", item.body}};
  if (!item.files.empty()) {
    json["files"] = Json::array();
    for (const FileMove& file : item.files)
      json["files"].push_back({{"from", file.from}, {"to", file.to}});
  }
  if (!item.snapshot_from.empty())
    json["snapshot"] = {{"from", item.snapshot_from}, {"to", item.snapshot_to}};
  if (!item.snapshot_record.key.kind.empty())
    json["snapshotRecord"] = {{"key", KeyJson(item.snapshot_record.key)},
                              {"body", item.snapshot_record.body}};
  return json;
}

Result<Item> ItemFromPlan(const Json& plan) {
  Item item;
  item.from = KeyFrom(plan, "from");
  item.to = KeyFrom(plan, "to");
  if (item.from.kind.empty()) return Missing("from");
  item.body = ObjectAt(plan, "body");
  for (const Json& file : ListAt(plan, "files"))
    item.files.push_back({.from = Text(file, "from"), .to = Text(file, "to")});
  const Json& snapshot = ObjectAt(plan, "snapshot");
  item.snapshot_from = Text(snapshot, "from");
  item.snapshot_to = Text(snapshot, "to");
  const Json& record = ObjectAt(plan, "snapshotRecord");
  item.snapshot_record.key = KeyFrom(record, "key");
  item.snapshot_record.body = ObjectAt(record, "body");
  return item;
}

Json StateToJson(const Item& item) {
  Json json = {{"kind", item.from.kind}, {"status", std::string(ItemStatusName(item.status))}};
  for (const auto& [field, text] :
       {std::pair{"rule", &item.rule}, std::pair{"category", &item.category},
        std::pair{"reason", &item.reason}})
    if (!text->empty()) json[field] = *text;
  if (item.begun) json["begun"] = true;
  if (item.bytes_done > 0) json["bytesDone"] = item.bytes_done;
  if (item.bytes_total > 0) json["bytesTotal"] = item.bytes_total;
  return json;
}

Result<void> ReadState(const Json& state, Item& item) {
  const auto status = ItemStatusFromName(Text(state, "status"));
  if (!status) return Missing("status");
  item.status = *status;
  if (item.from.kind.empty()) item.from.kind = Text(state, "kind");
  item.rule = Text(state, "rule");
  item.category = Text(state, "category");
  item.reason = Text(state, "reason");
  const auto begun = state.find("begun");
  item.begun = begun != state.end() && *begun == true;
  item.bytes_done = Number(state, "bytesDone");
  item.bytes_total = Number(state, "bytesTotal");
  return {};
}

}  // namespace stateferry::state::workflow
