// What a Mover does about the upload of a file: opens it, so that the journal can find it again,
// and joins its parts.

#include <utility>

#include "transfer/late_join.h"
#include "transfer/mover.h"

namespace stateferry::transfer {

namespace {

bool MayReplace(const FileRecord& record, const TransferOptions& options) {
  return record.owned || options.if_exists == IfExists::kOverwrite;
}

}  // namespace

// Without a part or an end there is no entry that names the upload, and the run may be over: it
// must be found again all the same, for the parts that arrived are kept and paid for.
void Mover::RememberUpload(const std::shared_ptr<FileRun>& file) {
  if (!file->record.resume_token.empty() && !file->accepted) in_.committer.Accept({.file = file});
}

storage::UploadOptions Mover::OptionsOf(const FileRun& file) {
  return {.size_bytes = file.size_bytes(),
          .part_bytes = file.record.part_bytes,
          .resume_token = file.record.resume_token,
          .origin = in_.ends.OriginOf(file.record.task),
          .overwrite = MayReplace(file.record, in_.options),
          .recheck = in_.options.paranoid,
          .by_service = file.by_service};
}

Result<void> Mover::StartUpload(FileRun& file) {
  SF_TRY(file.upload, in_.ends.to().StartUpload(file.to_key, OptionsOf(file)));
  return {};
}

// What a service holds of an upload is seen by nobody who does not know its name: the journal has
// it before the first part is put, and before that when the upload was begun.
Result<void> Mover::NameUpload(FileRun& file, std::string token) {
  file.record.resume_token = std::move(token);
  if (!in_.ends.to().capabilities().durable_on_complete) return {};
  Journal::Batch batch;
  batch.files.push_back(file.record);
  // Receipts of an earlier upload must not be taken for those of this one.
  if (std::exchange(file.starts_anew, false)) batch.drop_receipts_of.push_back(file.record.index);
  return in_.journal.Commit(in_.id, batch);
}

/// Whether the parts stay apart until somebody joins them, who may go on unheard.
bool Mover::IsJoined(const FileRun& file) {
  return in_.ends.to().capabilities().durable_on_complete && file.part_count() > 1;
}

// From here on the object may come to be, whoever hears of it: then the journal tells what it
// holds.
Result<void> Mover::NameEnd(FileRun& file) {
  if (!IsJoined(file) || file.missing.empty()) return {};
  Journal::Batch batch;
  for (const std::uint32_t part : file.missing)
    batch.parts.push_back({file.record.index,
                           {.part_index = part,
                            .size_bytes = static_cast<std::uint32_t>(file.part_size(part)),
                            .hash = file.hashes[part],
                            .source_checksum = file.source_checksums[part],
                            .by_service = file.by_service}});
  return in_.journal.Commit(in_.id, batch);
}

/// The upload is gone.  If an earlier run had all parts there, it may have been joined, or is about
/// to be; then the object is waited for.
Result<bool> Mover::JoinedUnheard(FileRun& file, const std::vector<PartReceipt>& receipts,
                                  std::stop_token stop) {
  if (!IsJoined(file) || receipts.size() != file.part_count() ||
      receipts.back().part_index >= file.part_count())
    return false;
  for (const auto& receipt : receipts) file.hashes[receipt.part_index] = receipt.hash;
  // A source that cannot be looked at, or was replaced, is a matter of whoever moves it again.
  std::string etag_now;
  const auto changed = SourceChanged(file, etag_now);
  if (!changed || *changed) return false;
  SF_TRY(const auto late, Await(file, std::move(stop)));
  return late == LateJoin::kOurs;
}

Result<LateJoin> Mover::Await(FileRun& file, std::stop_token stop) {
  std::function<Result<bool>()> is_ours;
  if (file.by_service) is_ours = [&] { return IsCopyThere(file, stop); };
  return AwaitJoin(file, OptionsOf(file), in_.ends, in_.buffers, in_.options.join_patience, stop,
                   is_ours);
}

/// The source compares what all runs together have read.
void Mover::RecallRead(const FileRun& file, const PartReceipt& receipt) {
  const auto& task = file.record.task;
  if (!receipt.source_checksum || !task.whole_object || task.etag.empty()) return;
  file.source.backend->AddRead(
      {.key = file.source.key, .size_bytes = task.size_bytes, .etag = task.etag},
      file.part_offset(receipt.part_index), receipt.size_bytes, *receipt.source_checksum);
}

/// The parts that are still missing; opens the upload, resuming an earlier one when it is there.
/// FileRun::at_destination: there is no upload any more, but the object.
Result<std::vector<std::uint32_t>> Mover::OpenUpload(FileRun& file, std::stop_token stop) {
  using Parts = std::vector<std::uint32_t>;
  std::vector<PartReceipt> receipts;
  if (!file.record.resume_token.empty()) {
    SF_TRY(receipts, in_.journal.Receipts(in_.id, file.record.index));
    SF_TRY(const bool goes_on, GoesOn(file, receipts));
    auto resumed = goes_on ? StartUpload(file) : Error(ErrorCode::kNotFound, "dropped");
    if (!resumed && resumed.error().code() != ErrorCode::kNotFound)
      SF_TRY(AtDestination(file, std::move(resumed)));
    if (file.failed) return Parts();
    if (!file.upload && goes_on) {
      SF_TRY(const bool joined, JoinedUnheard(file, receipts, std::move(stop)));
      file.at_destination = joined;
      if (joined) return Parts();
    }
    if (!file.upload) file.starts_anew = true;
  }
  if (!file.upload) {
    receipts.clear();
    file.record.resume_token.clear();
    auto intent = in_.ends.to().IntentToken(OptionsOf(file));
    if (!intent.empty()) SF_TRY(NameUpload(file, intent));
    file.record.resume_token.clear();
    auto started = StartUpload(file);
    if (!started) file.record.resume_token = std::move(intent);
    SF_TRY(AtDestination(file, std::move(started)));
    if (file.failed) return Parts();
    if (file.part_count() > 1)
      SF_TRY(NameUpload(file, file.upload->ResumeToken()));
    else
      file.record.resume_token = file.upload->ResumeToken();
  }
  std::vector<bool> have(file.hashes.size());
  for (const auto& receipt : receipts) {
    if (receipt.part_index >= have.size()) continue;
    have[receipt.part_index] = true;
    file.hashes[receipt.part_index] = receipt.hash;
    RecallRead(file, receipt);
    in_.meter.bytes_done += receipt.size_bytes;
    in_.meter.bytes_resumed += receipt.size_bytes;
  }
  std::vector<std::uint32_t> missing;
  for (std::uint32_t part = 0; part < have.size(); ++part)
    if (!have[part]) missing.push_back(part);
  return missing;
}

/// Without an upload afterwards the service had joined it before, and the object was read back.
Result<void> Mover::Complete(FileRun& file, std::stop_token stop) {
  SF_TRY(NameEnd(file));
  auto completed = file.upload->Complete();
  if (completed || completed.error().code() != ErrorCode::kNotFound || !IsJoined(file))
    return completed;
  SF_TRY(const auto late, Await(file, std::move(stop)));
  if (late == LateJoin::kUploadIs) return file.upload->Complete();
  if (late == LateJoin::kNotComing) return completed;
  file.upload.reset();
  return {};
}

}  // namespace stateferry::transfer
