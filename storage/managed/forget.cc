// Dropping files and unfinished uploads.  Their bytes go with the next gc.

#include <algorithm>

#include "storage/managed/maintenance.h"

namespace stateferry::storage::managed {

Result<std::uint64_t> ForgetFiles(StoreCore& core, const std::string& project,
                                  const std::string& prefix) {
  SF_TRY(CheckProjectName(project));
  SF_TRY(core.Flush());
  std::vector<std::string> keys;
  SF_TRY(core.index()->Scan(Family::kFiles, FileKey(project, prefix),
                            [&](std::string_view row, std::string_view) -> Result<bool> {
                              const auto key = SplitFileKey(row).second;
                              const auto rest = key.substr(prefix.size());
                              if (prefix.empty() || rest.empty() || rest.front() == '/')
                                keys.emplace_back(key);
                              return true;
                            }));
  if (keys.empty())
    return Error(ErrorCode::kNotFound,
                 "store " + core.name() + " has no files at or below " + project + "/" + prefix);
  // Another thread's flush may come in between: what then is left half forgotten has no `_metadata`
  // and counts as no snapshot; a repeat finds the rest.
  std::stable_partition(keys.begin(), keys.end(), [](const std::string& key) {
    return key == "_metadata" || key.ends_with("/_metadata");
  });
  for (const auto& key : keys) SF_TRY(core.Delete(project, key));
  SF_TRY(core.Flush());
  return keys.size();
}

Result<std::uint64_t> DropUploads(StoreCore& core, std::int64_t age_s) {
  std::unique_lock alone(core.gate);  // nobody resumes an upload meanwhile
  SF_TRY(core.Flush());
  const std::int64_t now_ns = core.clock.Now().time_since_epoch() / std::chrono::nanoseconds(1);
  const auto db = core.index();
  auto batch = db->NewBatch();
  std::set<std::string> stale;
  SF_TRY(db->Scan(Family::kUploads, "",
                  [&](std::string_view key, std::string_view value) -> Result<bool> {
                    if (key.size() != kUploadTokenBytes) return true;
                    SF_TRY(auto head, DecodeUploadHead(value));
                    if ((now_ns - head.created_ns) / 1'000'000'000 > age_s)
                      stale.insert(std::string(key));
                    return true;
                  }));
  std::lock_guard one_at_a_time(core.flush_mutex);
  {
    std::lock_guard lock(core.mutex);
    for (const auto& [token, upload] : core.live_uploads)
      if (!upload.expired()) stale.erase(token);
  }
  for (const auto& token : stale) SF_TRY(DeleteUpload(*db, *batch, token));
  if (!stale.empty()) SF_TRY(core.CommitIndex(*batch));
  return stale.size();
}

}  // namespace stateferry::storage::managed
