#include "state/snapshot/relocate.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "state/snapshot/destination_check.h"
#include "state/snapshot/flink_format.h"
#include "state/snapshot/flink_path.h"
#include "state/snapshot/last_objects.h"
#include "state/snapshot/plain_tree.h"
#include "state/snapshot/snapshot_format.h"
#include "transfer/plan.h"

namespace stateferry::state::snapshot {
namespace {

constexpr std::pair<Layout, std::string_view> kLayoutNames[] = {
    {Layout::kPortable, "portable"}, {Layout::kAnchored, "anchored"}, {Layout::kTree, "tree"}};

/// Checks before it puts; see SnapshotFormat::CheckMoved.
using CheckMoved = std::function<Result<void>(const std::vector<LastObject>&)>;

struct Moved {
  transfer::TransferReport report;
  std::uint64_t last_bytes = 0;
};

/// Files first, last objects behind them.
Result<Moved> Move(transfer::TransferRequest request, const RelocationPlan& plan,
                   const CheckMoved& check, const transfer::TransferOptions& options,
                   const transfer::TransferEnv& env) {
  // A managed store is opened once, for writing, and not for looking first.
  if (!options.dry_run) SF_TRY(env.places.Open(request.to, storage::Access::kWrite));
  SF_TRY(CheckDestination(env.places, plan.read_roots, plan.read_directories, request.to));
  LastObjects last_objects(env.places, request.to, options.if_exists);
  std::vector<LastObject> last;
  SF_TRY(const auto earlier, env.journal.Find(transfer::TransferId(request)));
  if (earlier && earlier->started) last_objects.MayBeOurs();
  const transfer::FileLister files = [&](const transfer::FileVisitor& visit) -> Result<void> {
    last.clear();
    return plan.list(visit, [&](LastObject object) -> Result<void> {
      SF_TRY(last_objects.CheckFree(object));
      last.push_back(std::move(object));
      return {};
    });
  };
  // Not before: until then the old snapshot is whole, and a run that ends earlier leaves it so.
  request.before_moving = [&]() -> Result<void> {
    if (options.if_exists != transfer::IfExists::kOverwrite) return {};
    for (const LastObject& object : last) SF_TRY(last_objects.DropOther(object));
    return {};
  };
  const transfer::Finalizer finalize = [&]() -> Result<std::vector<transfer::LastObjectReceipt>> {
    if (check) SF_TRY(check(last));
    std::vector<transfer::LastObjectReceipt> put(last.size());
    for (std::size_t i = 0; i < last.size(); ++i) {
      SF_TRY(put[i], last_objects.Put(last[i]));
    }
    return put;
  };
  Moved moved;
  SF_TRY(moved.report, transfer::RunTransfer(request, files, finalize, options, env));
  for (const LastObject& object : last) moved.last_bytes += object.bytes ? object.bytes->size() : 0;
  return moved;
}

Layout LayoutOf(const RelocateRequest& request) {
  return request.layout.value_or(storage::IsManaged(request.to) ? Layout::kPortable
                                                                : Layout::kAnchored);
}

transfer::TransferRequest TransferOf(const RelocateRequest& request, Layout layout) {
  Json maps = Json::array();
  for (const auto& [old_place, new_place] : request.map)
    maps.push_back({old_place.ToUri(), new_place.ToUri()});
  Json parameters = {{"layout", LayoutName(layout)},
                     {"restoreAt", request.restore_at ? request.restore_at->ToString() : ""},
                     {"map", std::move(maps)}};
  // Nobody's keep the ids that they have always had.
  if (!request.owner.empty()) parameters["owner"] = request.owner;
  return {.kind = "relocate",
          .from = request.from.ToUri(),
          .to = request.to,
          .parameters = std::move(parameters),
          .command = request.command};
}

/// Leaves only the objects of these names in the plan; each of them must be there.
RelocationPlan Only(RelocationPlan plan, const std::set<std::string>& names,
                    const storage::Location& from) {
  plan.list = [all = std::move(plan.list), &names, from](const transfer::FileVisitor& visit,
                                                         const LastVisitor& last) -> Result<void> {
    std::set<std::string_view> missing(names.begin(), names.end());
    SF_TRY(all(
        [&](transfer::FileTask task) -> Result<void> {
          if (missing.erase(task.to_name) == 0) return {};
          return visit(std::move(task));
        },
        [&](LastObject object) -> Result<void> {
          if (missing.erase(object.to_name) == 0) return {};
          return last(std::move(object));
        }));
    if (missing.empty()) return {};
    return Error(ErrorCode::kNotFound, fmt::format("{} does not hold {}, which the list names",
                                                   from.ToString(), *missing.begin()));
  };
  return plan;
}

/// The same list makes the same transfer.
Json ParametersOf(const std::set<std::string>* only) {
  if (!only) return Json::object();
  std::string names;
  for (const std::string& name : *only) names += name + '\0';
  return {{"only", Xxh3_128(AsBytes(names)).ToHex()}};
}

}  // namespace

std::string_view LayoutName(Layout layout) {
  for (const auto& [value, name] : kLayoutNames)
    if (value == layout) return name;
  return "";
}

std::optional<Layout> LayoutFromName(std::string_view name) {
  for (const auto& [value, known] : kLayoutNames)
    if (known == name) return value;
  return std::nullopt;
}

Result<storage::Location> ParseRestoreUri(std::string_view text) {
  auto path = ParseFlinkPath(text);
  // Flink would read a backslash as a slash, and look at another place than the text says.
  if (!path || !path->IsAbsolute() || text.find('\\') != std::string_view::npos)
    return Error(ErrorCode::kInvalidArgument,
                 "\"" + PrintablePath(text) +
                     "\" is not an absolute path or URI of a directory, without backslashes");
  storage::Location location;
  location.scheme = path->scheme.empty() ? "file" : path->scheme;
  location.authority = path->authority;
  location.path = path->path;
  return location;
}

std::string RelocationId(const RelocateRequest& request) {
  return transfer::TransferId(TransferOf(request, LayoutOf(request)));
}

Result<RelocateReport> Relocate(const RelocateRequest& request,
                                const transfer::TransferOptions& options,
                                const transfer::TransferEnv& env) {
  RelocateReport report;
  report.layout = LayoutOf(request);
  std::unique_ptr<SnapshotFormat> format;
  if (report.layout == Layout::kTree) {
    // Only Flink's snapshots share files, so only they come in trees.
    format = MakeFlinkFormat();
  } else {
    SF_TRY(format, FindFormat(env.places, request.from, request.map));
  }
  report.kind = format->kind();
  SF_TRY(const RelocationPlan plan,
         format->PlanRelocation(env.places, request, report.layout, env.stop));
  report.warnings = plan.warnings;
  const auto check = [&](const std::vector<LastObject>& last) {
    return format->CheckMoved(env.places, request, last, env.stop);
  };
  SF_TRY(const Moved moved, Move(TransferOf(request, report.layout), plan, check, options, env));
  report.transfer = moved.report;
  report.metadata_bytes = moved.last_bytes;
  for (const std::string& name : plan.snapshot_names)
    report.snapshots.push_back(request.to.Child(name));
  if (report.kind != SnapshotKind::kFlink) return report;
  const storage::Location restore_at = request.restore_at.value_or(request.to);
  report.restore_pointer = restore_at.Child(plan.snapshot_names.back());
  return report;
}

Result<transfer::TransferReport> CopyTree(const storage::Location& from,
                                          const storage::Location& to,
                                          const std::vector<std::string>& command,
                                          const transfer::TransferOptions& options,
                                          const transfer::TransferEnv& env,
                                          const std::set<std::string>* only) {
  const auto is_metadata = [](std::string_view name) {
    return name.substr(name.rfind('/') + 1) == kMetadataName;
  };
  SF_TRY(RelocationPlan plan, PlanTreeCopy(env.places, from, is_metadata));
  if (only) plan = Only(std::move(plan), *only, from);
  const transfer::TransferRequest request{.kind = "copy",
                                          .from = from.ToUri(),
                                          .to = to,
                                          .parameters = ParametersOf(only),
                                          .command = command};
  SF_TRY(const Moved moved, Move(request, plan, nullptr, options, env));
  return moved.report;
}

}  // namespace stateferry::state::snapshot
