#include "storage/managed/managed_backend.h"

#include <algorithm>

#include "storage/managed/upload.h"

namespace stateferry::storage::managed {

Capabilities ManagedBackend::capabilities() const {
  // What went into a bucket was guarded on its way, and not read back.
  return {.server_side_copy = true,
          .verified_on_flush = !core_.pack_store->shared(),
          .finds_by_origin = true};
}

std::string ManagedBackend::Describe() const { return core_.uri() + "/" + project_; }

Result<ObjectMeta> ManagedBackend::Stat(std::string_view key) {
  SF_TRY(CheckKey(key));
  SF_TRY(auto record, core_.FindFile(project_, key));
  if (!record)
    return Error(ErrorCode::kNotFound, Describe() + "/" + std::string(key) + " does not exist");
  return record->ToMeta();
}

Result<void> ManagedBackend::List(std::string_view prefix,
                                  const std::function<Result<void>(const ObjectMeta&)>& visit) {
  // Accepted changes are laid over the rows of the index, both in key order.
  const auto changes = core_.PendingChanges(project_, prefix);
  auto change = changes.begin();
  auto visit_change = [&]() -> Result<void> {
    const auto& record = change++->second.record;
    if (record) return visit(record->ToMeta());
    return {};
  };
  auto visit_row = [&](std::string_view row, std::string_view value) -> Result<bool> {
    while (change != changes.end() && change->first < row) SF_TRY(visit_change());
    if (change != changes.end() && change->first == row) {
      SF_TRY(visit_change());
      return true;
    }
    SF_TRY(auto head, DecodeFileRecordHead(value));
    SF_TRY(visit(head.ToMeta()));
    return true;
  };
  SF_TRY(core_.index()->Scan(Family::kFiles, FileKey(project_, prefix), visit_row));
  while (change != changes.end()) SF_TRY(visit_change());
  return {};
}

Result<std::size_t> ManagedBackend::ReadRange(std::string_view key, std::uint64_t offset,
                                              MutableByteSpan out) {
  SF_TRY(CheckKey(key));
  if (auto change = core_.PendingChange(project_, key)) {
    if (!change->record)
      return Error(ErrorCode::kNotFound, Describe() + "/" + std::string(key) + " does not exist");
    // Its chunks may lie in packs that are still being written.
    SF_TRY(Flush());
  }
  return reader_.Read(project_, key, offset, out);
}

Result<ObjectMeta> ManagedBackend::Put(std::string_view key, ByteSpan bytes,
                                       const PutOptions& options) {
  SF_TRY(auto upload, StartUpload(key, {.size_bytes = bytes.size(),
                                        .part_bytes = std::max<std::uint64_t>(bytes.size(), 1),
                                        .resume_token = {},
                                        .origin = {},
                                        .overwrite = options.overwrite}));
  auto put = upload->PutPart(0, bytes);
  if (put) put = upload->Complete();
  if (!put) {
    (void)upload->Abort();
    return std::move(put).error();
  }
  SF_TRY(Flush());
  return Stat(key);
}

Result<std::unique_ptr<Upload>> ManagedBackend::StartUpload(std::string_view key,
                                                            const UploadOptions& options) {
  SF_TRY(auto state, core_.StartUpload(project_, key, options));
  return std::unique_ptr<Upload>(std::make_unique<ManagedUpload>(core_, std::move(state)));
}

Result<std::optional<ObjectMeta>> ManagedBackend::FindByOrigin(std::string_view origin) {
  std::optional<ObjectMeta> none;
  if (origin.empty()) return none;
  SF_TRY(auto key, core_.index()->Get(Family::kOrigins, OriginKey(project_, origin)));
  if (!key) return none;
  SF_TRY(auto record, core_.FindFile(project_, *key));
  // The row is only a hint: the file may be gone, or be another by now.
  if (!record || record->origin != origin) return none;
  SF_TRY(bool whole, core_.IsWhole(project_, *record));
  if (!whole) return none;
  return std::optional(record->ToMeta());
}

Result<void> ManagedBackend::Copy(std::string_view from, std::string_view to,
                                  const PutOptions& options) {
  return core_.Copy(project_, from, to, options.overwrite);
}

Result<void> ManagedBackend::Delete(std::string_view key) { return core_.Delete(project_, key); }

Result<void> ManagedBackend::Flush() {
  // Another caller's flush may have failed, before or while this one waited for its turn, and
  // taken along what was put through this backend.
  const auto seen = failures_seen_.load();
  auto flushed = core_.Flush();
  const auto failures = core_.failures();
  failures_seen_ = failures;
  if (failures != seen && flushed) return core_.LostError();
  return flushed;
}

}  // namespace stateferry::storage::managed
