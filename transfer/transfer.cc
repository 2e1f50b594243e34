#include "transfer/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "storage/managed/managed_store.h"
#include "transfer/endpoints.h"
#include "transfer/executor.h"
#include "transfer/meter.h"
#include "transfer/plan.h"
#include "transfer/review.h"
#include "transfer/unfinished.h"

namespace stateferry::transfer {

namespace {

constexpr int kMaxLocalWorkers = 8;
constexpr int kBucketWorkers = 16;

/// A store in a bucket too: its packs are read over the network.
bool IsOverNetwork(const std::string& uri) {
  return storage::IsInBucket(uri) || uri.starts_with("managed+");
}

int Workers(const TransferRecord& record, const TransferOptions& options) {
  if (options.workers > 0) return options.workers;
  if (IsOverNetwork(record.from) || IsOverNetwork(record.to)) return kBucketWorkers;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, kMaxLocalWorkers);
}

/// Writes where a run is, or how it ended, into the transfer's record.
Result<void> PutStatus(TransferRecord& record, TransferStatus status, const std::string& error,
                       const Meter& meter, const TransferEnv& env) {
  TransferRecord changed = record;
  changed.status = status;
  changed.error = error;
  changed.updated = FormatTime(env.clock.Now());
  changed.summary = DumpJson(ToJson(meter.Report(status)));
  SF_TRY(env.journal.PutTransfer(changed));
  record = std::move(changed);
  return {};
}

Result<TransferReport> Commit(Plan& plan, const Finalizer& finalize, Meter& meter,
                              const TransferEnv& env) {
  meter.SetPhase("committing");
  meter.Show();
  std::vector<LastObjectReceipt> last_objects;
  if (finalize) {
    SF_TRY(last_objects, finalize());
  }
  plan.record.last_objects = std::move(last_objects);
  SF_TRY(PutStatus(plan.record, TransferStatus::kCommitted, "", meter, env));
  // Verified and committed: nobody will ask for the hashes of parts again.  What is left of them
  // does no harm.
  if (auto dropped = env.journal.DropReceipts(plan.record.id); !dropped)
    meter.Warn(dropped.error().message());
  meter.Show();
  return meter.Report(TransferStatus::kCommitted);
}

Result<TransferReport> Execute(const TransferRequest& request, Plan& plan, Endpoints& ends,
                               const Finalizer& finalize, const TransferOptions& options,
                               Meter& meter, const TransferEnv& env) {
  const auto& id = plan.record.id;
  const int workers = Workers(plan.record, options);
  BufferPool buffers(static_cast<std::size_t>(plan.max_part_bytes),
                     static_cast<std::size_t>(options.buffer_bytes));
  SF_TRY(auto left,
         ReviewDestination({plan, ends, env.journal, options, buffers, workers, meter}, env.stop));
  if (left == 0 && plan.committed_and_unchanged) {
    std::vector<LastObjectReceipt> last_objects;
    if (finalize) {
      SF_TRY(last_objects, finalize());
    }
    // A record of an older version learns here what it did not know.
    if (plan.record.last_objects != last_objects) {
      plan.record.last_objects = std::move(last_objects);
      SF_TRY(PutStatus(plan.record, TransferStatus::kCommitted, "", meter, env));
    }
    auto report = meter.Report(TransferStatus::kCommitted);
    report.already_done = true;
    return report;
  }
  plan.record.started = true;
  plan.record.last_objects.reset();
  SF_TRY(PutStatus(plan.record, TransferStatus::kRunning, "", meter, env));
  if (request.before_moving) SF_TRY(request.before_moving());
  SF_TRY(MoveFiles({id, env.journal, ends, options, buffers, workers, meter, env.clock}, env.stop));
  if (meter.has_failures()) {
    auto report = meter.Report(TransferStatus::kFailed);
    SF_TRY(PutStatus(plan.record, report.status, report.failures.front().message, meter, env));
    return report;
  }
  return Commit(plan, finalize, meter, env);
}

Result<TransferReport> DryRun(const TransferRequest& request, const FileLister& files,
                              const TransferOptions& options, Meter& meter,
                              const TransferEnv& env) {
  const storage::Capabilities any;
  const auto service_of = [&](const storage::Location& at) { return env.places.ServiceOf(at); };
  SF_TRY(auto plan,
         CountPlan({request, files, options, any, {}, service_of}, env.clock, meter, env.stop));
  return meter.Report(TransferStatus::kPlanned);
}

/// Places count retries; a managed destination knows which bytes it had already and what it stored.
Result<void> MeterPlaces(const TransferRequest& request, Meter& meter, const TransferEnv& env) {
  meter.SetRetries([&env] { return env.places.retries(); });
  SF_TRY(auto* store, env.places.ManagedStore(request.to, storage::Access::kWrite));
  if (!store) return {};
  meter.SetStored([store] {
    const auto stats = store->write_stats();
    return Meter::Stored{.plain_bytes = stats.plain_bytes,
                         .duplicate_bytes = stats.duplicate_bytes,
                         .stored_bytes = stats.stored_bytes};
  });
  return {};
}

Error Stopped(const Error& error, const Meter& meter) {
  return Error(ErrorCode::kCancelled,
               fmt::format("{}: {} of {} files and {} of {} bytes are done", error.message(),
                           meter.files_done.load(), meter.files_total.load(),
                           meter.bytes_done.load(), meter.bytes_total.load()))
      .WithHint(meter.bytes_done.load() > 0 || meter.files_done.load() > 0
                    ? "the same command goes on from there"
                    : "no part was finished, so the same command begins again: give it more time, "
                      "or a smaller --part-size");
}

}  // namespace

