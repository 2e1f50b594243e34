#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace stateferry::transfer {

/// A point-in-time view of a running transfer.
struct Progress {
  std::string id;
  std::string_view phase;  ///< "planning", "copying", "verifying", "committing"
  std::uint64_t bytes_done = 0, bytes_total = 0;
  std::uint64_t files_done = 0, files_total = 0;
  /// Read back from the destination to compare, which is work of its own; total 0: nothing to.
  std::uint64_t verify_bytes_done = 0, verify_bytes_total = 0;
  /// Managed destination: what this run has put there, how much of it was there already, and what
  /// the rest takes.
  std::uint64_t plain_bytes = 0, duplicate_bytes = 0, stored_bytes = 0;
  std::uint64_t reused_bytes = 0;
  std::uint64_t retries = 0;
  double rate_bytes_per_s = 0;  ///< copied and verified, over the last seconds; 0 = not known yet
  double eta_seconds = -1;      ///< -1 = unknown
  /// Of a clone: its items, by kind, stand for files; the job whose bytes are moved just now.
  struct Kind {
    std::uint64_t done = 0, total = 0, failed = 0;
  };
  std::map<std::string, Kind> kinds = {};
  std::string job = {};
};

/// Called from one thread at a time, at most a few times a second, plus once per warning.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void OnProgress(const Progress& progress) = 0;
  virtual void OnWarning(std::string_view message) = 0;
};

/// Shows nothing.
class NullProgress final : public ProgressSink {
 public:
  void OnProgress(const Progress&) override {}
  void OnWarning(std::string_view) override {}
};

}  // namespace stateferry::transfer
