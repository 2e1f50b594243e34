#include "transfer/executor.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/idle_processors.h"
#include "base/task_group.h"
#include "transfer/committer.h"
#include "transfer/mover.h"
#include "transfer/under_way.h"
#include "transfer/work_queue.h"

namespace stateferry::transfer {

namespace {

/// Read but not journaled: what a killed run may have to read again.  With the parts that a crash
/// catches between reading and accepting it stays below 256 MiB.
constexpr std::uint64_t kMaxUncommittedBytes = 224u << 20;
constexpr std::uint64_t kMaxUncommittedParts = 8192;
/// Large ones at once, at first; streamed ones no fewer than there are processors.
constexpr std::uint64_t kFirstStreamed = 4, kFirstByService = 8;
constexpr std::uint64_t kFirstLeast = std::uint64_t{32} << 20;
constexpr auto kShowInterval = std::chrono::milliseconds(250);

/// Stops a run early, and remembers why.
class Brake {
 public:
  explicit Brake(std::stop_token parent)
      : link_(std::move(parent), [this] { Pull("stopped on request"); }) {}

  void Pull(const char* why) {
    const char* none = nullptr;
    reason_.compare_exchange_strong(none, why);
    source_.request_stop();
  }
  std::stop_token token() const { return source_.get_token(); }
  const char* reason() const { return reason_; }

 private:
  std::stop_source source_;
  std::atomic<const char*> reason_{nullptr};
  std::stop_callback<std::function<void()>> link_;
};

/// Shows progress and watches the time limit until stopped.
Result<void> WatchRun(Meter& meter, const TransferOptions& options, Brake& brake,
                      std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  const auto limit_s = static_cast<double>(options.max_duration.count());
  while (!stop.stop_requested()) {
    meter.Show();
    if (limit_s > 0 && meter.Seconds() >= limit_s) brake.Pull("the time limit is reached");
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, kShowInterval, [] { return false; });
  }
  return {};
}

/// Who says how many workers there are decides how much is under way.
std::uint64_t FirstBytes(const MoveInputs& in, std::uint64_t bytes) {
  return in.options.workers > 0 ? UINT64_MAX : std::max(bytes, kFirstLeast);
}

}  // namespace

Result<void> MoveFiles(const MoveInputs& in, std::stop_token stop) {
  Brake brake(std::move(stop));
  const bool verify =
      in.options.verify_after_write && !in.ends.to().capabilities().verified_on_flush;
  Committer committer({in.id, in.journal, in.ends, in.options, in.meter, verify,
                       [&brake] { brake.Pull("a commit failed"); }});
  WorkQueue queue(in.journal, in.id, {kMaxUncommittedBytes, kMaxUncommittedParts, in.workers},
                  [&committer] { committer.Hurry(); });
  committer.SetQueue(&queue);
  const std::uint64_t streams =
      std::max<std::uint64_t>(kFirstStreamed, std::thread::hardware_concurrency());
  UnderWay streamed(FirstBytes(in, streams * in.buffers.buffer_bytes()), in.clock,
                    IdleProcessors());
  UnderWay by_service(FirstBytes(in, kFirstByService * kLargeCopyBytes), in.clock,
                      IdleProcessors());
  ServiceCopies copies({in.id, in.journal, in.ends, in.options, in.meter, in.buffers});
  Mover mover({in.id, in.journal, in.ends, in.options, in.meter, in.buffers, queue, committer,
               copies, streamed, by_service, [&brake](const char* why) { brake.Pull(why); }});
  in.meter.SetPhase("copying");
  // What is moved from here on is read back as well.
  if (verify)
    in.meter.bytes_to_verify =
        in.meter.bytes_total - std::min(in.meter.bytes_done.load(), in.meter.bytes_total.load());

  TaskGroup watching;
  watching.Start([&](std::stop_token ended) {
    return WatchRun(in.meter, in.options, brake, std::move(ended));
  });
  TaskGroup committing;
  committing.Start([&](std::stop_token) { return committer.Run(); });
  TaskGroup working(brake.token());
  for (int i = 0; i < in.workers; ++i)
    working.Start([&](std::stop_token halted) { return mover.Run(std::move(halted)); });
  auto worked = working.Wait();
  // Whatever ended the work: what was accepted is still made durable and remembered.
  committer.Close();
  auto committed = committing.Wait();

  SF_TRY(std::move(committed));
  SF_TRY(const bool finished, queue.Finished());
  if (finished) return {};
  // The workers only say that they were stopped; the brake knows why.
  if (!worked && worked.error().code() != ErrorCode::kCancelled) return worked;
  if (brake.reason()) return Error(ErrorCode::kCancelled, brake.reason());
  return worked;
}

}  // namespace stateferry::transfer
