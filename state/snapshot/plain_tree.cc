#include "state/snapshot/plain_tree.h"

#include <fmt/format.h>

#include "state/snapshot/flink_format.h"
#include "state/snapshot/job_id.h"

namespace stateferry::state::snapshot {
namespace {

/// True when an object is at `location` or below it.
Result<bool> AnythingAt(SourceObjects& objects, const storage::Location& location) {
  SF_TRY(const auto object, objects.Find(location));
  if (object) return true;
  bool found = false;
  const auto listed =
      objects.List(location, "", [&](const storage::Location&, const storage::ObjectMeta&) {
        found = true;
        // One is enough: an error is how a listing is ended.
        return Result<void>(Error(ErrorCode::kCancelled, "found"));
      });
  if (!listed && !found) return listed.error();
  return found;
}

Error NothingAt(const storage::Location& location) {
  return {ErrorCode::kNotFound, "nothing is at " + location.ToString()};
}

/// A tree with Flink snapshots in it is not plain: copied as it is, they would still name, and with
/// CLAIM delete, the files of the old place.
Result<void> CheckHoldsNoSnapshot(SourceObjects& objects, const storage::Location& location) {
  SF_TRY(const auto snapshots, FindAllMetadata(objects, location));
  if (snapshots.empty()) return {};
  return Error(ErrorCode::kNotFound,
               fmt::format("there is no {} in {}, but in {} directories below it", kMetadataName,
                           location.ToString(), snapshots.size()))
      .WithHint(fmt::format("name one of them, like {}, or relocate all with --layout tree",
                            snapshots.back().directory.ToString()));
}

bool HasNameOfSnapshot(std::string_view name) {
  if (name.starts_with("chk-")) {
    const std::string_view digits = name.substr(4);
    return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  }
  return name.starts_with("savepoint-") || name == kMetadataName;
}

/// "01234567-89ab-cdef-0123-456789abcdef", perhaps with the "-2" of a name that was taken.
bool HasNameOfStateFile(std::string_view name) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (name.size() < kShape.size()) return false;
  if (name.size() > kShape.size() && name[kShape.size()] != '-') return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool is_hex =
        std::string_view("0123456789abcdef").find(name[i]) != std::string_view::npos;
    if (kShape[i] == '-' ? name[i] != '-' : !is_hex) return false;
  }
  return true;
}

/// A Flink snapshot that lost its `_metadata`, or a part of one, is no plain tree: what would be
/// copied restores nowhere.
Result<void> CheckIsNoPartOfFlink(SourceObjects& objects, const storage::Location& location) {
  SF_TRY(const FlinkTraces traces, FlinkTracesIn(objects, location));
  if (traces == FlinkTraces::kNone) return {};
  return Error(ErrorCode::kNotFound,
               fmt::format("there is no {} in {}, which {}", kMetadataName, location.ToString(),
                           traces == FlinkTraces::kSnapshot
                               ? "looks like a Flink snapshot in all else"
                               : "looks like files of Flink snapshots"))
      .WithHint("name the directory of a whole snapshot; `copy` moves a tree of files as it is");
}

class PlainTreeFormat final : public SnapshotFormat {
 public:
  SnapshotKind kind() const override { return SnapshotKind::kPlainTree; }

  Result<bool> Recognizes(storage::Places& places, const storage::Location& location,
                          const PathMap&) const override {
    SourceObjects objects(places);
    return AnythingAt(objects, location);
  }

  Result<Snapshot> Inspect(storage::Places& places, const storage::Location& location,
                           const InspectOptions&) const override {
    SourceObjects objects(places);
    SF_TRY(CheckHoldsNoSnapshot(objects, location));
    Snapshot snapshot;
    snapshot.kind = SnapshotKind::kPlainTree;
    snapshot.directory = location;
    SF_TRY(snapshot.files, ListTreeFiles(objects, location));
    snapshot.warnings.push_back(fmt::format(
        "{} is neither a Flink snapshot nor a RocksDB checkpoint directory: its files are taken as "
        "they are",
        location.ToString()));
    return snapshot;
  }