Result<TransferReport> RunTransfer(const TransferRequest& request, const FileLister& files,
                                   const Finalizer& finalize, const TransferOptions& options,
                                   const TransferEnv& env) {
  Meter meter(TransferId(request), env.clock, env.progress);
  if (options.dry_run) return DryRun(request, files, options, meter, env);
  SF_TRY(auto ends, Endpoints::Open(env.places, request.to, storage::Access::kWrite));
  SF_TRY(MeterPlaces(request, meter, env));
  const auto capabilities = ends->to().capabilities();
  const auto drop_upload = [&](const FileRecord& file) -> Result<void> {
    SF_TRY(AbortUpload(ends->to(), ends->ToKey(file.task), file));
    return ends->to().Flush();
  };
  const auto service_of = [&](const storage::Location& at) { return env.places.ServiceOf(at); };
  SF_TRY(auto plan, MakePlan({request, files, options, capabilities, drop_upload, service_of},
                             env.journal, env.clock, meter, env.stop));
  LogInfo("transfer", "{} {}: {} {} -> {}, {} files, {} bytes", plan.record.id,
          plan.begun_before ? "goes on" : "starts", request.kind, request.from,
          request.to.ToString(), meter.files_total.load(), meter.bytes_total.load());
  auto report = Execute(request, plan, *ends, finalize, options, meter, env);
  if (report) {
    LogInfo("transfer", "{} {}: {} of {} files are done, {} bytes read in {:.1f} s", plan.record.id,
            report->already_done ? "has nothing to do" : StatusName(report->status),
            report->files_done, report->files_total, report->bytes_read, report->seconds);
    return report;
  }
  const bool cancelled = report.error().code() == ErrorCode::kCancelled;
  Error error = cancelled ? Stopped(report.error(), meter) : report.error();
  // What was committed stays so until a run begins to move.  Else best effort: on a full disk even
  // this may fail, and what happened first is what counts.
  if (plan.record.status != TransferStatus::kCommitted)
    (void)PutStatus(plan.record, cancelled ? TransferStatus::kCancelled : TransferStatus::kFailed,
                    error.message(), meter, env);
  LogInfo("transfer", "{} ends: {}", plan.record.id, error.message());
  return error;
}

}  // namespace stateferry::transfer
