#include "transfer/late_join.h"

#include <condition_variable>

#include "base/hash.h"

namespace stateferry::transfer {

namespace {

constexpr std::chrono::milliseconds kBetweenLooks{250};

Error StoppedWaiting() {
  return Error(ErrorCode::kCancelled, "stopped while a service was joining the parts of a file");
}

/// False: asked to stop.
bool Wait(std::chrono::milliseconds time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

Result<bool> HoldsTheParts(const FileRun& file, storage::Backend& to, BufferPool& buffers,
                           const std::stop_token& stop) {
  auto buffer = buffers.Acquire(stop);
  if (!buffer) return StoppedWaiting();
  for (std::uint32_t part = 0; part < file.part_count(); ++part) {
    if (stop.stop_requested()) return StoppedWaiting();
    const auto bytes = buffer->first(file.part_size(part));
    SF_TRY(const auto read, to.ReadRange(file.to_key, file.part_offset(part), bytes));
    if (read != bytes.size() || Xxh3_128(bytes) != file.hashes[part]) return false;
  }
  return true;
}

}  // namespace

Result<LateJoin> AwaitJoin(FileRun& file, const storage::UploadOptions& upload, Endpoints& ends,
                           BufferPool& buffers, std::chrono::milliseconds patience,
                           std::stop_token stop, const std::function<Result<bool>()>& is_ours) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (std::string looked_at;;) {
    auto meta = ends.to().Stat(file.to_key);
    if (!meta && meta.error().code() != ErrorCode::kNotFound) return std::move(meta).error();
    if (meta && meta->size_bytes == file.size_bytes() && meta->etag != looked_at) {
      SF_TRY(const bool ours, is_ours ? is_ours() : HoldsTheParts(file, ends.to(), buffers, stop));
      if (ours) {
        file.completed_etag_hash = EtagHash(meta->etag);
        return LateJoin::kOurs;
      }
      looked_at = std::move(meta->etag);
    }
    // A join that fails gives the parts back.
    auto resumed = ends.to().StartUpload(file.to_key, upload);
    if (resumed) {
      file.upload = std::move(*resumed);
      return LateJoin::kUploadIs;
    }
    if (resumed.error().code() != ErrorCode::kNotFound) return std::move(resumed).error();
    if (std::chrono::steady_clock::now() >= deadline) return LateJoin::kNotComing;
    if (!Wait(kBetweenLooks, stop)) return StoppedWaiting();
  }
}

}  // namespace stateferry::transfer