  Result<RelocationPlan> PlanRelocation(storage::Places& places, const RelocateRequest& request,
                                        Layout, std::stop_token) const override {
    SourceObjects objects(places);
    SF_TRY(CheckHoldsNoSnapshot(objects, request.from));
    SF_TRY(CheckIsNoPartOfFlink(objects, request.from));
    return PlanTreeCopy(places, request.from, [](std::string_view) { return false; });
  }
};

}  // namespace

std::unique_ptr<SnapshotFormat> MakePlainTreeFormat() {
  return std::make_unique<PlainTreeFormat>();
}

Result<FlinkTraces> FlinkTracesIn(SourceObjects& objects, const storage::Location& location) {
  const std::string name = location.Name();
  if (HasNameOfSnapshot(name)) return FlinkTraces::kSnapshot;
  if (name == "shared" || name == "taskowned" || IsJobId(name)) return FlinkTraces::kPart;
  bool has_snapshot = false;
  std::uint64_t state_files = 0, other_files = 0;
  SF_TRY(objects.List(location, "", [&](const storage::Location& at, const storage::ObjectMeta&) {
    for (storage::Location up = at.Parent(); up != location; up = up.Parent())
      has_snapshot |= HasNameOfSnapshot(up.Name());
    if (at.Parent() == location) ++(HasNameOfStateFile(at.Name()) ? state_files : other_files);
    return Result<void>();
  }));
  if (has_snapshot) return FlinkTraces::kSnapshot;
  return state_files > 0 && other_files == 0 ? FlinkTraces::kPart : FlinkTraces::kNone;
}

Result<std::vector<SnapshotFile>> ListTreeFiles(SourceObjects& objects,
                                                const storage::Location& directory) {
  std::vector<SnapshotFile> files;
  SF_TRY(objects.List(
      directory, "",
      [&](const storage::Location& at, const storage::ObjectMeta& meta) -> Result<void> {
        SnapshotFile file;
        file.location = file.read_from = at;
        file.size_bytes = meta.size_bytes;
        file.exists = true;
        file.etag = meta.etag;
        if (!storage::CheckKey(meta.key)) file.problem = "a name that no file can have";
        files.push_back(std::move(file));
        return {};
      },
      SourceObjects::OddNames::kVisit));
  return files;
}

Result<RelocationPlan> PlanTreeCopy(storage::Places& places, const storage::Location& from,
                                    const IsLast& is_last) {
  auto objects = std::make_shared<SourceObjects>(places);
  SF_TRY(const auto single, objects->Find(from));
  RelocationPlan plan;
  plan.read_roots = {from};
  plan.snapshot_names = {""};
  plan.list = [objects, from, single, is_last](const transfer::FileVisitor& visit,
                                               const LastVisitor& last) -> Result<void> {
    const storage::Location base = single ? from.Parent() : from;
    const auto add = [&](const storage::Location& at,
                         const storage::ObjectMeta& meta) -> Result<void> {
      std::string name = storage::RelativeTo(at, base);
      if (is_last(name))
        return last({.to_name = std::move(name), .bytes = {}, .copy_from = at, .etag = meta.etag});
      return visit({.from_dir = base,
                    .from_name = name,
                    .to_name = name,
                    .offset = 0,
                    .size_bytes = meta.size_bytes,
                    .whole_object = true,
                    .etag = meta.etag});
    };
    if (single) return add(from, *single);
    bool any = false;
    SF_TRY(objects->List(
        from, "",
        [&](const auto& at, const auto& meta) {
          any = true;
          return add(at, meta);
        },
        SourceObjects::OddNames::kVisit));
    if (!any) return NothingAt(from);
    return {};
  };
  return plan;
}

}  // namespace stateferry::state::snapshot
