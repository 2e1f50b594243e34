#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace stateferry::transfer {

enum class TransferStatus { kPlanned, kRunning, kVerifying, kCommitted, kFailed, kCancelled };
std::string_view StatusName(TransferStatus status);  // "planned", ...

struct FileFailure {
  std::string name;
  ErrorCode code;
  std::string message;
};

/// Made from the journal.  Counters say what this run did, totals what the transfer is.
struct TransferReport {
  std::string id;  ///< 16 hex digits
  TransferStatus status = TransferStatus::kPlanned;
  bool already_done = false;  ///< an earlier run had finished it; nothing was moved
  std::uint64_t files_total = 0, bytes_total = 0;
  std::uint64_t files_done = 0;  ///< at the destination and verified, all runs together
  std::uint64_t files_moved = 0, bytes_moved = 0;    ///< this run
  std::uint64_t files_reused = 0, bytes_reused = 0;  ///< known by identity, not read
  /// Copied by the service that holds both sides; not counted as moved.
  std::uint64_t files_by_service = 0, bytes_by_service = 0;
  std::uint64_t files_skipped = 0, bytes_skipped = 0;  ///< identical at the destination
  std::uint64_t files_resumed = 0, bytes_resumed = 0;  ///< done by earlier runs
  std::uint64_t bytes_read = 0;                        ///< from the source by this run
  /// Managed destination, this run: put (the finalizer's objects too), of these there already, and
  /// what the rest takes.
  std::uint64_t plain_bytes = 0, duplicate_bytes = 0, stored_bytes = 0;
  std::uint64_t retries = 0;
  double seconds = 0;                 ///< this run, steady clock
  std::vector<FileFailure> failures;  ///< the first 1,000
  std::uint64_t failures_total = 0;
};

Json ToJson(const TransferReport& report);

}  // namespace stateferry::transfer
