// What a mover does about files that their service copies by itself.

#include <algorithm>
#include <utility>

#include "transfer/mover.h"
#include "transfer/unfinished.h"

namespace stateferry::transfer {

/// In one request.  False: the bytes are to be streamed.
Result<bool> Mover::CopyWhole(Job& job, std::stop_token stop) {
  FileRun& file = *job.file;
  if (OverLimit(file.size_bytes())) {
    in_.halt("the limit on transferred bytes is reached");
    return true;
  }
  auto pass = EnterService(file.size_bytes(), stop);
  if (!pass) return true;  // asked to stop before anything was copied
  auto& to = in_.ends.to();
  auto copied =
      to.CopyFrom(file.copy_source, file.to_key, {.overwrite = OptionsOf(file).overwrite});
  pass.reset();
  if (!copied && copied.error().code() == ErrorCode::kConflict) {
    // The answer to our own request may have been lost, and its repetition has found our object.
    auto there = to.SumsOf(file.to_key);
    if (there) {
      const auto ours = in_.copies.IsCopy(file, *there, stop);
      if (ours && *ours) copied = std::move(there);
    }
  }
  if (!copied) {
    if (copied.error().code() == ErrorCode::kCancelled) return std::move(copied).error();
    if (in_.options.server_side == ServerSide::kAlways &&
        (copied.error().code() == ErrorCode::kConflict ||
         copied.error().code() == ErrorCode::kNotFound)) {
      // The source may be gone, or another version now, which Conclude finds out.
      file.short_read = true;
      file.Fail(std::move(copied).error());
      SF_TRY(Conclude(job, std::nullopt, std::move(stop)));
      return true;
    }
    SF_TRY(in_.copies.Refused(file, std::move(copied).error()));
    GiveBack(file.size_bytes());
    file.by_service = false;
    return false;
  }
  in_.meter.bytes_done += file.size_bytes();
  in_.meter.bytes_by_service += file.size_bytes();
  SF_TRY(Settle(job, std::move(*copied), std::move(stop)));
  return true;
}

std::optional<UnderWay::Pass> Mover::EnterService(std::uint64_t size_bytes, std::stop_token stop) {
  return in_.by_service.Enter(std::min(size_bytes, kLargeCopyBytes), std::move(stop));
}

/// No receipt: the file failed, or the run stops.
Result<Mover::Receipt> Mover::CopyByService(FileRun& file, std::uint32_t part,
                                            std::stop_token stop) {
  const auto pass = EnterService(file.part_size(part), std::move(stop));
  if (!pass) return Receipt();
  auto copied = file.upload->CopyPart(part, file.copy_source);
  if (copied) {
    in_.copies.Worked();
    const std::size_t size = file.part_size(part);
    in_.meter.bytes_done += size;
    in_.meter.bytes_by_service += size;
    return Receipt(
        {.part_index = part, .size_bytes = static_cast<std::uint32_t>(size), .by_service = true});
  }
  GiveBack(file.part_size(part));
  const auto code = copied.error().code();
  if (code == ErrorCode::kCancelled) return std::move(copied).error();
  if (code == ErrorCode::kConflict) {
    file.short_read = true;
  } else {
    SF_TRY(in_.copies.Refused(file, copied.error()));
    file.stream_instead = true;
  }
  file.Fail(std::move(copied).error());
  return Receipt();
}

/// The copy is there: it is done when it holds what it should.
Result<void> Mover::Settle(Job& job, storage::ObjectSums told, std::stop_token stop) {
  FileRun& file = *job.file;
  const auto is_copy = in_.copies.IsCopy(file, std::move(told), std::move(stop));
  if (is_copy && *is_copy) {
    // Of a copy in one request nothing but the copy was begun by this run.
    if (!file.upload && !file.record.resume_token.empty()) {
      SF_TRY(AbortUpload(in_.ends.to(), file.to_key, file.record));
      file.starts_anew = true;
    }
    file.upload.reset();
    ++in_.meter.files_by_service;
    ConcludeJoined(job);
    return {};
  }
  file.upload.reset();
  if (!is_copy && is_copy.error().code() == ErrorCode::kCancelled) return is_copy.error();
  if (!is_copy && is_copy.error().code() != ErrorCode::kConflict) {
    file.Fail(is_copy.error());
    Conclude(job, Accepted::What::kFailed, std::nullopt);
    return {};
  }
  // What is there was put by this transfer, and is not what it should be.
  file.record.owned = true;
  const std::string why = is_copy
                              ? "the service has copied " + file.copy_source.meta.key + " wrongly"
                              : is_copy.error().message();
  if (file.restarts == 0) {
    std::string etag = file.record.task.etag;
    if (!is_copy) {
      SF_TRY(auto meta, file.source.backend->Stat(file.source.key));
      etag = meta.etag;
    }
    file.stream_instead = is_copy && in_.options.server_side == ServerSide::kAuto;
    return Restart(job, std::move(etag), why);
  }
  file.Fail(Error(is_copy ? ErrorCode::kCorruption : ErrorCode::kConflict, why));
  Conclude(job, Accepted::What::kFailedAnew, std::nullopt);
  return {};
}

Result<bool> Mover::IsCopyThere(FileRun& file, std::stop_token stop) {
  SF_TRY(auto told, in_.ends.to().SumsOf(file.to_key));
  return in_.copies.IsCopy(file, std::move(told), std::move(stop));
}

/// Whether an upload that an earlier run began goes on as this run would have begun it.  False: it
/// was dropped, and the file starts anew.
Result<bool> Mover::GoesOn(FileRun& file, const std::vector<PartReceipt>& receipts) {
  const bool known = !receipts.empty();
  const bool was_by_service = known && receipts.front().by_service;
  if (known ? was_by_service == file.by_service : !file.by_service) return true;
  if (known && file.by_service && in_.options.server_side == ServerSide::kAuto) {
    file.by_service = false;
    return true;
  }
  SF_TRY(AbortUpload(in_.ends.to(), file.to_key, file.record));
  file.starts_anew = true;
  return false;
}

}  // namespace stateferry::transfer
