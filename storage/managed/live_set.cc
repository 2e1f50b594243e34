#include "storage/managed/live_set.h"

#include "storage/managed/file_table.h"

namespace stateferry::storage::managed {

Result<void> MarkNeeded(const IndexDb& db, LiveSet& live, const std::stop_token& stop,
                        const UploadChunkFilter& filter) {
  std::string project;  // of the upload whose parts come next
  auto mark_part = [&](std::string_view key, std::string_view value) -> Result<bool> {
    if (key.size() == kUploadTokenBytes) {
      SF_TRY(auto head, DecodeUploadHead(value));
      project = std::move(head.project);
      return true;
    }
    SF_TRY(const auto chunks, DecodeChunkList(value));
    for (const auto& id : chunks) {
      if (filter) {
        SF_TRY(const bool needed, filter(project, id));
        if (!needed) continue;
      }
      live.Add(project, id);
    }
    return !stop.stop_requested();
  };
  auto mark_file = [&](std::string_view key, std::string_view value) -> Result<bool> {
    SF_TRY(const auto record, DecodeFileRecord(value));
    for (const auto& id : record.chunks) live.Add(SplitFileKey(key).first, id);
    return !stop.stop_requested();
  };
  if (auto marked = db.Scan(Family::kUploads, "", mark_part); !marked)
    return std::move(marked).error().WithContext("gc refused");
  if (auto marked = db.Scan(Family::kFiles, "", mark_file); !marked)
    return std::move(marked).error().WithContext("gc refused");
  live.Seal();
  return {};
}

}  // namespace stateferry::storage::managed
