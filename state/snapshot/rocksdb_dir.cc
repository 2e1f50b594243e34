#include "state/snapshot/rocksdb_dir.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <array>
#include <map>

#include "state/snapshot/each_index.h"
#include "state/snapshot/plain_tree.h"
#include "storage/rocksdb_env.h"

namespace stateferry::state::snapshot {
namespace {

constexpr std::string_view kCurrent = "CURRENT";
constexpr std::uint64_t kMaxCurrentBytes = 256;
// Readers of SSTs that are kept open: enough to open any directory, whatever the limit on files.
constexpr int kOpenFiles = 64;
constexpr std::size_t kSstsAtOnce = 4;

Error FromStatus(const rocksdb::Status& status, const std::string& directory) {
  std::string text = status.ToString();
  // A missing NNNNNN.sst is looked for under the ending of LevelDB last, and that name is reported.
  if (const std::size_t at = text.find(".ldb: No such file"); at != std::string::npos)
    text.replace(at, 4, ".sst");
  return {ErrorCode::kCorruption, fmt::format("RocksDB cannot open {}: {}", directory, text)};
}

/// The manifest that CURRENT names, if `text` is the content of a CURRENT file.
std::optional<std::string> ManifestNamedBy(std::string_view text) {
  constexpr std::string_view kPrefix = "MANIFEST-";
  if (!text.starts_with(kPrefix) || !text.ends_with('\n')) return std::nullopt;
  text.remove_suffix(1);
  const std::string_view digits = text.substr(kPrefix.size());
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return std::string(text);
}

Result<std::optional<std::string>> FindManifestName(SourceObjects& objects,
                                                    const storage::Location& directory) {
  const storage::Location current = directory.Child(kCurrent);
  SF_TRY(const auto meta, objects.Find(current));
  if (!meta || meta->size_bytes > kMaxCurrentBytes) return std::optional<std::string>();
  SF_TRY(const std::string text, objects.ReadAll(current, kMaxCurrentBytes));
  return ManifestNamedBy(text);
}

/// Holds what the manifest says against the files that are there.
void Compare(const RocksDbContent& content, Snapshot& snapshot) {
  std::map<std::string, SnapshotFile*> by_name;
  for (SnapshotFile& file : snapshot.files) by_name[file.location.Name()] = &file;
  for (const auto& sst : content.ssts) {
    const auto there = by_name.find(sst.name);
    if (there == by_name.end()) {
      SnapshotFile missing;
      missing.location = missing.read_from = snapshot.directory.Child(sst.name);
      missing.size_bytes = sst.size_bytes;
      missing.exists = false;
      missing.problem = "missing";
      snapshot.files.push_back(std::move(missing));
    } else if (there->second->size_bytes != sst.size_bytes) {
      there->second->problem =
          fmt::format("{} bytes instead of {}", there->second->size_bytes, sst.size_bytes);
    }
  }
}

class RocksDbDirFormat final : public SnapshotFormat {
 public:
  SnapshotKind kind() const override { return SnapshotKind::kRocksDbDir; }

  Result<bool> Recognizes(storage::Places& places, const storage::Location& location,
                          const PathMap&) const override {
    SourceObjects objects(places);
    SF_TRY(const auto manifest, FindManifestName(objects, location));
    return manifest.has_value();
  }

  Result<Snapshot> Inspect(storage::Places& places, const storage::Location& location,
                           const InspectOptions&) const override {
    SourceObjects objects(places);
    SF_TRY(const auto manifest, FindManifestName(objects, location));
    if (!manifest)
      return Error(ErrorCode::kNotFound,
                   fmt::format("there is no {} of RocksDB in {}", kCurrent, location.ToString()));
    Snapshot snapshot;
    snapshot.kind = SnapshotKind::kRocksDbDir;
    snapshot.directory = location;
    snapshot.metadata_name = *manifest;
    SF_TRY(snapshot.files, ListTreeFiles(objects, location));
    const auto is_manifest = [&](const SnapshotFile& file) {
      return storage::RelativeTo(file.location, location) == *manifest;
    };
    const auto there = std::find_if(snapshot.files.begin(), snapshot.files.end(), is_manifest);
    if (there == snapshot.files.end()) {
      SnapshotFile missing;
      missing.location = missing.read_from = location.Child(*manifest);
      missing.exists = false;
      missing.problem = "missing";
      snapshot.files.push_back(std::move(missing));
      return snapshot;
    }
    snapshot.metadata_bytes = there->size_bytes;
    if (location.scheme != "file") {
      snapshot.warnings.push_back(
          fmt::format("{} is not a local directory, so RocksDB cannot say which SSTs {} names",
                      location.ToString(), *manifest));
      return snapshot;
    }
    auto content = ReadRocksDbDirectory(location.path);
    if (!content) {
      there->problem = "unreadable: " + content.error().message();
      return snapshot;
    }
    if (!content->not_looked_into.empty()) snapshot.warnings.push_back(content->not_looked_into);
    Compare(*content, snapshot);
    return snapshot;
  }

