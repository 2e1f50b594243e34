#include "transfer/committer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace stateferry::transfer {

namespace {
/// A commit holds at most about this many files and parts.
constexpr std::size_t kEntriesPerCommit = 4096;

bool EndsFile(Accepted::What what) {
  return what == Accepted::What::kCompleted || what == Accepted::What::kReused ||
         what == Accepted::What::kFailed || what == Accepted::What::kFailedAnew;
}
}  // namespace

void Committer::Accept(Accepted entry) {
  std::lock_guard lock(mutex_);
  if (broken_) return;
  accepted_bytes_ += entry.credit_bytes;
  entries_.push_back(std::move(entry));
  if (entries_.size() == 1 || entries_.size() >= kEntriesPerCommit ||
      accepted_bytes_ >= in_.options.commit_bytes)
    wake_.notify_one();
}

void Committer::Hurry() {
  std::lock_guard lock(mutex_);
  // With nothing to commit a commit is under way, and brings the workers what they wait for.
  hurry_ = !entries_.empty();
  wake_.notify_one();
}

void Committer::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  wake_.notify_one();
}

Result<void> Committer::Run() {
  for (;;) {
    std::vector<Accepted> entries;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return closed_ || !entries_.empty(); });
      wake_.wait_for(lock, Interval(), [&] {
        return closed_ || hurry_ || entries_.size() >= kEntriesPerCommit ||
               accepted_bytes_ >= in_.options.commit_bytes;
      });
      if (entries_.empty() && closed_) return {};
      entries.swap(entries_);
      accepted_bytes_ = 0;
      hurry_ = false;
    }
    auto committed = Commit(entries);
    if (committed) continue;
    {
      std::lock_guard lock(mutex_);
      broken_ = true;
    }
    in_.on_failure();
    return committed;
  }
}

// An object store has made durable what it accepted, and nothing is gained by collecting for a
// Flush: a run that is killed moves hardly more again than what was in flight.
std::chrono::milliseconds Committer::Interval() const {
  constexpr std::chrono::milliseconds kSoon{50};
  const auto interval = in_.options.commit_interval;
  return in_.ends.to().capabilities().durable_on_complete ? std::min(interval, kSoon) : interval;
}

Result<void> Committer::Commit(std::vector<Accepted>& entries) {
  bool wrote = false;
  for (const auto& entry : entries) wrote = wrote || entry.what != Accepted::What::kVerified;
  if (wrote) SF_TRY(in_.ends.to().Flush());
  for (const auto& entry : entries) NoteIdentity(entry);
  SF_TRY(in_.journal.Commit(in_.id, MakeBatch(entries)));
  Release(entries);
  return {};
}

// Now the object has its name, and nobody but this thread uses the file.
void Committer::NoteIdentity(const Accepted& entry) const {
  FileRun& file = *entry.file;
  if (entry.what == Accepted::What::kVerified && file.is_proved) {
    file.record.to_etag_hash = file.completed_etag_hash;
    if (!file.by_service) file.record.content = ContentHash(file.size_bytes(), file.hashes);
    return;
  }
  if (entry.what != Accepted::What::kCompleted && entry.what != Accepted::What::kReused) return;
  file.record.to_etag_hash = file.completed_etag_hash;
  if (const auto upload = std::move(file.upload); upload && file.record.to_etag_hash == 0)
    if (const auto etag = upload->completed_etag(); !etag.empty())
      file.record.to_etag_hash = EtagHash(etag);
  if (file.record.to_etag_hash == 0) {
    // Without an answer the next run looks at the size alone.
    const auto meta = in_.ends.to().Stat(file.to_key);
    if (meta) file.record.to_etag_hash = EtagHash(meta->etag);
  }
  file.record.content.reset();
  if (entry.what == Accepted::What::kCompleted)
    file.record.content = ContentHash(file.size_bytes(), file.hashes);
}

