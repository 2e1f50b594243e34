#include "transfer/review.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "transfer/compare.h"

namespace stateferry::transfer {

namespace {

constexpr std::size_t kFilesPerStep = 512;
constexpr std::uint64_t kAbsent = std::numeric_limits<std::uint64_t>::max();

/// Sizes of the objects at the destination that have the name of a planned file.
class Present {
 public:
  explicit Present(const std::vector<Hash128>& names) : names_(names) {}

  Result<void> Find(const storage::Place& place) {
    const std::string prefix = place.prefix.empty() ? "" : place.prefix + "/";
    return place.backend->List(prefix, [&](const storage::ObjectMeta& meta) -> Result<void> {
      const auto hash = Xxh3_128(AsBytes(std::string_view(meta.key).substr(prefix.size())));
      const auto at = std::lower_bound(names_.begin(), names_.end(), hash);
      if (at == names_.end() || *at != hash) return {};
      if (sizes_.empty()) sizes_.assign(names_.size(), kAbsent);
      sizes_[static_cast<std::size_t>(at - names_.begin())] = meta.size_bytes;
      return {};
    });
  }
  bool none() const { return sizes_.empty(); }
  std::optional<std::uint64_t> SizeOf(const std::string& to_name) const {
    if (sizes_.empty()) return std::nullopt;
    const auto at = std::lower_bound(names_.begin(), names_.end(), Xxh3_128(AsBytes(to_name)));
    const auto size = sizes_[static_cast<std::size_t>(at - names_.begin())];
    if (size == kAbsent) return std::nullopt;
    return size;
  }

 private:
  const std::vector<Hash128>& names_;
  std::vector<std::uint64_t> sizes_;
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
    if (policy_ == IfExists::kFail && in_.plan.begun_before) policy_ = IfExists::kVerify;
  }

  Result<void> Step(std::vector<FileRecord> files, std::stop_token stop) {
    std::vector<FileRecord> to_compare;
    for (auto& file : files) {
      const auto size = present_.SizeOf(file.task.to_name);
      switch (Judge(file, size)) {
        case Verdict::kConflict:
          return Conflict(
              file, fmt::format("{} bytes there, {} at the source", *size, file.task.size_bytes));
        case Verdict::kAgain:
          batch_.drop_receipts_of.push_back(file.index);
          file.state = FileState::kPending;
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
        case Verdict::kSkip: Skip(std::move(file)); break;
        case Verdict::kCompare: to_compare.push_back(std::move(file)); break;
      }
    }
    SF_TRY(auto same, CompareFiles(to_compare, in_.ends, in_.buffers, in_.workers, stop));
    for (std::size_t i = 0; i < to_compare.size(); ++i) {
      if (!same[i]) return Conflict(to_compare[i], "the same length, but other bytes");
      Skip(std::move(to_compare[i]));
    }
    if (batch_.empty()) return {};
    SF_TRY(in_.journal.Commit(in_.plan.record.id, batch_));
    batch_ = {};
    return {};
  }

  std::uint64_t left() const { return left_; }

 private:
  Verdict Judge(const FileRecord& file, std::optional<std::uint64_t> size) const {
    const bool was_moved = file.state == FileState::kWritten || file.state == FileState::kDone;
    if (!size) return was_moved ? Verdict::kAgain : Verdict::kMove;
    const bool same_size = *size == file.task.size_bytes;
    if (was_moved && same_size)
      return file.state == FileState::kDone ? Verdict::kDone : Verdict::kVerify;
    if (policy_ == IfExists::kOverwrite) return was_moved ? Verdict::kAgain : Verdict::kMove;
    if (!was_moved && file.owned) return Verdict::kMove;
    if (!same_size || policy_ == IfExists::kFail) return Verdict::kConflict;
    return policy_ == IfExists::kSkip ? Verdict::kSkip : Verdict::kCompare;
  }

  void Skip(FileRecord file) {
    ++in_.meter.files_skipped;
    ++in_.meter.files_done;
    in_.meter.bytes_skipped += file.task.size_bytes;
    in_.meter.bytes_done += file.task.size_bytes;
    file.state = FileState::kDone;
    file.error.clear();
    batch_.files.push_back(std::move(file));
  }

  Error Conflict(const FileRecord& file, const std::string& difference) const {
    const auto name = in_.ends.to_place().location.Child(file.task.to_name).ToString();
    return Error(ErrorCode::kConflict,
                 fmt::format("{} exists already with other content ({}); nothing was written; "
                             "--if-exists overwrite replaces what is there",
                             name, difference))
        .WithHint("choose another destination, or repeat the command with --if-exists overwrite");
  }

  const ReviewInputs& in_;
  const Present& present_;
  IfExists policy_;
  Journal::Batch batch_;
  std::uint64_t left_ = 0;
};

}  // namespace

Result<std::uint64_t> ReviewDestination(const ReviewInputs& inputs, std::stop_token stop) {
  Present present(inputs.plan.names);
  SF_TRY(present.Find(inputs.ends.to_place()));
  // The usual first run: an empty destination has no say.
  if (present.none() && !inputs.plan.begun_before) return inputs.plan.record.files_total;
  Review review(inputs, present);
  for (std::uint64_t next = 0;;) {
    SF_TRY(auto files, inputs.journal.Files(inputs.plan.record.id, next, kFilesPerStep));
    if (files.empty()) return review.left();
    if (stop.stop_requested())
      return Error(ErrorCode::kCancelled, "stopped on request before anything was moved");
    next = files.back().index + 1;
    SF_TRY(review.Step(std::move(files), stop));
  }
}

}  // namespace stateferry::transfer
