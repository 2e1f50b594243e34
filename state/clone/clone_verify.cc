#include "state/clone/clone_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "state/clone/entity_check.h"
#include "state/snapshot/relocate.h"
#include "transfer/contents.h"

namespace stateferry::state::clone {

namespace {

class Verifier {
 public:
  Verifier(const workflow::Run& run, const ItemWalk& walk, const VerifyEnv& env)
      : run_(run), walk_(walk), env_(env) {}

  Result<CloneVerifyReport> Verify() {
    SF_TRY(const auto target, FindSide("target", run_.target, env_.catalog, findings_));
    if (!target) {
      SF_TRY(workflow::FirstError(std::move(findings_).Take()));
      return Error(ErrorCode::kInternal, "a missing project without a finding");
    }
    workflow::Findings unsaid;  // a source that is gone is no fault of its copy
    SF_TRY(const auto source, FindSide("source", run_.source, env_.catalog, unsaid));
    SF_TRY(const auto contents, ReadProject(env_.catalog, run_.target));
    SF_TRY(const auto names, ReadTakenNames(env_.catalog, run_.target));
    EntityCheck entities(*target, source, contents, names, findings_);
    SF_TRY(walk_([&](const workflow::Item& item) -> Result<void> {
      const bool made = item.status == workflow::ItemStatus::kSucceeded ||
                        item.status == workflow::ItemStatus::kDegradedStateless;
      if (!made) return {};
      ++report_.entities;
      entities.Check(item, files_);
      // The record of an item says what was planned; one that lost its state has none (C-44).
      const bool has_state =
          !item.snapshot_to.empty() && item.status == workflow::ItemStatus::kSucceeded;
      return has_state ? CheckState(item) : Result<void>();
    }));
    SF_TRY(CheckAllFiles());
    report_.findings = std::move(findings_).Take();
    return std::move(report_);
  }

 private:
  /// Jars that many jobs share are read once.
  Result<void> CheckAllFiles() {
    const auto place = [](const FileCheck& check) {
      return std::tuple(check.at.ToString(), check.from.empty(), check.hash.empty());
    };
    std::stable_sort(files_.begin(), files_.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
    // Of those of one place the first knows most of what to compare with.
    files_.erase(std::unique(files_.begin(), files_.end(),
                             [](const auto& a, const auto& b) { return a.at == b.at; }),
                 files_.end());
    SF_TRY(const auto checked, CheckFiles(files_, env_.places, env_.stop, findings_));
    report_.files = checked.files;
    report_.files_compared = checked.compared;
    report_.bytes_read += checked.bytes_read;
    return {};
  }

  Result<void> CheckState(const workflow::Item& item) {
    ++report_.snapshots;
    SF_TRY(const auto location, storage::ParseLocation(item.snapshot_to));
    const auto verified =
        snapshot::VerifySnapshot(env_.places, location, snapshot::VerifyLevel::kHash, env_.stop);
    if (!verified) return Broken(item, verified.error());
    report_.bytes_read += verified->bytes_read;
    std::vector<std::string> problems = verified->problems;
    SF_TRY(const auto* moved, TransferTo(item.snapshot_to));
    bool hashes_known = storage::IsManaged(location);
    if (moved != nullptr && problems.empty()) {
      SF_TRY(const auto contents,
             transfer::CheckContents(*moved, *env_.journal, env_.places, env_.stop));
      report_.bytes_read += contents.bytes_read;
      problems = contents.problems;
      hashes_known |= contents.compared > 0;
    }
    for (const std::string& problem : problems) Tell(item, problem);
    if (problems.empty() && !hashes_known) TellUnknown(item);
    return {};
  }

  void TellUnknown(const workflow::Item& item) {
    findings_.Warn("C-38",
                   fmt::format("the snapshot '{}' of {} '{}' is there with all its files, but no "
                               "hashes are known that they could be compared with",
                               item.snapshot_record.key.name, item.to.kind, item.to.name),
                   "compare it by hand; hashes are kept with the record of the transfer, which "
                   "`transfer prune` removes",
                   item.to);
  }

  Result<void> Broken(const workflow::Item& item, const Error& error) {
    if (error.code() == ErrorCode::kCancelled || error.retry() != Retry::kNever) return error;
    Tell(item, error.message());
    return {};
  }

  void Tell(const workflow::Item& item, std::string_view problem) {
    findings_.Error("C-38", "integrity",
                    fmt::format("the snapshot '{}' of {} '{}' is not whole: {}",
                                item.snapshot_record.key.name, item.to.kind, item.to.name, problem),
                    "clone the job again, or start it without state", item.to);
  }

  /// The newest transfer that has moved something there; null when none is known.
  Result<const transfer::TransferRecord*> TransferTo(const std::string& uri) {
    if (env_.journal != nullptr && !transfers_) {
      SF_TRY(auto records, env_.journal->List());
      transfers_.emplace();
      for (auto& record : records) {
        if (record.status != transfer::TransferStatus::kCommitted) continue;
        std::string to = record.to;
        const auto it = transfers_->find(to);
        if (it != transfers_->end() && it->second.updated > record.updated) continue;
        transfers_->insert_or_assign(std::move(to), std::move(record));
      }
    }
    if (!transfers_) return static_cast<const transfer::TransferRecord*>(nullptr);
    const auto it = transfers_->find(uri);
    return it == transfers_->end() ? nullptr : &it->second;
  }

  const workflow::Run& run_;
  const ItemWalk& walk_;
  const VerifyEnv& env_;
  workflow::Findings findings_;
  CloneVerifyReport report_;
  std::vector<FileCheck> files_;
  std::optional<std::map<std::string, transfer::TransferRecord>> transfers_;
};

}  // namespace

Result<CloneVerifyReport> VerifyClone(const workflow::Run& run, const ItemWalk& walk,
                                      const VerifyEnv& env) {
  return Verifier(run, walk, env).Verify();
}

}  // namespace stateferry::state::clone
