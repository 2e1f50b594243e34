#include "transfer/manage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "transfer/report.h"
#include "transfer/unfinished.h"

namespace stateferry::transfer {

namespace {

/// Uploads that no journal names are left alone for so long: another home may be writing them.
constexpr std::chrono::seconds kStrangersGrace = std::chrono::hours(24);

/// Drops what unfinished uploads of a transfer hold at its destination.  Returns how many.
Result<std::uint64_t> AbortUploads(const TransferRecord& record, Journal& journal,
                                   storage::Places& places) {
  std::uint64_t aborted = 0;
  std::optional<storage::Place> place;
  bool gone = false;  // a destination that is gone holds nothing
  const auto abort = [&](const FileRecord& file) -> Result<void> {
    if (file.resume_token.empty() || gone) return {};
    if (!place) {
      SF_TRY(auto location, storage::ParseLocation(record.to));
      auto opened = places.Open(location, storage::Access::kWrite);
      gone = !opened && opened.error().code() == ErrorCode::kNotFound;
      if (gone) return {};
      SF_TRY(place, std::move(opened));
    }
    SF_TRY(const bool was_there, AbortUpload(*place->backend, place->Key(file.task.to_name), file));
    if (was_there) ++aborted;
    return {};
  };
  SF_TRY(journal.VisitFiles(record.id, 0, abort));
  if (place) SF_TRY(place->backend->Flush());
  return aborted;
}

/// A run that was killed before its first commit has left uploads that no plan names.  Best effort:
/// a place that is gone or locked keeps nothing of ours that matters.  Returns how many.
std::uint64_t DropStrangers(const TransferRecord& record, std::chrono::seconds age,
                            storage::Places& places) {
  auto location = storage::ParseLocation(record.to);
  // A managed store has its own rule for them (gc), and opening it would lock it.
  if (!location || storage::IsManaged(*location)) return 0;
  auto place = places.Open(*location, storage::Access::kWrite);
  if (!place) return 0;
  auto dropped = place->backend->DropStaleUploads(age);
  return dropped ? *dropped : 0;
}

}  // namespace

Result<TransferRecord> CancelTransfer(const std::string& id, Journal& journal,
                                      storage::Places& places, Clock& clock) {
  SF_TRY(auto record, journal.Find(id));
  if (!record) return Error(ErrorCode::kNotFound, "there is no transfer " + id);
  if (record->status == TransferStatus::kCommitted)
    return Error(ErrorCode::kConflict,
                 "transfer " + id + " is committed already; there is nothing to cancel");
  SF_TRY(AbortUploads(*record, journal, places));
  record->status = TransferStatus::kCancelled;
  record->error = "cancelled for good";
  record->updated = FormatTime(clock.Now());
  record->plan_complete = false;
  record->started = false;
  // The plan first: what it says to be done must not outlive the record that says "begun before".
  SF_TRY(journal.DropPlan(id));
  SF_TRY(journal.PutTransfer(*record));
  return *record;
}

Result<void> TakeBackTransfer(const std::string& id, const std::vector<std::string>& last_names,
                              Journal& journal, storage::Places& places, Clock& clock) {
  SF_TRY(auto record, journal.Find(id));
  if (!record) return Error(ErrorCode::kNotFound, "there is no transfer " + id);
  SF_TRY(const auto location, storage::ParseLocation(record->to));
  SF_TRY(const auto place, places.Open(location, storage::Access::kWrite));
  // What makes a snapshot of the files goes first: what is left after a crash looks like none.
  if (record->started)
    for (const std::string& name : last_names) SF_TRY(place.backend->Delete(place.Key(name)));
  SF_TRY(place.backend->Flush());
  SF_TRY(journal.VisitFiles(id, 0, [&](const FileRecord& file) -> Result<void> {
    return file.owned ? place.backend->Delete(place.Key(file.task.to_name)) : Result<void>();
  }));
  SF_TRY(place.backend->Flush());
  SF_TRY(AbortUploads(*record, journal, places));
  record->status = TransferStatus::kCancelled;
  record->error = "taken back";
  record->updated = FormatTime(clock.Now());
  record->plan_complete = false;
  record->started = false;
  record->last_objects.reset();
  SF_TRY(journal.DropPlan(id));
  return journal.PutTransfer(*record);
}

Result<PruneReport> PruneTransfers(std::chrono::seconds older_than, Journal& journal,
                                   storage::Places& places, Clock& clock) {
  PruneReport report;
  // RFC 3339 in UTC with fixed digits sorts as time does.
  const std::string before = FormatTime(clock.Now() - older_than);
  SF_TRY(auto records, journal.List());
  std::set<std::string> looked_at;
  // Whatever a record says, nothing runs: whoever may write to the journal holds the home's lock.
  for (const auto& record : records) {
    const std::string& touched = record.updated.empty() ? record.created : record.updated;
    if (touched > before) continue;
    auto aborted = AbortUploads(record, journal, places);
    if (!aborted) {
      ++report.kept_unreachable;
      continue;
    }
    report.uploads_aborted += *aborted;
    if (looked_at.insert(record.to).second)
      report.uploads_aborted +=
          DropStrangers(record, std::max(older_than, kStrangersGrace), places);
    SF_TRY(journal.Remove(record.id));
    ++report.removed;
  }
  return report;
}

Json ToJson(const TransferRecord& record) {
  Json json{
      {"id", record.id},
      {"status", StatusName(record.status)},
      {"kind", record.kind},
      {"from", record.from},
      {"to", record.to},
      {"parameters", record.parameters},
      {"command", record.command},
      {"createdAt", record.created},
      {"updatedAt", record.updated},
      {"planComplete", record.plan_complete},
      {"filesTotal", record.files_total},
      {"bytesTotal", record.bytes_total},
      {"error", record.error},
  };
  if (auto summary = ParseJson(record.summary)) json["summary"] = std::move(*summary);
  return json;
}

}  // namespace stateferry::transfer
