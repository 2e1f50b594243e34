#include "storage/managed/store_core.h"

#include "storage/managed/compress_choice.h"

namespace stateferry::storage::managed {

StoreParts PartsInDirectory(const FileIo& io, const std::string& dir) {
  return {.dir = dir,
          .name = dir,
          .uri = "managed://" + dir,
          .packs = PacksInDirectory(io, StoreLayout{dir})};
}

StoreCore::StoreCore(const FileIo& io_in, Clock& clock_in, StoreParts parts, StoreMeta meta_in,
                     const StoreOptions& options_in)
    : io(io_in),
      clock(clock_in),
      layout{std::move(parts.dir)},
      meta(std::move(meta_in)),
      options(options_in),
      pack_store(std::move(parts.packs)),
      compressors([policy = options_in.compress] { return MakeCompressor(policy); }),
      decompressors([] { return std::make_unique<ZstdDecompressor>(); }),
      scratch([] { return std::make_unique<Bytes>(); }),
      name_(std::move(parts.name)),
      uri_(std::move(parts.uri)),
      current_(NewEpoch(1)) {}

std::shared_ptr<IndexDb> StoreCore::index() const {
  std::lock_guard lock(index_mutex_);
  return index_;
}

void StoreCore::set_index(std::shared_ptr<IndexDb> index) {
  std::lock_guard lock(index_mutex_);
  index_ = std::move(index);
  ++files_version_;
}

Result<void> StoreCore::RefreshView() {
  SF_TRY(auto dir, layout.IndexDirToRead(io));
  SF_TRY(auto view, IndexDb::Open(io, dir, IndexDb::Mode::kReadOnly));
  set_index(std::move(view));
  return {};
}

Result<void> StoreCore::RefreshViewSince(std::uint64_t seen) {
  std::lock_guard one_at_a_time(refresh_mutex_);
  if (files_version_ != seen) return {};
  return RefreshView();
}

Result<void> StoreCore::CheckWritable() const {
  if (options.read_only)
    return Error(ErrorCode::kRefused, "store " + name() + " is open for reading only");
  if (broken)
    return Error(ErrorCode::kIo, "store " + name() +
                                     ": an earlier write of the index or of a directory failed; no "
                                     "more writes until the store is opened again");
  return {};
}

std::optional<Epoch::FileChange> StoreCore::PendingChange(std::string_view project,
                                                          std::string_view key) {
  const std::string row = FileKey(project, key);
  std::lock_guard lock(mutex);
  for (const auto* epoch : {current_.get(), flushing_.get()}) {
    if (!epoch) continue;
    if (const auto found = epoch->files.find(row); found != epoch->files.end())
      return found->second;
  }
  return std::nullopt;
}

std::map<std::string, Epoch::FileChange> StoreCore::PendingChanges(std::string_view project,
                                                                   std::string_view prefix) {
  const std::string from = FileKey(project, prefix);
  std::map<std::string, Epoch::FileChange> changes;
  std::lock_guard lock(mutex);
  for (const auto* epoch : {current_.get(), flushing_.get()}) {
    if (!epoch) continue;
    for (auto row = epoch->files.lower_bound(from);
         row != epoch->files.end() && row->first.starts_with(from); ++row)
      changes.insert(*row);  // the newer epoch comes first and stays
  }
  return changes;
}

Result<std::optional<FileRecord>> StoreCore::FindFile(std::string_view project,
                                                      std::string_view key) {
  if (auto change = PendingChange(project, key)) return std::move(change->record);
  SF_TRY(auto bytes, index()->Get(Family::kFiles, FileKey(project, key)));
  if (!bytes) return std::optional<FileRecord>();
  SF_TRY(auto record, DecodeFileRecord(*bytes));
  return std::optional(std::move(record));
}

}  // namespace stateferry::storage::managed