  Result<RelocationPlan> PlanRelocation(storage::Places& places, const RelocateRequest& request,
                                        Layout, std::stop_token) const override {
    SF_TRY(const Snapshot snapshot,
           Inspect(places, request.from, {.check_exists = true, .map = {}}));
    for (const SnapshotFile& file : snapshot.files)
      if (!file.problem.empty())
        return Error(ErrorCode::kCorruption,
                     fmt::format("{} is not whole: {} is {}", request.from.ToString(),
                                 file.location.Name(), file.problem));
    // Without CURRENT nothing opens the directory, so it must not come before what it names.
    SF_TRY(auto plan, PlanTreeCopy(places, request.from,
                                   [](std::string_view name) { return name == kCurrent; }));
    plan.warnings = snapshot.warnings;
    return plan;
  }

  /// Files come and go in a database in use: the list of files may be older than CURRENT.
  Result<void> CheckMoved(storage::Places& places, const RelocateRequest& request,
                          const std::vector<LastObject>& last, std::stop_token) const override {
    SourceObjects objects(places);
    for (const LastObject& current : last) {
      SF_TRY(const std::string text, objects.ReadAll(current.copy_from, kMaxCurrentBytes));
      const auto manifest = ManifestNamedBy(text);
      SF_TRY(const auto there, objects.Find(request.to.Child(manifest.value_or(text))));
      if (!there)
        return Error(ErrorCode::kConflict,
                     fmt::format("{} names {}, which was not copied: the database is in use",
                                 current.copy_from.ToString(), manifest.value_or(text)))
            .WithHint("make a checkpoint of the database and relocate that");
    }
    return {};
  }

  Result<std::uint64_t> VerifyInside(storage::Places&, const Snapshot& snapshot,
                                     std::stop_token stop,
                                     std::vector<std::string>& problems) const override {
    std::vector<std::string> ssts;
    if (snapshot.directory.scheme != "file") return ssts.size();
    for (const SnapshotFile& file : snapshot.files)
      if (file.problem.empty() && file.location.Name().ends_with(".sst"))
        ssts.push_back(file.read_from.path);
    SF_TRY(VerifySsts(ssts, std::move(stop), problems));
    return ssts.size();
  }
};

}  // namespace

std::unique_ptr<SnapshotFormat> MakeRocksDbDirFormat() {
  return std::make_unique<RocksDbDirFormat>();
}

Result<RocksDbContent> ReadRocksDbDirectory(const std::string& directory) {
  rocksdb::DBOptions options;
  options.info_log = storage::SilentRocksDbLogger();
  options.max_open_files = kOpenFiles;
  RocksDbContent content;
  auto status = rocksdb::DB::ListColumnFamilies(options, directory, &content.column_families);
  if (!status.ok()) return FromStatus(status, directory);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : content.column_families)
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  status = rocksdb::DB::OpenForReadOnly(options, directory, families, &handles, &opened);
  if (!status.ok() && status.IsInvalidArgument() &&
      status.ToString().find("comparator") != std::string::npos) {
    content.not_looked_into = fmt::format(
        "{} orders its keys by a comparator of its own, so RocksDB could not be asked which files "
        "it needs: {}",
        directory, status.ToString());
    return content;
  }
  if (!status.ok()) return FromStatus(status, directory);
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  for (const auto& file : files)
    content.ssts.push_back({file.relative_filename, static_cast<std::uint64_t>(file.size)});
  for (rocksdb::ColumnFamilyHandle* handle : handles) (void)db->DestroyColumnFamilyHandle(handle);
  return content;
}

namespace {
Result<void> VerifySstBlocks(const std::string& path) {
  rocksdb::Options options;
  options.info_log = storage::SilentRocksDbLogger();
  rocksdb::SstFileReader reader(options);
  auto status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum();
  if (status.ok()) return {};
  return Error(ErrorCode::kCorruption, fmt::format("{}: {}", path, status.ToString()));
}
}  // namespace

Result<void> VerifySsts(const std::vector<std::string>& paths, std::stop_token stop,
                        std::vector<std::string>& problems) {
  std::vector<std::string> found(paths.size());
  SF_TRY(ForEachIndex(paths.size(), kSstsAtOnce, std::move(stop), [&](std::size_t i) {
    const auto good = VerifySstBlocks(paths[i]);
    if (!good) found[i] = good.error().message();
    return Result<void>();
  }));
  std::copy_if(found.begin(), found.end(), std::back_inserter(problems),
               [](const std::string& problem) { return !problem.empty(); });
  return {};
}

bool EndsLikeSst(ByteSpan last_8_bytes) {
  constexpr std::array<std::uint8_t, 8> kMagic = {0xf7, 0xcf, 0xf4, 0x85, 0xb7, 0x41, 0xe2, 0x88};
  return last_8_bytes.size() == kMagic.size() &&
         std::memcmp(last_8_bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

Result<std::uint64_t> VerifySstsAmong(SourceObjects& objects,
                                      const std::vector<SnapshotFile>& files, std::stop_token stop,
                                      std::vector<std::string>& problems) {
  std::vector<std::string> ssts;
  for (const SnapshotFile& file : files) {
    if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
    if (file.read_from.scheme != "file" || !file.problem.empty()) continue;
    std::array<std::byte, 8> end{};
    if (file.size_bytes < end.size() || file.kind == FileKind::kSegment) continue;
    SF_TRY(objects.Read(file.read_from, file.size_bytes - end.size(), end));
    if (EndsLikeSst(end)) ssts.push_back(file.read_from.path);
  }
  SF_TRY(VerifySsts(ssts, std::move(stop), problems));
  return ssts.size();
}

}  // namespace stateferry::state::snapshot
