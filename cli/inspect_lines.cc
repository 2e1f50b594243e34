#include "cli/inspect_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <tuple>

#include "cli/output.h"
#include "cli/table.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
namespace snapshot = state::snapshot;
constexpr std::size_t kMaxRows = 20;

std::uint64_t StateBytes(const snapshot::OperatorInfo& op) {
  return op.managed_keyed_bytes + op.raw_keyed_bytes + op.managed_operator_bytes +
         op.raw_operator_bytes + op.channel_bytes + op.coordinator_bytes;
}

std::string KindText(const snapshot::Snapshot& snapshot) {
  if (snapshot.kind == snapshot::SnapshotKind::kRocksDbDir) return "RocksDB checkpoint directory";
  if (snapshot.kind == snapshot::SnapshotKind::kPlainTree) return "plain tree of files";
  std::string text = snapshot.type.empty() ? "Flink snapshot" : "Flink " + snapshot.type;
  if (snapshot.checkpoint_id >= 0) text += fmt::format(" {}", snapshot.checkpoint_id);
  return fmt::format("{}, metadata version {}", text, snapshot.metadata_version);
}

void AddOperators(const snapshot::Snapshot& snapshot, bool detailed,
                  std::vector<std::string>& lines) {
  if (snapshot.operators.empty()) return;
  lines.push_back("");
  lines.push_back(fmt::format("operators ({})", snapshot.operators.size()));
  std::size_t shown = 0;
  for (const snapshot::OperatorInfo& op : snapshot.operators) {
    if (!detailed && shown++ == kMaxRows) {
      lines.push_back(fmt::format("  ... and {} more: --operators shows all",
                                  snapshot.operators.size() - kMaxRows));
      break;
    }
    const std::string name = !op.name.empty() ? op.name : !op.uid.empty() ? op.uid : op.id;
    const std::string facts =
        fmt::format("{}parallelism {} of {}  {:>10}", op.fully_finished ? "finished  " : "",
                    op.parallelism, op.max_parallelism, FormatSize(StateBytes(op)));
    const std::size_t room = 76 - facts.size();
    const std::string shown_name = Shortened(Printable(name), room);
    lines.push_back(fmt::format("  {}{}  {}", shown_name,
                                std::string(room - DisplayWidth(shown_name), ' '), facts));
    if (name != op.id || !op.uid.empty())
      lines.push_back(fmt::format("    id {}{}", op.id, op.uid.empty() ? "" : "  uid " + op.uid));
    if (!detailed) continue;
    std::vector<std::string> parts;
    for (const auto& [what, bytes] :
         {std::pair("managed keyed", op.managed_keyed_bytes),
          std::pair("raw keyed", op.raw_keyed_bytes),
          std::pair("managed operator", op.managed_operator_bytes),
          std::pair("raw operator", op.raw_operator_bytes),
          std::pair("in flight", op.channel_bytes), std::pair("coordinator", op.coordinator_bytes)})
      if (bytes > 0) parts.push_back(fmt::format("{} {}", what, FormatSize(bytes)));
    parts.push_back(fmt::format(
        "{} with state", Count(static_cast<std::uint64_t>(op.subtasks_with_state), "subtask")));
    lines.push_back(fmt::format("    {}", fmt::join(parts, ", ")));
  }
}

/// Files by directory and kind.
void AddPlaces(const snapshot::Snapshot& snapshot, std::vector<std::string>& lines) {
  struct Sum {
    std::uint64_t files = 0, bytes = 0, bad = 0;
  };
  std::map<std::tuple<bool, std::string, std::string_view>, Sum> groups;
  for (const snapshot::SnapshotFile& file : snapshot.files) {
    const storage::Location parent = file.location.Parent();
    const std::string where = parent == snapshot.directory ? "." : parent.ToString();
    Sum& sum = groups[{file.outside, where, snapshot::FileKindName(file.kind)}];
    ++sum.files;
    sum.bytes += file.size_bytes;
    sum.bad += IsBad(file) ? 1 : 0;
  }
  if (groups.empty()) return;
  lines.push_back("");
  Table table({{"files", true}, {"size", true}, {"bad", true}, {"kind"}, {"where"}});
  std::size_t rows = 0;
  for (const auto& [key, sum] : groups) {
    const auto& [outside, where, kind] = key;
    if (++rows > kMaxRows) break;
    table.Add({FormatNumber(sum.files), FormatSize(sum.bytes),
               sum.bad == 0 ? "-" : FormatNumber(sum.bad), std::string(kind),
               outside ? "outside: " + where : where});
  }
  for (std::string& line : table.Lines()) lines.push_back(std::move(line));
  if (groups.size() > kMaxRows)
    lines.push_back(
        fmt::format("  ... and {} more places: --files shows all files", groups.size() - kMaxRows));
}

