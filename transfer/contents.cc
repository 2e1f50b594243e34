#include "transfer/contents.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/task_group.h"
#include "transfer/plan.h"

namespace stateferry::transfer {

namespace {

constexpr std::size_t kFilesPerRead = 512;
constexpr unsigned kMaxReaders = 4;

class Checker {
 public:
  explicit Checker(const storage::Place& place) : place_(place) {}

  Result<void> Check(const std::vector<FileRecord>& files, std::stop_token stop) {
    std::atomic<std::size_t> next{0};
    TaskGroup readers(stop);
    const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1u, kMaxReaders);
    for (unsigned i = 0; i < count; ++i)
      readers.Start([&](std::stop_token token) -> Result<void> {
        std::vector<std::byte> buffer;
        for (std::size_t at = next++; at < files.size(); at = next++)
          SF_TRY(CheckFile(files[at], buffer, token));
        return {};
      });
    SF_TRY(readers.Wait());
    report_.files += files.size();
    return {};
  }
  Result<void> CheckLast(const std::vector<LastObjectReceipt>& objects) {
    report_.last_objects_known = true;
    for (const LastObjectReceipt& object : objects) {
      ++report_.files;
      const auto bytes = ReadLast(object);
      if (!bytes && bytes.error().code() == ErrorCode::kCancelled) return bytes.error();
      if (bytes) ++report_.compared;
      if (bytes) report_.bytes_read += bytes->size();
      if (bytes && Xxh3_128(AsBytes(*bytes)) == object.hash) continue;
      report_.problems.push_back(
          NameOf(object.to_name) + ": " +
          (bytes ? "not what the transfer left there" : bytes.error().message()));
    }
    return {};
  }
  ContentsReport Report() { return std::move(report_); }

 private:
  /// They are small enough to be read as one.
  Result<std::string> ReadLast(const LastObjectReceipt& object) {
    const std::string key = place_.Key(object.to_name);
    SF_TRY(const auto meta, place_.backend->Stat(key));
    if (meta.size_bytes == object.size_bytes)
      return storage::ReadAll(*place_.backend, key, object.size_bytes);
    return Error(ErrorCode::kCorruption, std::to_string(meta.size_bytes) + " bytes instead of " +
                                             std::to_string(object.size_bytes));
  }

  Result<void> CheckFile(const FileRecord& file, std::vector<std::byte>& buffer,
                         std::stop_token stop) {
    // What is not there yet, or failed, was never said to be whole.
    if (file.state != FileState::kDone) return {};
    const std::uint64_t size = file.task.size_bytes;
    const std::string key = place_.Key(file.task.to_name);
    // An object without bytes is there, too, or is not.
    auto meta = place_.backend->Stat(key);
    if (!meta) return Problem(file, meta.error());
    if (meta->size_bytes != size)
      return Problem(
          file, std::to_string(meta->size_bytes) + " bytes instead of " + std::to_string(size));
    std::vector<Hash128> hashes;
    for (std::uint64_t at = 0; at < size; at += file.part_bytes) {
      if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
      buffer.resize(static_cast<std::size_t>(std::min(file.part_bytes, size - at)));
      auto read = place_.backend->ReadRange(key, at, buffer);
      if (!read) return Problem(file, read.error());
      if (*read != buffer.size()) return Problem(file, "it became shorter while it was read");
      hashes.push_back(Xxh3_128(buffer));
    }
    std::lock_guard lock(mutex_);
    report_.bytes_read += size;
    if (!file.content && file.to_etag_hash == 0) return {};
    ++report_.compared;
    const bool same = file.content ? *file.content == ContentHash(size, hashes)
                                   : file.to_etag_hash == EtagHash(meta->etag);
    if (!same)
      report_.problems.push_back(NameOf(file.task.to_name) + ": not what the transfer left there");
    return {};
  }

  Result<void> Problem(const FileRecord& file, const Error& error) {
    if (error.code() == ErrorCode::kCancelled) return error;
    return Problem(file, error.message());
  }
  Result<void> Problem(const FileRecord& file, const std::string& what) {
    std::lock_guard lock(mutex_);
    report_.problems.push_back(NameOf(file.task.to_name) + ": " + what);
    return {};
  }
  std::string NameOf(const std::string& to_name) const {
    return place_.location.Child(to_name).ToString();
  }

  const storage::Place& place_;
  std::mutex mutex_;
  ContentsReport report_;  // guarded by mutex_
};

}  // namespace

Result<ContentsReport> CheckContents(const TransferRecord& record, Journal& journal,
                                     storage::Places& places, std::stop_token stop) {
  SF_TRY(const auto location, storage::ParseLocation(record.to));
  SF_TRY(const auto place, places.Open(location, storage::Access::kRead));
  Checker checker(place);
  for (std::uint64_t next = 0;;) {
    SF_TRY(const auto files, journal.Files(record.id, next, kFilesPerRead));
    if (files.empty()) break;
    next = files.back().index + 1;
    SF_TRY(checker.Check(files, stop));
  }
  if (record.last_objects) SF_TRY(checker.CheckLast(*record.last_objects));
  ContentsReport report = checker.Report();
  std::sort(report.problems.begin(), report.problems.end());
  return report;
}

}  // namespace stateferry::transfer
