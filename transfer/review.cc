#include "transfer/review.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "transfer/compare.h"
#include "transfer/unfinished.h"

namespace stateferry::transfer {

namespace {

constexpr std::size_t kFilesPerLook = 512;
constexpr std::uint64_t kAbsent = std::numeric_limits<std::uint64_t>::max();

/// The objects at the destination that have the name of a planned file.
class Present {
 public:
  struct Object {
    std::uint64_t size_bytes = kAbsent;
    std::uint64_t etag_hash = 0;
  };
  explicit Present(const std::vector<Hash128>& names) : names_(names) {}

  Result<void> List(const storage::Place& place) {
    const std::string prefix = place.prefix.empty() ? "" : place.prefix + "/";
    return place.backend->List(prefix, [&](const storage::ObjectMeta& meta) -> Result<void> {
      const auto hash = Xxh3_128(AsBytes(std::string_view(meta.key).substr(prefix.size())));
      const auto at = std::lower_bound(names_.begin(), names_.end(), hash);
      if (at == names_.end() || *at != hash) return {};
      if (objects_.empty()) objects_.resize(names_.size());
      objects_[static_cast<std::size_t>(at - names_.begin())] = {meta.size_bytes,
                                                                 EtagHash(meta.etag)};
      return {};
    });
  }
  bool none() const { return objects_.empty(); }
  std::optional<Object> Find(const std::string& to_name) const {
    if (objects_.empty()) return std::nullopt;
    const auto hash = Xxh3_128(AsBytes(to_name));
    const auto at = std::lower_bound(names_.begin(), names_.end(), hash);
    if (at == names_.end() || *at != hash) return std::nullopt;
    const Object& object = objects_[static_cast<std::size_t>(at - names_.begin())];
    if (object.size_bytes == kAbsent) return std::nullopt;
    return object;
  }

 private:
  const std::vector<Hash128>& names_;
  std::vector<Object> objects_;
};

enum class Verdict {
  kMove,     ///< (still) to be moved
  kAgain,    ///< it was moved, but is gone: move it again
  kVerify,   ///< written by an earlier run, to be read back
  kDone,     ///< by an earlier run
  kSkip,     ///< counts as the same by its size
  kCompare,  ///< read both sides
  kConflict,
};

class Review {
 public:
  Review(const ReviewInputs& inputs, const Present& present)
      : in_(inputs), present_(present), policy_(inputs.options.if_exists) {
    // An earlier run may have put a file there and been killed before it could say so.
    if (policy_ == IfExists::kFail && in_.plan.record.started) policy_ = IfExists::kVerify;
  }

  Result<void> Step(std::vector<FileRecord> files, std::stop_token stop) {
    std::vector<FileRecord> to_compare;
    for (auto& file : files) {
      const auto there = present_.Find(file.task.to_name);
      switch (Judge(file, there)) {
        case Verdict::kConflict:
          return Conflict(file, fmt::format("{} bytes there, {} at the source", there->size_bytes,
                                            file.task.size_bytes));
        case Verdict::kAgain:
          batch_.drop_receipts_of.push_back(file.index);
          file.state = FileState::kPending;
          file.owned = false;
          file.to_etag_hash = 0;
          file.content.reset();
          file.resume_token.clear();
          batch_.files.push_back(std::move(file));
          ++left_;
          break;
        case Verdict::kMove: ++left_; break;
        case Verdict::kVerify:
          in_.meter.bytes_done += file.task.size_bytes;
          in_.meter.bytes_resumed += file.task.size_bytes;
          ++left_;
          break;
        case Verdict::kDone:
          in_.meter.bytes_done += file.task.size_bytes;
          in_.meter.bytes_resumed += file.task.size_bytes;
          ++in_.meter.files_done;
          ++in_.meter.files_resumed;
          break;
        case Verdict::kSkip: SF_TRY(Skip(std::move(file), std::nullopt)); break;
        case Verdict::kCompare: {
          SF_TRY(const bool same, SameByOrigin(file.task, *there));
          if (same)
            SF_TRY(Skip(std::move(file), std::nullopt));
          else
            to_compare.push_back(std::move(file));
          break;
        }
      }
    }
    SF_TRY(Compare(std::move(to_compare), stop));
    return CommitBatch();
  }

  std::uint64_t left() const { return left_; }

 private:
  Verdict Judge(FileRecord& file, const std::optional<Present::Object>& there) const {
    const bool had_moved = file.state == FileState::kWritten || file.state == FileState::kDone;
    if (!there) return had_moved ? Verdict::kAgain : Verdict::kMove;
    // Somebody has put another object there since: it is judged as if nothing had been moved.
    const bool replaced = file.to_etag_hash != 0 && file.to_etag_hash != there->etag_hash;
    if (replaced) file.owned = false;
    const bool was_moved = had_moved && !replaced;
    const bool same_size = there->size_bytes == file.task.size_bytes;
    if (was_moved && same_size)
      return file.state == FileState::kDone ? Verdict::kDone : Verdict::kVerify;
    if (policy_ == IfExists::kOverwrite) {
      if (had_moved) return Verdict::kAgain;
      // It may be whole already, named by a run that was killed before it could say so.
      return same_size && !file.resume_token.empty() ? Verdict::kCompare : Verdict::kMove;
    }
    if (!was_moved && file.owned) return Verdict::kMove;
    if (!same_size || policy_ == IfExists::kFail) return Verdict::kConflict;
    return policy_ == IfExists::kSkip ? Verdict::kSkip : Verdict::kCompare;
  }