FileRun::Committing& Committer::NotesOf(FileRun& file) const {
  auto& notes = file.committing;
  if (notes.batch != batch_number_) {
    notes.batch = batch_number_;
    // Nothing of a file counts after the batch that concluded it.
    notes.void_before = notes.concluded ? SIZE_MAX : 0;
  }
  return notes;
}

Journal::Batch Committer::MakeBatch(std::vector<Accepted>& entries) {
  ++batch_number_;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& notes = NotesOf(*entries[i].file);
    if (entries[i].replaced) {
      auto& replaced = NotesOf(*entries[i].replaced);
      replaced.void_before = SIZE_MAX;
      replaced.concluded = true;
    }
    if (entries[i].what == Accepted::What::kFailedAnew)
      notes.void_before = std::max(notes.void_before, i + 1);
    if (EndsFile(entries[i].what)) notes.concluded = true;
  }
  Journal::Batch batch;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    FileRun& file = *entries[i].file;
    if (file.starts_anew && !std::exchange(file.committing.receipts_dropped, true))
      batch.drop_receipts_of.push_back(file.record.index);
    Add(entries[i], i, batch);
  }
  return batch;
}

bool Committer::KeepsReceipts(const Accepted& entry, std::size_t position) const {
  const auto& notes = entry.file->committing;
  if (!entry.receipt || position < notes.void_before) return false;
  // A file that needs no verifying is done with this very commit: nobody will ask for its parts.
  return in_.verify || !notes.concluded || entry.file->failed;
}

void Committer::Add(Accepted& entry, std::size_t position, Journal::Batch& batch) {
  auto& notes = entry.file->committing;
  if (KeepsReceipts(entry, position))
    batch.parts.push_back({entry.file->record.index, *entry.receipt});
  if (entry.what == Accepted::What::kPart) {
    if (notes.concluded || notes.token_journaled || position < notes.void_before) return;
    notes.token_journaled = true;
    batch.files.push_back(entry.file->record);
    return;
  }
  FileRecord record = entry.file->record;
  record.error.clear();
  switch (entry.what) {
    case Accepted::What::kCompleted:
      record.state = in_.verify ? FileState::kWritten : FileState::kDone;
      record.owned = true;
      record.resume_token.clear();
      break;
    case Accepted::What::kReused:
    case Accepted::What::kVerified:
      record.state = FileState::kDone;
      record.owned = true;
      record.resume_token.clear();
      break;
    case Accepted::What::kFailedAnew:
      batch.drop_receipts_of.push_back(record.index);
      record.resume_token.clear();
      [[fallthrough]];
    case Accepted::What::kFailed:
      record.state = FileState::kFailed;
      record.owned = record.owned || entry.file->at_destination;
      if (entry.what == Accepted::What::kFailed && entry.file->at_destination) {
        // Written, but it could not be read back: the next run tries that again.
        record.state = FileState::kWritten;
        record.resume_token.clear();
      }
      record.error = entry.file->error().message();
      break;
    case Accepted::What::kRestarted:
      batch.drop_receipts_of.push_back(record.index);
      record.state = FileState::kPending;
      break;
    case Accepted::What::kPart: break;
  }
  batch.files.push_back(std::move(record));
}

void Committer::Release(std::vector<Accepted>& entries) {
  std::uint64_t bytes = 0, parts = 0;
  for (const auto& entry : entries) {
    bytes += entry.credit_bytes;
    parts += entry.credit_parts;
  }
  queue_->ReturnCredit(bytes, parts);
  for (const auto& entry : entries) {
    switch (entry.what) {
      case Accepted::What::kCompleted:
        if (in_.verify) {
          queue_->AddVerify(entry.file);
          break;
        }
        [[fallthrough]];
      case Accepted::What::kReused:
      case Accepted::What::kVerified:
        ++in_.meter.files_done;
        LogDebug("transfer", "{} is done", entry.file->record.task.to_name);
        queue_->Settle();
        break;
      case Accepted::What::kFailed:
      case Accepted::What::kFailedAnew: queue_->Settle(); break;
      case Accepted::What::kPart:
      case Accepted::What::kRestarted: break;
    }
  }
}

}  // namespace stateferry::transfer
