#include "transfer/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/hash.h"
#include "base/task_group.h"
#include "transfer/plan.h"

namespace stateferry::transfer {

namespace {

Error StoppedComparing() {
  return Error(ErrorCode::kCancelled, "stopped on request while comparing");
}

/// The hash of a part; nothing when the object is shorter.
Result<std::optional<Hash128>> HashOf(storage::Backend& backend, const std::string& key,
                                      std::uint64_t offset, MutableByteSpan bytes) {
  SF_TRY(const auto read, backend.ReadRange(key, offset, bytes));
  std::optional<Hash128> hash;
  if (read == bytes.size()) hash = Xxh3_128(bytes);
  return hash;
}

Result<std::optional<Hash128>> Compare(const FileRecord& file, const CompareInputs& in,
                                       MutableByteSpan buffer, std::stop_token stop) {
  using Content = std::optional<Hash128>;
  const FileTask& task = file.task;
  SF_TRY(auto source, in.ends.SourceOf(task));
  const auto to_key = in.ends.ToKey(task);
  std::vector<Content> known(static_cast<std::size_t>(PartCount(task.size_bytes, file.part_bytes)));
  if (!file.resume_token.empty()) {
    SF_TRY(const auto receipts, in.journal.Receipts(in.id, file.index));
    for (const auto& receipt : receipts)
      if (receipt.part_index < known.size() && !receipt.by_service)
        known[receipt.part_index] = receipt.hash;
  }
  std::vector<Hash128> hashes;
  for (std::uint64_t at = 0; at < task.size_bytes; at += file.part_bytes) {
    if (stop.stop_requested()) return StoppedComparing();
    const auto bytes =
        buffer.first(static_cast<std::size_t>(std::min(file.part_bytes, task.size_bytes - at)));
    Content expected = known[hashes.size()];
    if (!expected) {
      SF_TRY(expected, HashOf(*source.backend, source.key, task.offset + at, bytes));
    }
    SF_TRY(const auto there, HashOf(in.ends.to(), to_key, at, bytes));
    if (!expected || there != expected) return Content();
    hashes.push_back(*there);
  }
  SF_TRY(auto meta, source.backend->Stat(source.key));
  if (!task.etag.empty() && meta.etag != task.etag)
    return Error(ErrorCode::kConflict,
                 fmt::format("{} changed while it was compared with the destination",
                             task.from_dir.Child(task.from_name).ToString()));
  return Content(ContentHash(task.size_bytes, hashes));
}

}  // namespace

Result<std::vector<std::optional<Hash128>>> CompareFiles(const std::vector<FileRecord>& files,
                                                         const CompareInputs& inputs,
                                                         std::stop_token stop) {
  std::vector<std::optional<Hash128>> contents(files.size());
  std::atomic<std::size_t> next{0};
  TaskGroup group(stop);
  const auto threads =
      std::min<std::size_t>(files.size(), static_cast<std::size_t>(inputs.workers));
  for (std::size_t i = 0; i < threads; ++i)
    group.Start([&](std::stop_token group_stop) -> Result<void> {
      for (std::size_t at = next++; at < files.size(); at = next++) {
        auto buffer = inputs.buffers.Acquire(group_stop);
        if (!buffer) return StoppedComparing();
        SF_TRY(contents[at], Compare(files[at], inputs, buffer->bytes(), group_stop));
      }
      return {};
    });
  SF_TRY(group.Wait());
  if (stop.stop_requested()) return StoppedComparing();
  return contents;
}

}  // namespace stateferry::transfer
