#include "state/snapshot/read_through.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/task_group.h"

namespace stateferry::state::snapshot {
namespace {

constexpr std::size_t kBlockBytes = 4u << 20;
constexpr unsigned kMaxReaders = 4;

/// None when it was stopped.
std::optional<std::uint64_t> ReadOne(SourceObjects& objects, SnapshotFile& file, Bytes& block,
                                     std::stop_token stop) {
  std::uint64_t offset = 0;
  for (;;) {
    if (stop.stop_requested()) return std::nullopt;
    auto read = objects.Read(file.read_from, offset, block);
    if (!read) {
      file.problem = "unreadable: " + read.error().message();
      return offset;
    }
    offset += *read;
    if (*read < block.size()) break;
  }
  if (offset != file.size_bytes)
    file.problem =
        fmt::format("{}: {} bytes could be read of {}",
                    offset < file.size_bytes ? "shorter" : "longer", offset, file.size_bytes);
  return offset;
}

}  // namespace

Result<std::uint64_t> ReadThrough(SourceObjects& objects, std::vector<SnapshotFile>& files,
                                  std::stop_token stop) {
  std::atomic<std::size_t> next = 0;
  std::atomic<std::uint64_t> bytes = 0;
  TaskGroup readers(stop);
  const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1u, kMaxReaders);
  for (unsigned i = 0; i < count; ++i) {
    readers.Start([&](std::stop_token token) -> Result<void> {
      Bytes block(kBlockBytes);
      for (std::size_t at = next++; at < files.size(); at = next++) {
        // Each file is this reader's alone.
        if (!files[at].problem.empty()) continue;
        const auto read = ReadOne(objects, files[at], block, token);
        if (!read) return Error(ErrorCode::kCancelled, "stopped on request");
        bytes += *read;
      }
      return {};
    });
  }
  SF_TRY(readers.Wait());
  return bytes.load();
}

}  // namespace stateferry::state::snapshot
