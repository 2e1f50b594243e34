#include "transfer/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "transfer/old_plan.h"

namespace stateferry::transfer {

namespace {

constexpr std::uint64_t kDefaultPartBytes = 16u << 20;
constexpr std::uint64_t kMaxPartBytes = 64u << 20;
/// What the journal has room for (PartReceipt), and far more memory than a part should take.
constexpr std::uint64_t kLargestPartBytes = UINT32_MAX;
constexpr std::size_t kFilesPerWrite = 1024;

bool SameTask(const FileTask& a, const FileTask& b) {
  return a.from_dir == b.from_dir && a.from_name == b.from_name && a.to_name == b.to_name &&
         a.offset == b.offset && a.size_bytes == b.size_bytes && a.whole_object == b.whole_object &&
         a.etag == b.etag;
}

Result<void> CheckTask(const FileTask& task, const PlanInputs& inputs) {
  const storage::Location& to = inputs.request.to;
  SF_TRY(storage::CheckKey(task.to_name));
  const storage::Location source = task.from_dir.Child(task.from_name);
  const storage::Location target = to.Child(task.to_name);
  if (storage::IsWithin(source, target) && storage::IsWithin(target, source) &&
      (!inputs.service_of || inputs.service_of(source) == inputs.service_of(target)))
    return Error(ErrorCode::kRefused,
                 fmt::format("{} would be copied onto itself", to.Child(task.to_name).ToString()));
  if (!task.whole_object && task.offset + task.size_bytes < task.offset)
    return Error(ErrorCode::kInvalidArgument, task.from_name + ": the range is not in any file");
  return {};
}

/// Takes the listing one file at a time and writes what is new in batches.
class Planner {
 public:
  Planner(const PlanInputs& inputs, Journal* journal, Plan& plan, Meter& meter)
      : inputs_(inputs), journal_(journal), plan_(plan), meter_(meter) {
    if (journal_) old_.emplace(*journal_, plan_.record.id);
  }

  Result<void> Add(FileTask task) {
    if (!storage::CheckKey(task.from_name))
      return Refuse(task,
                    "no file can have that name, with an empty, \".\" or \"..\" part or of more "
                    "than 1,024 bytes");
    const std::uint64_t part_bytes =
        PartBytes(inputs_.options.part_bytes, task.size_bytes, inputs_.capabilities);
    if (part_bytes > kLargestPartBytes)
      return Refuse(task,
                    "in as many parts as the destination takes, they would be of more than 4 "
                    "GiB");
    SF_TRY(CheckTask(task, inputs_));
    const Hash128 name = Xxh3_128(AsBytes(task.to_name));
    plan_.names.push_back(name);
    ++plan_.record.files_total;
    plan_.record.bytes_total += task.size_bytes;
    meter_.files_total = plan_.record.files_total;
    meter_.bytes_total = plan_.record.bytes_total;
    std::optional<FileRecord> known;
    if (old_) {
      SF_TRY(known, old_->Take(task.to_name, name));
    }
    if (known) plan_.begun_before = true;
    if (known && SameTask(known->task, task)) {
      plan_.max_part_bytes = std::max(plan_.max_part_bytes, known->part_bytes);
      return {};
    }
    FileRecord file;
    file.part_bytes = part_bytes;
    file.task = std::move(task);
    if (known) {
      // What this transfer put there is its own to replace; anything half-made is of no use now.
      file.index = known->index;
      file.owned = known->owned;
      file.to_etag_hash = known->to_etag_hash;
      batch_.drop_receipts_of.push_back(file.index);
      SF_TRY(DropUpload(*known));
    } else {
      file.index = old_ ? old_->NextIndex() : 0;
    }
    plan_.max_part_bytes = std::max(plan_.max_part_bytes, file.part_bytes);
    changed_ = true;
    if (!journal_) return {};
    batch_.files.push_back(std::move(file));
    if (batch_.files.size() >= kFilesPerWrite) return WriteBatch();
    return {};
  }

  /// The others are moved nevertheless.
  Result<void> Refuse(const FileTask& task, std::string_view why) {
    meter_.AddFailure(
        {task.from_name, ErrorCode::kRefused,
         fmt::format("{}/{} is not copied: {}", task.from_dir.ToString(), task.from_name, why)});
    return {};
  }

  Result<void> Finish() {
    std::sort(plan_.names.begin(), plan_.names.end());
    SF_TRY(WriteBatch());
    SF_TRY(CheckDistinct());
    if (!old_) return {};
    Result<void> dropped;
    SF_TRY(old_->VisitNotTaken([&](const FileRecord& gone) {
      batch_.remove_files.push_back(gone.index);
      if (dropped) dropped = DropUpload(gone);
    }));
    SF_TRY(std::move(dropped));
    changed_ = changed_ || !batch_.remove_files.empty();
    return WriteBatch();
  }

  bool changed() const { return changed_; }

