#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/buffer_pool.h"
#include "transfer/committer.h"
#include "transfer/endpoints.h"
#include "transfer/file_run.h"
#include "transfer/late_join.h"
#include "transfer/meter.h"
#include "transfer/request.h"
#include "transfer/service_copies.h"
#include "transfer/under_way.h"
#include "transfer/work_queue.h"

namespace stateferry::transfer {

/// What a service copies in one request counts no more than this: it moves no byte here.
inline constexpr std::uint64_t kLargeCopyBytes = std::uint64_t{64} << 20;

/// What every worker does: takes the next job, moves or checks one part.  Stateless between jobs
/// (but for the limit on bytes) and shared by all workers; thread-safe.
class Mover {
 public:
  struct Inputs {
    const std::string& id;
    Journal& journal;
    Endpoints& ends;
    const TransferOptions& options;
    Meter& meter;
    BufferPool& buffers;
    WorkQueue& queue;
    Committer& committer;
    ServiceCopies& copies;
    UnderWay& streamed;                     ///< what is read and written, or read back
    UnderWay& by_service;                   ///< what services copy, each at most kLargeCopyBytes
    std::function<void(const char*)> halt;  ///< a limit is reached (which): stop resumably
  };
  explicit Mover(Inputs inputs) : in_(std::move(inputs)) {}

  /// Body of a worker's thread.  An error ends the run; what concerns one file only is recorded
  /// with that file.
  Result<void> Run(std::stop_token stop);

 private:
  using Receipt = std::optional<PartReceipt>;

  Result<void> OpenFile(Job& job, std::stop_token stop);
  Result<void> OpenWritten(Job& job, std::stop_token stop);
  Result<bool> Reuse(Job& job);
  Result<std::vector<std::uint32_t>> OpenUpload(FileRun& file, std::stop_token stop);
  void RememberUpload(const std::shared_ptr<FileRun>& file);
  static void RecallRead(const FileRun& file, const PartReceipt& receipt);
  storage::UploadOptions OptionsOf(const FileRun& file);
  Result<void> StartUpload(FileRun& file);
  Result<void> NameUpload(FileRun& file, std::string token);
  bool IsJoined(const FileRun& file);
  Result<void> NameEnd(FileRun& file);
  Result<bool> JoinedUnheard(FileRun& file, const std::vector<PartReceipt>& receipts,
                             std::stop_token stop);
  Result<LateJoin> Await(FileRun& file, std::stop_token stop);
  Result<void> Complete(FileRun& file, std::stop_token stop);
  Result<void> CopyPart(Job& job, std::stop_token stop);
  static bool ReadsVersion(const FileRun& file);
  static bool MustReadTwice(const FileRun& file);
  static Result<storage::SummedRead> ReadAgain(FileRun& file, std::uint64_t offset,
                                               MutableByteSpan bytes);
  static Result<storage::SummedRead> ReadSource(FileRun& file, std::uint32_t part,
                                                MutableByteSpan bytes);
  Result<Receipt> CopyBytes(FileRun& file, std::uint32_t part, std::stop_token stop);
  Result<bool> CopyWhole(Job& job, std::stop_token stop);
  std::optional<UnderWay::Pass> EnterService(std::uint64_t size_bytes, std::stop_token stop);
  Result<Receipt> CopyByService(FileRun& file, std::uint32_t part, std::stop_token stop);
  Result<void> Settle(Job& job, storage::ObjectSums told, std::stop_token stop);
  Result<bool> IsCopyThere(FileRun& file, std::stop_token stop);
  Result<bool> GoesOn(FileRun& file, const std::vector<PartReceipt>& receipts);
  Result<void> Conclude(Job& job, Receipt receipt, std::stop_token stop);
  void ConcludeJoined(Job& job);
  Result<bool> SourceChanged(FileRun& file, std::string& etag_now);
  Result<void> StartAgain(Job& job, std::string etag_now);
  Result<void> Restart(Job& job, std::string etag, const std::string& why);
  Result<void> VerifyPart(Job& job, std::stop_token stop);
  Result<void> CheckPart(FileRun& file, std::uint32_t part, MutableByteSpan buffer);
  void Conclude(Job& job, Accepted::What what, Receipt receipt);
  bool OverLimit(std::size_t size_bytes);
  /// What OverLimit has claimed and nobody has read or copied.
  void GiveBack(std::size_t size_bytes);
  Result<void> DropUpload(FileRun& file);
  Result<void> AtDestination(FileRun& file, Result<void> outcome);

  const Inputs in_;
  std::atomic<std::uint64_t> claimed_bytes_{0};  ///< read by this run, or about to be
};

}  // namespace stateferry::transfer
