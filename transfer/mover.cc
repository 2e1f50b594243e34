#include "transfer/mover.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "transfer/unfinished.h"

namespace stateferry::transfer {

namespace {

std::string SourceName(const FileTask& task) {
  return task.from_dir.Child(task.from_name).ToString();
}

/// Whether a destination's error is about one file only.  All else (no space, no permission, a
/// broken store) would hit every file: the run ends, resumably.
bool ConcernsOneFile(ErrorCode code) {
  return code == ErrorCode::kConflict || code == ErrorCode::kInvalidArgument ||
         code == ErrorCode::kRefused;
}

}  // namespace

Result<void> Mover::Run(std::stop_token stop) {
  for (;;) {
    SF_TRY(auto job, in_.queue.Next(stop));
    if (!job) return {};
    switch (job->kind) {
      case Job::Kind::kOpen: {
        auto opened = OpenFile(*job, stop);
        RememberUpload(job->file);
        SF_TRY(std::move(opened));
        break;
      }
      case Job::Kind::kCopy: SF_TRY(CopyPart(*job, stop)); break;
      case Job::Kind::kVerify:
        if (in_.queue.at_plan_end()) in_.meter.SetPhase("verifying");
        SF_TRY(VerifyPart(*job, stop));
        break;
    }
  }
}

// A destination's error fails the file, or ends the run.
Result<void> Mover::AtDestination(FileRun& file, Result<void> outcome) {
  if (outcome) return {};
  auto error = std::move(outcome).error();
  if (!ConcernsOneFile(error.code())) return error;
  file.Fail(std::move(error));
  return {};
}

Result<void> Mover::OpenFile(Job& job, std::stop_token stop) {
  FileRun& file = *job.file;
  file.to_key = in_.ends.ToKey(file.record.task);
  if (file.record.state == FileState::kWritten) return OpenWritten(job, stop);
  auto source = in_.ends.SourceOf(file.record.task);
  if (!source) {
    file.Fail(std::move(source).error());
    return Conclude(job, std::nullopt, stop);
  }
  file.source = std::move(*source);
  SF_TRY(auto reused, Reuse(job));
  if (reused) return {};
  SF_TRY(const auto how, in_.copies.Choose(file));
  if (how == ServiceCopies::How::kWhole) {
    SF_TRY(const bool copied, CopyWhole(job, stop));
    if (copied) return {};
  }
  SF_TRY(file.missing, OpenUpload(file, stop));
  if (file.at_destination) {
    in_.meter.bytes_done += file.size_bytes();
    in_.meter.bytes_resumed += file.size_bytes();
    ++in_.meter.files_resumed;
    ConcludeJoined(job);
    return {};
  }
  if (file.failed || file.missing.empty()) return Conclude(job, std::nullopt, stop);
  if (!file.by_service) file.is_read_twice = MustReadTwice(file);
  file.parts_left = file.missing.size();
  job.part_index = file.missing.front();
  const std::size_t at_once =
      in_.options.parts_at_once == 0 ? file.missing.size() : in_.options.parts_at_once;
  file.handed_out = std::min(at_once, file.missing.size());
  in_.queue.AddParts(job.file, std::span(file.missing).subspan(1, file.handed_out - 1));
  return CopyPart(job, stop);
}

// Written by an earlier run, not verified yet.
Result<void> Mover::OpenWritten(Job& job, std::stop_token stop) {
  FileRun& file = *job.file;
  SF_TRY(auto receipts, in_.journal.Receipts(in_.id, file.record.index));
  // In part order and each part once: the last one tells whether any is out of range.
  if (receipts.size() == file.part_count() && (receipts.empty() || !receipts.back().by_service) &&
      (receipts.empty() || receipts.back().part_index < file.part_count())) {
    for (const auto& receipt : receipts) file.hashes[receipt.part_index] = receipt.hash;
    file.at_destination = true;
    in_.queue.ReturnCredit(job.credit_bytes, job.credit_parts);
    in_.queue.AddVerify(job.file);
    return {};
  }
  file.record.state = FileState::kPending;
  file.starts_anew = true;
  return OpenFile(job, stop);
}

// Managed storage may know the content by its origin: a new reference, no byte moves.
Result<bool> Mover::Reuse(Job& job) {
  FileRun& file = *job.file;
  const std::string origin = in_.ends.OriginOf(file.record.task);
  if (in_.options.paranoid || origin.empty() || file.restarts > 0) return false;
  SF_TRY(auto found, in_.ends.to().FindByOrigin(origin));
  if (!found || found->size_bytes != file.size_bytes()) return false;
  if (found->key != file.to_key) {
    auto copied =
        in_.ends.to().Copy(found->key, file.to_key, {.overwrite = OptionsOf(file).overwrite});
    // Somebody dropped it a moment ago.
    if (!copied && copied.error().code() == ErrorCode::kNotFound) return false;
    SF_TRY(AtDestination(file, std::move(copied)));
  }
  if (file.failed) {
    Conclude(job, Accepted::What::kFailed, std::nullopt);
    return true;
  }
  if (!file.record.resume_token.empty()) {
    SF_TRY(AbortUpload(in_.ends.to(), file.to_key, file.record));
    file.starts_anew = true;
  }
  // No byte was read, so none would be read again.
  in_.queue.ReturnCredit(std::exchange(job.credit_bytes, 0), 0);
  ++in_.meter.files_reused;
  in_.meter.bytes_reused += file.size_bytes();
  in_.meter.bytes_done += file.size_bytes();
  Conclude(job, Accepted::What::kReused, std::nullopt);
  return true;
}

// Claimed before it is read: many workers together keep the limit.
bool Mover::OverLimit(std::size_t size_bytes) {
  const auto limit = in_.options.max_transfer_bytes;
  if (limit == 0) return false;
  const auto before = claimed_bytes_.fetch_add(size_bytes);
  if (before == 0 || before + size_bytes <= limit) return false;
  claimed_bytes_ -= size_bytes;
  return true;
}

void Mover::GiveBack(std::size_t size_bytes) {
  if (in_.options.max_transfer_bytes > 0) claimed_bytes_ -= size_bytes;
}

Result<void> Mover::CopyPart(Job& job, std::stop_token stop) {
  FileRun& file = *job.file;
  Receipt receipt;
  if (!file.failed) {
    if (OverLimit(file.part_size(job.part_index))) {
      in_.halt("the limit on transferred bytes is reached");
      return {};
    }
    SF_TRY(receipt, CopyBytes(file, job.part_index, stop));
    if (!receipt && !file.failed) return {};  // asked to stop before anything was read
  }
  // In its place the next one may go.
  if (const std::size_t next = file.handed_out++; next < file.missing.size())
    in_.queue.AddParts(job.file, std::span(file.missing).subspan(next, 1));
  // The only part that is still out: its receipt goes with the end of the file.
  if (file.parts_left == 1) return Conclude(job, receipt, stop);
  // Accepted before it is counted: whoever counts the last part concludes the file, and nothing of
  // it may be accepted after that.
  if (receipt) {
    file.accepted = true;
    in_.committer.Accept({.what = Accepted::What::kPart,
                          .file = job.file,
                          .receipt = receipt,
                          .credit_bytes = job.credit_bytes,
                          .credit_parts = job.credit_parts});
  } else {
    in_.queue.ReturnCredit(job.credit_bytes, job.credit_parts);
  }
  job.credit_bytes = job.credit_parts = 0;
  if (--file.parts_left > 0) return {};
  return Conclude(job, std::nullopt, stop);
}

bool Mover::ReadsVersion(const FileRun& file) {
  const auto& task = file.record.task;
  return task.whole_object && file.part_count() == 1 && !task.etag.empty();
}

/// Whether only a second reading tells that what comes is what is stored.  Also when it cannot be
/// told.
bool Mover::MustReadTwice(const FileRun& file) {
  if (ReadsVersion(file)) return false;  // which compares by itself
  const auto place = file.source.backend->service_place();
  if (!place || !place->in_the_open) return false;
  if (!file.record.task.whole_object || place->compared_sum.empty()) return true;
  const auto told = file.source.backend->SumsOf(file.source.key);
  return !told || !told->sums.contains(place->compared_sum);
}

/// What travels whole is one request that compares version and bytes, where the source has one.
Result<storage::SummedRead> Mover::ReadSource(FileRun& file, std::uint32_t part,
                                              MutableByteSpan bytes) {
  const auto& task = file.record.task;
  auto& backend = *file.source.backend;
  if (ReadsVersion(file)) {
    const auto read = backend.ReadVersion(
        {.key = file.source.key, .size_bytes = task.size_bytes, .etag = task.etag}, bytes);
    // Once more by the way of larger files, which tells why.
    if (!read && read.error().code() != ErrorCode::kCorruption) return read.error();
    file.is_version = read && *read;
    if (file.is_version) return storage::SummedRead{.size_bytes = bytes.size()};
  }
  const std::uint64_t offset = task.offset + file.part_offset(part);
  auto read = backend.ReadSummed(file.source.key, offset, bytes);
  return read && file.is_read_twice ? ReadAgain(file, offset, bytes.first(read->size_bytes)) : read;
}

/// Until the same bytes have come twice, one after the other; `bytes` came once.
Result<storage::SummedRead> Mover::ReadAgain(FileRun& file, std::uint64_t offset,
                                             MutableByteSpan bytes) {
  constexpr int kTimes = 3;
  auto before = Xxh3_128(bytes);
  for (int i = 0; i < kTimes; ++i) {
    SF_TRY(const auto read, file.source.backend->ReadRange(file.source.key, offset, bytes));
    const auto now = Xxh3_128(bytes.first(read));
    if (read == bytes.size() && now == before) return storage::SummedRead{.size_bytes = read};
    before = now;
    LogWarning("transfer", "{}: other bytes came the second time from byte {} on",
               SourceName(file.record.task), offset);
  }
  return Error(ErrorCode::kUnavailable,
               fmt::format("other bytes come each time from byte {} on", offset))
      .WithHint("something on the way damages them");
}

/// No receipt: the file failed, or the run stops.
Result<Mover::Receipt> Mover::CopyBytes(FileRun& file, std::uint32_t part, std::stop_token stop) {
  if (file.by_service) return CopyByService(file, part, std::move(stop));
  const auto pass = in_.streamed.Enter(file.part_size(part), stop);
  if (!pass) return Receipt();
  auto buffer = in_.buffers.Acquire(stop, file.part_size(part));
  if (!buffer) return Receipt();
  const auto bytes = buffer->first(file.part_size(part));
  const auto& task = file.record.task;
  auto read = ReadSource(file, part, bytes);
  if (!read) {
    if (read.error().code() == ErrorCode::kCancelled) return std::move(read).error();
    // A place that pins the version it reads has noticed what Conclude will find out.
    if (read.error().code() == ErrorCode::kConflict) file.short_read = true;
    file.Fail(std::move(read).error().WithContext("reading " + SourceName(task)));
    return Receipt();
  }
  in_.meter.bytes_read += read->size_bytes;
  if (read->size_bytes != bytes.size()) {
    file.short_read = true;
    file.Fail(
        Error(ErrorCode::kCorruption,
              fmt::format("{} ends at byte {}, but {} bytes of it from byte {} are needed",
                          SourceName(task), task.offset + file.part_offset(part) + read->size_bytes,
                          task.size_bytes, task.offset)));
    return Receipt();
  }
  PartReceipt receipt{.part_index = part,
                      .size_bytes = static_cast<std::uint32_t>(bytes.size()),
                      .hash = read->hash ? *read->hash : Xxh3_128(bytes)};
  if (task.whole_object) receipt.source_checksum = read->checksum;
  SF_TRY(AtDestination(file, file.upload->PutPart(part, bytes)));
  if (file.failed) return Receipt();
  file.hashes[part] = receipt.hash;
  file.source_checksums[part] = receipt.source_checksum;
  in_.meter.bytes_done += bytes.size();
  in_.meter.bytes_moved += bytes.size();
  return Receipt(receipt);
}

/// Compares the source with what was planned, after the last byte was read from it.
Result<bool> Mover::SourceChanged(FileRun& file, std::string& etag_now) {
  const auto& task = file.record.task;
  SF_TRY(auto meta, file.source.backend->Stat(file.source.key));
  etag_now = meta.etag;
  if (task.whole_object && meta.size_bytes != task.size_bytes)
    return Error(file.record.task.etag == meta.etag ? ErrorCode::kCorruption : ErrorCode::kConflict,
                 fmt::format("{} has {} bytes, not the {} that were expected", SourceName(task),
                             meta.size_bytes, task.size_bytes));
  return !task.etag.empty() && meta.etag != task.etag;
}

// Every part was handed out and came back: complete the file, start it again, or record that it
// failed.
Result<void> Mover::Conclude(Job& job, Receipt receipt, std::stop_token stop) {
  FileRun& file = *job.file;
  if (file.stream_instead)
    return Restart(job, file.record.task.etag,
                   "the service has not copied " + SourceName(file.record.task) + " (" +
                       file.error().message() + ")");
  if (file.failed && !file.short_read) {
    Conclude(job, Accepted::What::kFailed, receipt);
    return {};
  }
  std::string etag_now;
  auto changed = file.is_version ? Result<bool>(false) : SourceChanged(file, etag_now);
  if (changed && *changed) return StartAgain(job, std::move(etag_now));
  // The source says that other bytes arrived than it has.
  if (!changed && !file.failed && changed.error().code() == ErrorCode::kCorruption &&
      file.restarts == 0)
    return Restart(job, file.record.task.etag, changed.error().message());
  if (!changed) {
    if (changed.error().code() == ErrorCode::kCancelled) return std::move(changed).error();
    file.FailInstead(std::move(changed).error());
  }
  if (file.failed) {
    // Only what contradicts the parts makes them worthless; a source that cannot be looked at now
    // does not.
    const auto code = file.error().code();
    const bool worthless = code == ErrorCode::kConflict || code == ErrorCode::kCorruption;
    if (worthless) SF_TRY(DropUpload(file));
    Conclude(job, worthless ? Accepted::What::kFailedAnew : Accepted::What::kFailed, receipt);
    return {};
  }
  auto completed = Complete(file, stop);
  if (completed && !file.upload) {
    ++(file.by_service ? in_.meter.files_by_service : in_.meter.files_moved);
    ConcludeJoined(job);
    return {};
  }
  if (completed && file.by_service) {
    auto told = in_.ends.to().SumsOf(file.to_key);
    if (told) return Settle(job, std::move(*told), std::move(stop));
    completed = std::move(told).error();
  }
  // The destination has lost parts that an earlier run put, or the upload.
  if (!completed && completed.error().code() == ErrorCode::kNotFound && file.restarts == 0)
    return Restart(job, file.record.task.etag, completed.error().message());
  SF_TRY(AtDestination(file, std::move(completed)));
  if (file.failed) {
    Conclude(job, Accepted::What::kFailed, receipt);
    return {};
  }
  const std::string etag = file.upload->completed_etag();
  const bool compared = file.upload->compared() && !in_.options.paranoid;
  const bool is_durable = in_.ends.to().capabilities().durable_on_complete;
  if (is_durable) file.upload.reset();
  file.source = {};  // its directory need not stay open until the file is journaled
  file.at_destination = true;
  // Asked by many workers rather than by the one committer, where there is something to see yet.
  if (!etag.empty())
    file.completed_etag_hash = EtagHash(etag);
  else if (is_durable)
    if (const auto meta = in_.ends.to().Stat(file.to_key))
      file.completed_etag_hash = EtagHash(meta->etag);
  ++in_.meter.files_moved;
  if (compared && file.completed_etag_hash != 0)
    ConcludeJoined(job);
  else
    Conclude(job, Accepted::What::kCompleted, receipt);
  return {};
}

/// Nothing of the file stays unfinished at the destination: not what this run has put, nor what an
/// earlier one has, which this run did not go on with.
Result<void> Mover::DropUpload(FileRun& file) {
  if (file.upload) return file.upload->Abort();
  if (!file.by_service || file.record.resume_token.empty()) return {};
  SF_TRY(AbortUpload(in_.ends.to(), file.to_key, file.record));
  return {};
}

// Read back by the one who found it, or compared by checksums.
void Mover::ConcludeJoined(Job& job) {
  FileRun& file = *job.file;
  file.source = {};
  file.at_destination = true;
  file.is_proved = true;
  in_.meter.bytes_verified += file.size_bytes();
  Conclude(job, Accepted::What::kVerified, std::nullopt);
}

void Mover::Conclude(Job& job, Accepted::What what, Receipt receipt) {
  if (what == Accepted::What::kFailed || what == Accepted::What::kFailedAnew) {
    const Error error = job.file->error();
    in_.meter.AddFailure({job.file->record.task.to_name, error.code(), error.message()});
  }
  job.file->accepted = true;
  in_.committer.Accept({.what = what,
                        .file = job.file,
                        .receipt = receipt,
                        .credit_bytes = job.credit_bytes,
                        .credit_parts = job.credit_parts});
}

// The source is another version than the one planned, or was read wrongly: all parts are void. Once
// more with the new identity; a source that changes faster than it can be read is a conflict.
Result<void> Mover::StartAgain(Job& job, std::string etag_now) {
  FileRun& file = *job.file;
  if (file.restarts > 0) {
    SF_TRY(DropUpload(file));
    file.Fail(Error(ErrorCode::kConflict,
                    fmt::format("{} changed twice while it was copied; copy it when nothing "
                                "writes to it",
                                SourceName(file.record.task))));
    Conclude(job, Accepted::What::kFailedAnew, std::nullopt);
    return {};
  }
  return Restart(job, std::move(etag_now),
                 SourceName(file.record.task) + " changed while it was copied");
}

Result<void> Mover::Restart(Job& job, std::string etag, const std::string& why) {
  FileRun& file = *job.file;
  SF_TRY(DropUpload(file));
  in_.meter.Warn(why + ": starting it again");
  in_.meter.TakeBack(file.size_bytes());
  FileRecord record = file.record;
  record.task.etag = std::move(etag);
  record.resume_token.clear();
  // The committer reads the record that it is given while a worker opens the file again.
  auto to_journal = std::make_shared<FileRun>(record);
  file.accepted = true;
  auto again = std::make_shared<FileRun>(std::move(record));
  again->restarts = file.restarts + (file.stream_instead ? 0 : 1);
  again->only_streamed = file.only_streamed || file.stream_instead;
  again->starts_anew = true;
  in_.committer.Accept({.what = Accepted::What::kRestarted,
                        .file = std::move(to_journal),
                        .replaced = job.file,
                        .credit_bytes = job.credit_bytes,
                        .credit_parts = job.credit_parts});
  in_.queue.AddAgain(again);
  return {};
}

Result<void> Mover::VerifyPart(Job& job, std::stop_token stop) {
  FileRun& file = *job.file;
  if (!file.failed) {
    const auto pass = in_.streamed.Enter(file.part_size(job.part_index), stop);
    if (!pass) return {};
    auto buffer = in_.buffers.Acquire(stop, file.part_size(job.part_index));
    if (!buffer) return {};
    SF_TRY(CheckPart(file, job.part_index, buffer->bytes()));
  }
  in_.meter.bytes_verified += file.part_size(job.part_index);
  if (--file.parts_left > 0) return {};
  auto what = Accepted::What::kVerified;
  if (file.failed)
    what = file.error().code() == ErrorCode::kCorruption ? Accepted::What::kFailedAnew
                                                         : Accepted::What::kFailed;
  Conclude(job, what, std::nullopt);
  return {};
}

/// An error ends the run; what is wrong with the file fails the file.
Result<void> Mover::CheckPart(FileRun& file, std::uint32_t part, MutableByteSpan buffer) {
  const auto bytes = buffer.first(file.part_size(part));
  const auto name = in_.ends.to_place().location.Child(file.record.task.to_name).ToString();
  const auto unreadable = [&](Error error) -> Result<void> {
    if (error.code() == ErrorCode::kCancelled) return error;
    file.Fail(std::move(error).WithContext("verifying " + name));
    return {};
  };
  if (bytes.empty()) {
    auto meta = in_.ends.to().Stat(file.to_key);
    if (!meta) return unreadable(std::move(meta).error());
    if (meta->size_bytes != 0)
      file.Fail(Error(ErrorCode::kCorruption, name + " is not empty as it was written"));
    return {};
  }
  auto read = in_.ends.to().ReadBack(file.to_key, file.part_offset(part), bytes);
  if (!read) return unreadable(std::move(read).error());
  if (*read != bytes.size() || Xxh3_128(bytes) != file.hashes[part]) {
    file.Fail(Error(ErrorCode::kCorruption,
                    fmt::format("{} does not read back as it was written (part at byte {})", name,
                                file.part_offset(part))));
  }
  return {};
}

}  // namespace stateferry::transfer
