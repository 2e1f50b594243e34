#include <set>

#include "storage/managed/maintenance.h"

namespace stateferry::storage::managed {

Result<StoreInfo> ReadInfo(StoreCore& core) {
  const auto db = core.index();
  StoreInfo info;
  info.id = core.meta.id.ToHex();
  info.format_version = core.meta.format_version;
  info.created = core.meta.created;
  std::set<std::string> projects;
  SF_TRY(ScanPacks(*db, [&](const PackId&, const PackRow& row) -> Result<void> {
    if (row.state != PackState::kSealed) return {};
    ++info.packs;
    info.pack_bytes += row.size_bytes;
    projects.insert(row.project);
    return {};
  }));
  SF_TRY(db->Scan(Family::kChunks, "",
                  [&](std::string_view key, std::string_view value) -> Result<bool> {
                    SF_TRY(auto row, DecodeChunkRow(key, value));
                    ++info.chunks;
                    info.chunk_plain_bytes += row.id.length;
                    info.chunk_stored_bytes += row.place.stored_bytes;
                    return true;
                  }));
  SF_TRY(db->Scan(Family::kFiles, "",
                  [&](std::string_view key, std::string_view value) -> Result<bool> {
                    SF_TRY(auto head, DecodeFileRecordHead(value));
                    ++info.files;
                    info.file_bytes += head.size_bytes;
                    projects.insert(std::string(SplitFileKey(key).first));
                    return true;
                  }));
  info.projects.assign(projects.begin(), projects.end());
  return info;
}

}  // namespace stateferry::storage::managed
