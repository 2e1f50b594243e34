#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace stateferry {

/// How much of the time of this machine's processors nobody used.  Not thread-safe.
class IdleProcessors {
 public:
  /// `stat`: what the kernel counts, see proc_stat(5).
  explicit IdleProcessors(std::string stat = "/proc/stat") : stat_(std::move(stat)) {}

  /// From 0 to 1, since the last call, or since the machine was started: the share in which nothing
  /// ran and nothing that ran before waited for a disk.  None when the kernel does not tell, or
  /// nothing was counted yet.
  std::optional<double> operator()();

 private:
  const std::string stat_;
  std::uint64_t all_ = 0, idle_ = 0;
};

}  // namespace stateferry