 private:
  Result<void> DropUpload(const FileRecord& old) const {
    if (old.resume_token.empty() || !inputs_.drop_upload) return {};
    return inputs_.drop_upload(old);
  }

  Result<void> WriteBatch() {
    if (!journal_ || batch_.empty()) return {};
    // A plain first plan needs no sync of its own: the record that completes the plan has one.
    if (batch_.drop_receipts_of.empty() && batch_.remove_files.empty()) {
      SF_TRY(journal_->AddFiles(plan_.record.id, batch_.files));
    } else {
      SF_TRY(journal_->Commit(plan_.record.id, batch_));
    }
    batch_ = {};
    return {};
  }

  Result<void> CheckDistinct() {
    const auto twice = std::adjacent_find(plan_.names.begin(), plan_.names.end());
    if (twice == plan_.names.end()) return {};
    std::string name;
    SF_TRY(inputs_.files([&](const FileTask& task) -> Result<void> {
      if (Xxh3_128(AsBytes(task.to_name)) == *twice) name = task.to_name;
      return {};
    }));
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("two files of the transfer would both become {}",
                             inputs_.request.to.Child(name).ToString()));
  }

  const PlanInputs& inputs_;
  Journal* const journal_;
  Plan& plan_;
  Meter& meter_;
  std::optional<OldPlan> old_;
  Journal::Batch batch_;
  bool changed_ = false;
};

Result<void> ListInto(Planner& planner, const FileLister& files, std::stop_token stop) {
  SF_TRY(files([&](FileTask task) -> Result<void> {
    if (stop.stop_requested())
      return Error(ErrorCode::kCancelled, "stopped on request while the files were listed");
    return planner.Add(std::move(task));
  }));
  return planner.Finish();
}

TransferRecord NewRecord(const TransferRequest& request, Clock& clock) {
  TransferRecord record;
  record.id = TransferId(request);
  record.kind = request.kind;
  record.from = request.from;
  record.to = request.to.ToUri();
  record.parameters = request.parameters;
  record.command = request.command;
  record.created = FormatTime(clock.Now());
  return record;
}

}  // namespace

std::string TransferId(const TransferRequest& request) {
  std::string identity;
  AppendLengthPrefixed(identity, request.kind);
  AppendLengthPrefixed(identity, request.from);
  AppendLengthPrefixed(identity, request.to.ToUri());
  AppendLengthPrefixed(identity, DumpJson(request.parameters));
  return Xxh3_128(AsBytes(identity)).ToHex().substr(0, 16);
}

std::uint64_t PartBytes(std::uint64_t asked_bytes, std::uint64_t size_bytes,
                        const storage::Capabilities& capabilities) {
  std::uint64_t part = asked_bytes == 0 ? kDefaultPartBytes : std::min(asked_bytes, kMaxPartBytes);
  const std::uint64_t max_parts = std::max<std::uint64_t>(1, capabilities.max_parts);
  part = std::max({part, capabilities.min_part_bytes, PartCount(size_bytes, max_parts)});
  return std::max<std::uint64_t>(1, std::min(part, capabilities.max_part_bytes));
}

Result<Plan> MakePlan(const PlanInputs& inputs, Journal& journal, Clock& clock, Meter& meter,
                      std::stop_token stop) {
  Plan plan;
  plan.record = NewRecord(inputs.request, clock);
  SF_TRY(auto earlier, journal.Find(plan.record.id));
  if (earlier) {
    plan.begun_before = earlier->plan_complete;
    plan.record.created = earlier->created;
    plan.record.status = earlier->status;
    plan.record.started = earlier->started;
    plan.record.last_objects = std::move(earlier->last_objects);
  } else {
    // So that a plan that was never finished is seen by `transfer list` and can be pruned.
    SF_TRY(journal.PutTransfer(plan.record));
  }
  Planner planner(inputs, &journal, plan, meter);
  if (auto listed = ListInto(planner, inputs.files, stop); !listed) {
    // Nothing was moved, and what could not be listed is no transfer to be looked after.
    if (!earlier) (void)journal.Remove(plan.record.id);
    return std::move(listed).error();
  }
  plan.committed_and_unchanged =
      earlier && earlier->status == TransferStatus::kCommitted && !planner.changed();
  plan.record.plan_complete = true;
  plan.record.updated = FormatTime(clock.Now());
  if (!plan.committed_and_unchanged) {
    plan.record.status = TransferStatus::kPlanned;
    SF_TRY(journal.PutTransfer(plan.record));
  }
  return plan;
}

Result<Plan> CountPlan(const PlanInputs& inputs, Clock& clock, Meter& meter, std::stop_token stop) {
  Plan plan;
  plan.record = NewRecord(inputs.request, clock);
  Planner planner(inputs, nullptr, plan, meter);
  SF_TRY(ListInto(planner, inputs.files, stop));
  return plan;
}

}  // namespace stateferry::transfer
