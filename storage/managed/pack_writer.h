#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file_io.h"
#include "storage/managed/pack_format.h"

namespace stateferry::storage::managed {

/// Writes one pack under a temporary name.  Append is thread-safe: places are handed out under a
/// mutex, bytes are written outside of it.  After any failed write the pack is of no use.
class PackWriter {
 public:
  static Result<std::unique_ptr<PackWriter>> Create(const FileIo& io, const PackHeader& header,
                                                    std::string temp_path);

  /// `entry` without its offset, which is returned.  Empty when the pack is closed: take another.
  Result<std::optional<std::uint64_t>> Append(PackEntry entry, ByteSpan stored);
  /// Takes no more entries by Append, and waits for those under way.
  void Close();
  /// Entries behind the others, after Close and by one thread; one write for all.
  struct Record {
    EntryKind kind;
    Hash128 key_hash;
    std::string bytes;
  };
  Result<void> AppendRecords(const std::vector<Record>& records);
  /// Footer, fsync, and every entry read back and compared.  After Close.  The file is then ready
  /// for its final name.
  Result<void> Finish();

  const PackHeader& header() const { return header_; }
  const std::string& temp_path() const { return temp_path_; }
  std::uint64_t size_bytes() const;
  bool empty() const;
  /// The length of the whole file, after Finish.
  std::uint64_t file_bytes() const { return file_bytes_; }
  /// Complete after Close and AppendRecords.
  const std::vector<PackEntry>& entries() const { return entries_; }

 private:
  PackWriter(PackHeader header, std::string temp_path, File file, std::uint64_t offset)
      : header_(std::move(header)),
        temp_path_(std::move(temp_path)),
        file_(std::move(file)),
        next_offset_(offset),
        hinted_to_(offset) {}

  const PackHeader header_;
  const std::string temp_path_;
  File file_;

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::vector<PackEntry> entries_;  // guarded by mutex_ until Close
  std::uint64_t next_offset_;       // guarded by mutex_
  std::uint64_t hinted_to_;         // guarded by mutex_
  std::uint64_t file_bytes_ = 0;
  int writes_under_way_ = 0;          // guarded by mutex_
  bool closed_ = false;               // guarded by mutex_
  std::optional<Error> write_error_;  // guarded by mutex_
};

}  // namespace stateferry::storage::managed