  /// A destination that names content by its etag may know that it has this content: a run that was
  /// killed before it could say so need not be repeated.
  Result<bool> SameByOrigin(const FileTask& task, const Present::Object& there) const {
    const std::string origin = in_.ends.OriginOf(task);
    if (in_.options.paranoid || origin.empty()) return false;
    SF_TRY(const auto found, in_.ends.to().FindByOrigin(origin));
    return found && found->size_bytes == task.size_bytes &&
           EtagHash(found->etag) == there.etag_hash;
  }

  /// In groups, each with a commit of its own: what was compared is not compared again.
  Result<void> Compare(std::vector<FileRecord> files, std::stop_token stop) {
    const CompareInputs inputs{in_.plan.record.id, in_.journal, in_.ends, in_.buffers, in_.workers};
    for (auto next = files.begin(); next != files.end();) {
      std::vector<FileRecord> group;
      for (std::uint64_t bytes = 0;
           next != files.end() && (bytes < in_.options.commit_bytes ||
                                   group.size() < static_cast<std::size_t>(in_.workers));
           ++next) {
        bytes += next->task.size_bytes;
        group.push_back(std::move(*next));
      }
      const auto contents = CompareFiles(group, inputs, stop);
      if (!contents) {
        // What cannot be compared can still be overwritten.
        if (policy_ != IfExists::kOverwrite || contents.error().code() == ErrorCode::kCancelled)
          return contents.error();
        left_ += group.size();
        continue;
      }
      for (std::size_t i = 0; i < group.size(); ++i) {
        const auto& content = (*contents)[i];
        if (content)
          SF_TRY(Skip(std::move(group[i]), content));
        else if (policy_ == IfExists::kOverwrite)
          ++left_;
        else
          return Conflict(group[i], "the same length, but other bytes");
      }
      SF_TRY(CommitBatch());
    }
    return {};
  }

  Result<void> Skip(FileRecord file, std::optional<Hash128> content) {
    ++in_.meter.files_skipped;
    ++in_.meter.files_done;
    in_.meter.bytes_skipped += file.task.size_bytes;
    in_.meter.bytes_done += file.task.size_bytes;
    if (!file.resume_token.empty()) {
      SF_TRY(AbortUpload(in_.ends.to(), in_.ends.ToKey(file.task), file));
      batch_.drop_receipts_of.push_back(file.index);
      file.resume_token.clear();
    }
    // A run that was killed may have named it and not made that durable.
    SF_TRY(in_.ends.to().MakeDurable(in_.ends.ToKey(file.task)));
    unflushed_ = true;
    file.state = FileState::kDone;
    file.error.clear();
    file.to_etag_hash = present_.Find(file.task.to_name)->etag_hash;
    file.content = content;
    batch_.files.push_back(std::move(file));
    return {};
  }

  Result<void> CommitBatch() {
    if (batch_.empty()) return {};
    if (std::exchange(unflushed_, false)) SF_TRY(in_.ends.to().Flush());
    SF_TRY(in_.journal.Commit(in_.plan.record.id, batch_));
    batch_ = {};
    return {};
  }

  Error Conflict(const FileRecord& file, const std::string& difference) const {
    const auto name = in_.ends.to_place().location.Child(file.task.to_name).ToString();
    return Error(ErrorCode::kConflict,
                 fmt::format("{} exists already with other content ({}); nothing {}was written; "
                             "--if-exists overwrite replaces what is there",
                             name, difference, in_.plan.record.started ? "more " : ""))
        .WithHint("choose another destination, or repeat the command with --if-exists overwrite");
  }

  const ReviewInputs& in_;
  const Present& present_;
  IfExists policy_;
  Journal::Batch batch_;
  bool unflushed_ = false;  ///< the destination must be durable before batch_ is
  std::uint64_t left_ = 0;
};

}  // namespace

Result<std::uint64_t> ReviewDestination(const ReviewInputs& inputs, std::stop_token stop) {
  Present present(inputs.plan.names);
  SF_TRY(present.List(inputs.ends.to_place()));
  // The usual first run: an empty destination has no say.
  if (present.none() && !inputs.plan.begun_before) return inputs.plan.record.files_total;
  Review review(inputs, present);
  for (std::uint64_t next = 0;;) {
    SF_TRY(auto files, inputs.journal.Files(inputs.plan.record.id, next, kFilesPerLook));
    if (files.empty()) return review.left();
    if (stop.stop_requested())
      return Error(ErrorCode::kCancelled, "stopped on request before anything was moved");
    next = files.back().index + 1;
    SF_TRY(review.Step(std::move(files), stop));
  }
}

}  // namespace stateferry::transfer
