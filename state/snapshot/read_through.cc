#include "state/snapshot/read_through.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "state/snapshot/each_index.h"

namespace stateferry::state::snapshot {
namespace {

constexpr std::size_t kBlockBytes = 4u << 20;
constexpr unsigned kMaxReaders = 4;

/// Returns the bytes read.  Errors: kCancelled.
Result<std::uint64_t> ReadOne(SourceObjects& objects, SnapshotFile& file, std::stop_token stop) {
  Bytes block(static_cast<std::size_t>(std::min<std::uint64_t>(file.size_bytes, kBlockBytes)) + 1);
  std::uint64_t offset = 0;
  for (;;) {
    if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
    auto read = objects.Read(file.read_from, offset, block);
    if (!read && read.error().code() == ErrorCode::kCancelled) return read.error();
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
  std::atomic<std::uint64_t> bytes = 0;
  const unsigned readers = std::clamp(std::thread::hardware_concurrency(), 1u, kMaxReaders);
  SF_TRY(ForEachIndex(files.size(), readers, stop, [&](std::size_t i) -> Result<void> {
    if (!files[i].problem.empty()) return {};
    SF_TRY(const std::uint64_t read, ReadOne(objects, files[i], stop));
    bytes += read;
    return {};
  }));
  return bytes.load();
}

}  // namespace stateferry::state::snapshot
