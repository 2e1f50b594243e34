#pragma once
// Which files the service of both sides copies by itself, and whether a copy is one.
// docs/decisions/0009-copies-by-the-service.md.

#include <atomic>
#include <stop_token>

#include "base/buffer_pool.h"
#include "storage/service_copy.h"
#include "transfer/endpoints.h"
#include "transfer/file_run.h"
#include "transfer/meter.h"
#include "transfer/request.h"

namespace stateferry::transfer {

/// Shared by all workers of a run; thread-safe, each file by one worker at a time.
class ServiceCopies {
 public:
  struct Inputs {
    const std::string& id;
    Journal& journal;
    Endpoints& ends;
    const TransferOptions& options;
    Meter& meter;
    BufferPool& buffers;
  };
  explicit ServiceCopies(Inputs inputs) : in_(std::move(inputs)) {}

  enum class How { kStream, kWhole, kInParts };
  /// How a file with a source is copied.  Sets its copy_source; asks the service for the checksums
  /// of the source where its ETag is none.  Errors: kRefused: --server-side always, and it cannot.
  Result<How> Choose(FileRun& file);

  /// The service did not copy the file.  Success: it is to be streamed, and when no file was copied
  /// so far, all others are as well.  Errors: `why`, when streaming would not help or is not
  /// wanted.
  Result<void> Refused(const FileRun& file, Error why);

  /// A part was copied.
  void Worked() { worked_ = true; }

  /// Whether the object at the destination, of which `told` is known, has the content of the
  /// version that was to be copied.  Reads both when no checksum tells; the file then has a content
  /// hash. Errors: kConflict: the source is another version now; what reading returns; kCancelled.
  Result<bool> IsCopy(FileRun& file, storage::ObjectSums told, std::stop_token stop);

 private:
  Result<How> ChooseWhere(FileRun& file);
  Result<void> AskSource(FileRun& file);
  Result<storage::Alike> Compare(FileRun& file, storage::ObjectSums& told);
  Result<How> Stream(const FileRun& file, const std::string& why) const;
  void Give(const std::string& why, std::atomic<bool>& flag);

  const Inputs in_;
  std::atomic<bool> refused_{false};   ///< the first copy was not allowed
  std::atomic<bool> worked_{false};    ///< one was
  std::atomic<bool> unproved_{false};  ///< no checksum told that it was one
};

}  // namespace stateferry::transfer
