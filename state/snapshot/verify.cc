#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "state/snapshot/flink_files.h"
#include "state/snapshot/flink_format.h"
#include "state/snapshot/plain_tree.h"
#include "state/snapshot/read_through.h"
#include "state/snapshot/relocate.h"
#include "state/snapshot/rocksdb_dir.h"
#include "state/snapshot/snapshot_format.h"

namespace stateferry::state::snapshot {
namespace {

// Files of a prefix are read in groups, so that a listing of any length fits into memory.
constexpr std::size_t kGroupFiles = 4096;

class Verifier {
 public:
  Verifier(storage::Places& places, VerifyLevel level, std::stop_token stop, const Sample& sample)
      : places_(places), objects_(places), level_(level), stop_(std::move(stop)), sample_(sample) {}

  Result<VerifyReport> Run(const storage::Location& location) {
    SF_TRY(const auto format, FindFormat(places_, location, {}));
    if (format->kind() == SnapshotKind::kPlainTree) {
      SF_TRY(VerifyPrefix(location));
    } else {
      SF_TRY(VerifyOne(*format, location));
    }
    return std::move(report_);
  }

 private:
  Result<void> VerifyOne(const SnapshotFormat& format, const storage::Location& location) {
    SF_TRY(Snapshot snapshot,
           format.Inspect(places_, location, {.check_exists = true, .map = {}, .stop = stop_}));
    // It was parsed; only a hash could tell that a byte of it has changed.
    if (snapshot.kind == SnapshotKind::kFlink)
      snapshot.files.push_back(
          PlainFile(snapshot.directory.Child(snapshot.metadata_name), snapshot.metadata_bytes));
    SF_TRY(Look(snapshot.files, true));
    if (sample_) std::erase_if(snapshot.files, [&](const auto& file) { return !Reads(file); });
    if (level_ < VerifyLevel::kDeep) return {};
    SF_TRY(report_.files_checked_inside,
           format.VerifyInside(places_, snapshot, stop_, report_.problems));
    return {};
  }

  /// Reports what is wrong with files that were looked at; reads them where the level says so.
  Result<void> Look(std::vector<SnapshotFile>& files, bool read) {
    report_.files += files.size();
    if (read && level_ >= VerifyLevel::kHash) {
      const auto unread = std::stable_partition(files.begin(), files.end(),
                                                [&](const auto& file) { return Reads(file); });
      std::vector<SnapshotFile> left(std::make_move_iterator(unread),
                                     std::make_move_iterator(files.end()));
      files.erase(unread, files.end());
      SF_TRY(const std::uint64_t bytes, ReadThrough(objects_, files, stop_));
      report_.bytes_read += bytes;
      report_.files_read += files.size();
      for (const SnapshotFile& file : files)
        if (storage::IsManaged(file.read_from)) ++report_.files_hashed;
      files.insert(files.end(), std::make_move_iterator(left.begin()),
                   std::make_move_iterator(left.end()));
    }
    for (const SnapshotFile& file : files) {
      // Another size is no matter when only names are asked for.
      const bool is_there = file.exists.value_or(true) && !file.problem.starts_with("unreadable");
      if (file.problem.empty() || (level_ == VerifyLevel::kList && is_there)) continue;
      report_.problems.push_back(file.location.ToString() + ": " + file.problem);
    }
    return {};
  }

  bool Reads(const SnapshotFile& file) const { return !sample_ || sample_(file.location); }

  /// Files of a prefix, where no format says what is inside.
  Result<void> LookClosely(std::vector<SnapshotFile>& files) {
    SF_TRY(Look(files, true));
    if (level_ < VerifyLevel::kDeep) return {};
    if (sample_) std::erase_if(files, [&](const auto& file) { return !Reads(file); });
    SF_TRY(const std::uint64_t checked, VerifySstsAmong(objects_, files, stop_, report_.problems));
    report_.files_checked_inside += checked;
    return {};
  }

  Result<void> VerifyPrefix(const storage::Location& location) {
    std::vector<SnapshotFile> group;
    std::vector<MetadataPlace> snapshots;
    const auto add = [&](const storage::Location& at,
                         const storage::ObjectMeta& meta) -> Result<void> {
      if (stop_.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
      if (at.Name() == kMetadataName)
        snapshots.push_back({at.Parent(), at.Parent(), std::string(kMetadataName)});
      group.push_back(PlainFile(at, meta.size_bytes));
      if (group.size() < kGroupFiles) return {};
      SF_TRY(LookClosely(group));
      group.clear();
      return {};
    };
    SF_TRY(objects_.List(location, "", add));
    SF_TRY(LookClosely(group));
    for (const MetadataPlace& place : snapshots) SF_TRY(VerifyReferences(place));
    return snapshots.empty() ? LookForLostMetadata(location) : Result<void>();
  }

  Result<void> LookForLostMetadata(const storage::Location& location) {
    SF_TRY(const FlinkTraces traces, FlinkTracesIn(objects_, location));
    if (traces == FlinkTraces::kSnapshot)
      report_.problems.push_back(
          fmt::format("{}: no {} is in or below it, and all else looks like a Flink snapshot",
                      location.ToString(), kMetadataName));
    return {};
  }

  static SnapshotFile PlainFile(const storage::Location& at, std::uint64_t size_bytes) {
    SnapshotFile file;
    file.location = file.read_from = at;
    file.size_bytes = size_bytes;
    file.exists = true;
    return file;
  }

  /// A snapshot below a prefix: the files it names must be there; those below the prefix were read
  /// already.
  Result<void> VerifyReferences(const MetadataPlace& place) {
    auto snapshot = ReadFlinkSnapshot(objects_, place);
    if (!snapshot) {
      report_.problems.push_back(snapshot.error().message());
      return {};
    }
    auto described = DescribeFlinkSnapshot(objects_, *snapshot,
                                           {.check_exists = true, .map = {}, .stop = stop_});
    if (!described && described.error().code() == ErrorCode::kCancelled) return described.error();
    if (!described) {
      report_.problems.push_back(place.ReadFrom().ToString() + ": " + described.error().message());
      return {};
    }
    const std::uint64_t files = report_.files;
    SF_TRY(Look(described->files, false));
    report_.files = files;  // counted when they were listed
    return {};
  }

  storage::Places& places_;
  SourceObjects objects_;
  const VerifyLevel level_;
  const std::stop_token stop_;
  const Sample& sample_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> VerifySnapshot(storage::Places& places, const storage::Location& location,
                                    VerifyLevel level, std::stop_token stop, const Sample& sample) {
  return Verifier(places, level, std::move(stop), sample).Run(location);
}

}  // namespace stateferry::state::snapshot
