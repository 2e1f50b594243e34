#include "transfer/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/task_group.h"

namespace stateferry::transfer {

namespace {

Error Stopped() { return Error(ErrorCode::kCancelled, "stopped on request while comparing"); }

/// Fills `out` or reports that the object is shorter.
Result<bool> ReadFully(storage::Backend& backend, const std::string& key, std::uint64_t offset,
                       MutableByteSpan out) {
  SF_TRY(auto read, backend.ReadRange(key, offset, out));
  return read == out.size();
}

Result<bool> SameBytes(const FileTask& task, Endpoints& ends, MutableByteSpan buffer,
                       std::stop_token stop) {
  SF_TRY(auto source, ends.SourceOf(task));
  const auto to_key = ends.ToKey(task);
  const std::size_t half = std::max<std::size_t>(1, buffer.size() / 2);
  for (std::uint64_t at = 0; at < task.size_bytes;) {
    if (stop.stop_requested()) return Stopped();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(half, task.size_bytes - at));
    const auto ours = buffer.first(size);
    const auto theirs = buffer.subspan(half, size);
    SF_TRY(auto whole_source, ReadFully(*source.backend, source.key, task.offset + at, ours));
    SF_TRY(auto whole_target, ReadFully(ends.to(), to_key, at, theirs));
    if (!whole_source || !whole_target || std::memcmp(ours.data(), theirs.data(), size) != 0)
      return false;
    at += size;
  }
  SF_TRY(auto meta, source.backend->Stat(source.key));
  if (!task.etag.empty() && meta.etag != task.etag)
    return Error(ErrorCode::kConflict,
                 fmt::format("{} changed while it was compared with the destination",
                             task.from_dir.Child(task.from_name).ToString()));
  return true;
}

}  // namespace

Result<std::vector<bool>> CompareFiles(const std::vector<FileRecord>& files, Endpoints& ends,
                                       BufferPool& buffers, int workers, std::stop_token stop) {
  // vector<bool> packs bits: threads must not share its words.
  std::vector<char> same(files.size(), 0);
  std::atomic<std::size_t> next{0};
  TaskGroup group(stop);
  const auto threads = std::min<std::size_t>(files.size(), static_cast<std::size_t>(workers));
  for (std::size_t i = 0; i < threads; ++i)
    group.Start([&](std::stop_token group_stop) -> Result<void> {
      for (std::size_t at = next++; at < files.size(); at = next++) {
        auto buffer = buffers.Acquire(group_stop);
        if (!buffer) return Stopped();
        SF_TRY(const bool equal, SameBytes(files[at].task, ends, buffer->bytes(), group_stop));
        same[at] = equal ? 1 : 0;
      }
      return {};
    });
  SF_TRY(group.Wait());
  if (stop.stop_requested()) return Stopped();
  return std::vector<bool>(same.begin(), same.end());
}

}  // namespace stateferry::transfer