void AddBad(const snapshot::Snapshot& snapshot, std::uint64_t bad,
            std::vector<std::string>& lines) {
  if (bad == 0) return;
  lines.push_back("");
  lines.push_back(fmt::format("missing or wrong ({})", FormatNumber(bad)));
  std::size_t shown = 0;
  for (const snapshot::SnapshotFile& file : snapshot.files) {
    if (!IsBad(file)) continue;
    if (shown++ == kMaxRows) {
      lines.push_back(fmt::format("  ... and {} more: --files shows all", bad - kMaxRows));
      break;
    }
    lines.push_back(fmt::format("  {}: {}", file.read_from.ToString(),
                                file.problem.empty() ? "missing" : file.problem));
  }
}

void AddFiles(const snapshot::Snapshot& snapshot, const InspectView& view,
              std::vector<std::string>& lines) {
  if (!view.files && !view.external) return;
  Table table({{"size", true}, {"kind"}, {"state"}, {"file"}});
  for (const snapshot::SnapshotFile& file : snapshot.files) {
    if (!view.files && !file.outside) continue;
    table.Add({FormatSize(file.size_bytes), std::string(snapshot::FileKindName(file.kind)),
               IsBad(file)   ? "BAD"
               : file.exists ? "ok"
                             : "?",
               file.location.ToString()});
  }
  if (table.empty()) return;
  lines.push_back("");
  for (std::string& line : table.Lines()) lines.push_back(std::move(line));
}
}  // namespace

bool IsBad(const state::snapshot::SnapshotFile& file) {
  return !file.problem.empty() || (file.exists && !*file.exists);
}

Json FileTotals(const state::snapshot::Snapshot& snapshot) {
  std::uint64_t bytes = 0, outside = 0, outside_bytes = 0, bad = 0;
  for (const snapshot::SnapshotFile& file : snapshot.files) {
    bytes += file.size_bytes;
    outside += file.outside ? 1 : 0;
    outside_bytes += file.outside ? file.size_bytes : 0;
    bad += IsBad(file) ? 1 : 0;
  }
  return {{"filesTotal", snapshot.files.size()},
          {"bytesTotal", bytes},
          {"outsideFiles", outside},
          {"outsideBytes", outside_bytes},
          {"badFiles", bad},
          {"inlineBytes", snapshot.inline_bytes}};
}

std::vector<std::string> InspectLines(const state::snapshot::Snapshot& snapshot,
                                      const InspectView& view) {
  const Json totals = FileTotals(snapshot);
  const auto total = [&](const char* name) { return JsonUint(totals, name).value_or(0); };
  std::vector<std::string> lines;
  lines.push_back("snapshot  " + snapshot.directory.ToString());
  lines.push_back("kind      " + KindText(snapshot));
  lines.push_back(fmt::format(
      "state     {} in {}{}", FormatSize(total("bytesTotal")), Count(total("filesTotal"), "file"),
      snapshot.inline_bytes == 0
          ? ""
          : fmt::format(", and {} inside {}", FormatSize(snapshot.inline_bytes),
                        snapshot.metadata_name)));
  lines.push_back(total("outsideFiles") == 0
                      ? "outside   nothing: the directory holds all of it"
                      : fmt::format("outside   {} in {} that lie in other directories",
                                    FormatSize(total("outsideBytes")),
                                    Count(total("outsideFiles"), "file")));
  AddOperators(snapshot, view.operators, lines);
  AddPlaces(snapshot, lines);
  AddBad(snapshot, total("badFiles"), lines);
  AddFiles(snapshot, view, lines);
  return lines;
}

}  // namespace stateferry::cli
