#include "cli/clone_lines.h"

#include <fmt/format.h>

#include <array>

#include "cli/closest.h"
#include "cli/exit_code.h"
#include "cli/table.h"
#include "cli/units.h"
#include "state/workflow/run_json.h"

namespace stateferry::cli {

namespace {
namespace workflow = state::workflow;
using workflow::ItemStatus;

std::uint64_t CountOf(const std::map<ItemStatus, std::uint64_t>& counts, ItemStatus status) {
  const auto it = counts.find(status);
  return it == counts.end() ? 0 : it->second;
}

/// C-49: succeeded + failed + skipped + not started is all, once it has ended.
struct Counts {
  std::uint64_t all = 0, succeeded = 0, degraded = 0, skipped = 0, failed = 0, not_started = 0,
                open = 0;
  void Add(const std::map<ItemStatus, std::uint64_t>& counts) {
    for (const auto& [status, count] : counts) all += count;
    succeeded += CountOf(counts, ItemStatus::kSucceeded);
    degraded += CountOf(counts, ItemStatus::kDegradedStateless);
    skipped += CountOf(counts, ItemStatus::kSkippedRunning);
    failed += CountOf(counts, ItemStatus::kFailed);
    not_started += CountOf(counts, ItemStatus::kNotStarted);
    open = all - succeeded - degraded - skipped - failed - not_started;
  }
  Json ToJson() const {
    return {{"total", all},
            {"succeeded", succeeded},
            {"degradedStateless", degraded},
            {"skippedRunning", skipped},
            {"failed", failed},
            {"notStarted", not_started},
            {"open", open}};
  }
};

Counts Sum(const workflow::Totals& totals) {
  Counts sum;
  for (const auto& [kind, counts] : totals) sum.Add(counts);
  return sum;
}

std::vector<std::string> KindTable(const workflow::Totals& totals) {
  Table table({{"kind"},
               {"total", true},
               {"made", true},
               {"without state", true},
               {"skipped", true},
               {"failed", true},
               {"not started", true},
               {"open", true}});
  const auto add = [&](const std::string& name, const Counts& counts) {
    std::vector<std::string> cells = {name};
    for (const std::uint64_t count : {counts.all, counts.succeeded, counts.degraded, counts.skipped,
                                      counts.failed, counts.not_started, counts.open})
      cells.push_back(FormatNumber(count));
    table.Add(std::move(cells));
  };
  for (const auto& [kind, by_status] : totals) {
    Counts counts;
    counts.Add(by_status);
    add(kind, counts);
  }
  add("all", Sum(totals));
  return table.Lines("  ");
}

std::string Excluded(const std::map<std::string, std::uint64_t>& excluded) {
  std::string text;
  for (const auto& [what, count] : excluded)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", FormatNumber(count), what);
  return text;
}

/// The exit code that belongs to the category of an error.
ExitCode CodeOfCategory(const std::string& category) {
  static const std::map<std::string_view, ExitCode> kCodes = {
      {"usage", ExitCode::kUsage},
      {"incompatible", ExitCode::kRefused},
      {"limit", ExitCode::kRefused},
      {"state", ExitCode::kRefused},
      {"dependency", ExitCode::kRefused},
      {"expired", ExitCode::kRefused},
      {"refused", ExitCode::kRefused},
      {"permission", ExitCode::kPermission},
      {"storage_access", ExitCode::kPermission},
      {"not_found", ExitCode::kNotFound},
      {"integrity", ExitCode::kIntegrity},
      {"transient", ExitCode::kTransient},
      {"throttled", ExitCode::kTransient},
      {"conflict", ExitCode::kLocked},
      {"locked", ExitCode::kLocked}};
  const auto it = kCodes.find(category);
  return it == kCodes.end() ? ExitCode::kFailure : it->second;
}

/// A run that stopped at its first failure ends as that failure would (C-43).
ExitCode CodeOfFailure(App& app, const workflow::Run& run) {
  const auto store = app.OpenRuns(true);
  if (!store) return CodeOfCategory("");
  const auto failed = (*store)->WithStatus(run.id, ItemStatus::kFailed);
  return CodeOfCategory(failed && !failed->empty() ? failed->front().category : "");
}

void PrintFinding(App& app, const workflow::Finding& finding) {
  if (app.out().json()) {
    Json json = workflow::ToJson(finding);
    json["type"] = finding.severity == workflow::Finding::Severity::kError ? "finding" : "warning";
    app.out().Item(json);
    return;
  }
  const bool is_error = finding.severity == workflow::Finding::Severity::kError;
  const std::string hint = finding.hint.empty() ? "" : " (" + finding.hint + ")";
  if (is_error)
    app.out().Note(
        fmt::format("error[{}/{}]: {}{}", finding.category, finding.rule, finding.message, hint));
  else
    app.out().Warning(finding.message + hint, finding.rule);
}
}  // namespace

std::string ShownStatus(App& app, const workflow::Run& run) {
  if (workflow::IsTerminal(run.status) || app.IsAtWork(run))
    return std::string(workflow::RunStatusName(run.status));
  return "interrupted";
}

std::string WorkerLog(App& app, const std::string& id) {
  const auto home = app.Home();
  if (!home) return "";
  const std::string path = LogPathOf(*home, id);
  const auto exists = app.io().Exists(path);
  return exists && *exists ? path : "";
}

std::string LogPathOf(const std::string& home, const std::string& id) {
  return fmt::format("{}/logs/{}.log", home, id);
}

std::string RunSummaryLine(App& app, const workflow::Run& run) {
  return fmt::format("{}  {:<23}  {}  {} -> {}  {}", run.id, ShownStatus(app, run), run.created,
                     run.source, run.target, Count(run.items, "item"));
}

Json RunJson(App& app, const workflow::Run& run, const workflow::Totals& totals) {
  Json json = {{"type", "clone"}};
  json.update(workflow::ToJson(run));
  json["kind"] = "clone";
  json["status"] = ShownStatus(app, run);
  if (json["status"] == "interrupted")
    if (const std::string log = WorkerLog(app, run.id); !log.empty()) json["log"] = log;
  json["totals"] = Sum(totals).ToJson();
  json["kinds"] = Json::object();
  for (const auto& [kind, by_status] : totals) {
    Counts counts;
    counts.Add(by_status);
    json["kinds"][kind] = counts.ToJson();
  }
  return json;
}

Json WholeRunJson(App& app, const workflow::Run& run, const workflow::Totals& totals,
                  const std::vector<workflow::Finding>& findings) {
  Json json = RunJson(app, run, totals);
  json["warnings"] = json["findings"] = Json::array();
  for (const workflow::Finding& finding : findings)
    json[finding.severity == workflow::Finding::Severity::kError ? "findings" : "warnings"]
        .push_back(workflow::ToJson(finding));
  if (const auto why = workflow::FirstError(findings); !why && json["status"] == "interrupted")
    json["exitCode"] = static_cast<int>(ExitCodeOf(why.error()));
  return json;
}

void PrintRun(App& app, const workflow::Run& run, const workflow::Totals& totals,
              const std::vector<workflow::Finding>& findings) {
  Output& out = app.out();
  out.Line("clone     " + run.id);
  out.Line("status    " + ShownStatus(app, run));
  out.Line("from      " + run.source);
  out.Line("to        " + run.target);
  if (!run.account.empty()) out.Line("by        " + run.account);
  out.Line("created   " + run.created);
  out.Line(run.ended.empty() ? "updated   " + run.updated : "ended     " + run.ended);
  if (!run.error.empty()) out.Line("error     " + run.error);
  if (ShownStatus(app, run) == "interrupted") {
    if (const auto why = workflow::FirstError(findings); !why)
      out.Line(fmt::format("exit code {}", static_cast<int>(ExitCodeOf(why.error()))));
    if (const std::string log = WorkerLog(app, run.id); !log.empty()) out.Line("log       " + log);
  }
  if (!run.excluded.empty()) out.Line("excluded  " + Excluded(run.excluded));
  if (!totals.empty())
    for (const std::string& line : KindTable(totals)) out.Line(line);
  for (const workflow::Finding& finding : findings) {
    const bool is_error = finding.severity == workflow::Finding::Severity::kError;
    std::string about = is_error ? finding.category : finding.rule;
    if (is_error && !finding.rule.empty()) about += "/" + finding.rule;
    out.Line(fmt::format("{}[{}]: {}", is_error ? "error" : "warning", about, finding.message));
  }
}

Json ItemJson(const workflow::Item& item) {
  Json json = {
      {"type", "item"},         {"index", item.index},
      {"kind", item.from.kind}, {"from", item.from.name},
      {"to", item.to.name},     {"status", std::string(workflow::ItemStatusName(item.status))}};
  if (!item.rule.empty()) json["rule"] = item.rule;
  if (!item.category.empty()) json["category"] = item.category;
  if (!item.reason.empty()) json["message"] = item.reason;
  if (!item.snapshot_from.empty())
    json["snapshot"] = {{"from", item.snapshot_from}, {"to", item.snapshot_to}};
  if (item.bytes_total > 0) json["bytesDone"] = item.bytes_done;
  return json;
}

void PrintFindings(App& app, const std::vector<workflow::Finding>& findings) {
  bool first_error = true;
  for (const workflow::Finding& finding : findings) {
    const bool is_error = finding.severity == workflow::Finding::Severity::kError;
    if (is_error && std::exchange(first_error, false)) continue;
    PrintFinding(app, finding);
  }
}

void PrintPlan(App& app, const state::clone::ClonePlan& plan) {
  Output& out = app.out();
  workflow::Totals totals;
  for (const workflow::Item& item : plan.items) {
    ++totals[item.from.kind][item.status];
    out.Item(ItemJson(item));
  }
  for (const std::string& line : KindTable(totals)) out.Line(line);
  for (const auto& snapshot : plan.snapshots)
    out.Line(fmt::format("state     {}: snapshot '{}' of {}, {}, {} old", snapshot.job.name,
                         snapshot.snapshot.name, snapshot.created, FormatSize(snapshot.size_bytes),
                         FormatDuration(static_cast<double>(snapshot.age.count()))));
  for (const auto& dependency : plan.dependencies)
    out.Line(fmt::format("needed    {} '{}' by {} '{}'", dependency.key.kind, dependency.key.name,
                         dependency.needed_by.kind, dependency.needed_by.name));
  for (const auto& rename : plan.renames)
    out.Line(fmt::format("renamed   {} '{}' becomes '{}'", rename.from.kind, rename.from.name,
                         rename.to));
  if (!plan.excluded.empty()) out.Line("excluded  " + Excluded(plan.excluded));
}

Result<Outcome> RunOutcome(App& app, const workflow::Run& run, const workflow::Totals& totals,
                           const std::vector<workflow::Finding>& findings) {
  // Of a run that ended otherwise they are those of a check that was killed.
  const bool refused = run.status == workflow::RunStatus::kFailed && run.items == 0;
  if (auto ok = workflow::FirstError(findings); refused && !ok) {
    // PrintRun has no lines there.
    if (app.out().json()) PrintFindings(app, findings);
    return std::move(ok).error();
  }
  Outcome outcome{.status = ShownStatus(app, run),
                  .summary = WholeRunJson(app, run, totals, findings)};
  outcome.summary.erase("type");
  switch (run.status) {
    case workflow::RunStatus::kCompletedWithFailures: outcome.code = ExitCode::kPartlyDone; break;
    case workflow::RunStatus::kStopped: outcome.code = ExitCode::kStopped; break;
    case workflow::RunStatus::kFailed: outcome.code = CodeOfFailure(app, run); break;
    default: break;
  }
  return outcome;
}

Result<void> CheckHasResults(App& app, const workflow::Run& run) {
  const std::string status = ShownStatus(app, run);
  if (!workflow::IsTerminal(run.status))
    return Error(ErrorCode::kRefused, fmt::format("{} has not ended: {}", run.id, status))
        .WithHint(
            (status == "interrupted" ? "stateferry clone resume " : "stateferry clone watch ") +
            run.id);
  SF_TRY(auto* store, app.OpenRuns(true));
  SF_TRY(const auto totals, store->Count(run.id));
  const Counts counts = Sum(totals);
  if (counts.succeeded + counts.degraded == 0)
    return Error(ErrorCode::kRefused, fmt::format("{} has made nothing: {}", run.id, status))
        .WithHint("stateferry clone show " + run.id + " says why");
  if (run.status != workflow::RunStatus::kCompleted)
    app.out().Note(
        fmt::format("{} has ended as {}: only what it has made is looked at", run.id, status));
  return {};
}

Result<workflow::Run> FindRun(App& app, std::size_t index) {
  const std::string id = app.argument(index);
  SF_TRY(auto* store, app.OpenRuns(true));
  SF_TRY(auto run, store->Find(id));
  if (run) return *std::move(run);
  SF_TRY(const auto runs, store->List({}));
  std::vector<std::string> ids;
  for (const workflow::Run& known : runs) ids.push_back(known.id);
  const auto closest = ClosestWord(id, ids);
  return Error(ErrorCode::kNotFound, fmt::format("no clone has the id '{}'", id))
      .WithHint(closest ? fmt::format("did you mean {}?", *closest)
                        : "`stateferry clone history` shows them");
}

}  // namespace stateferry::cli
