#include "transfer/old_plan.h"

#include <algorithm>

namespace stateferry::transfer {

namespace {
constexpr std::size_t kOldReadAhead = 256;
}

Result<void> OldPlan::FindEnd() {
  if (found_end_) return {};
  SF_TRY(old_end_, journal_.EndIndex(id_));
  next_index_ = old_end_;
  read_all_ = old_end_ == 0;
  taken_.assign(old_end_, false);
  found_end_ = true;
  return {};
}

Result<void> OldPlan::ReadAhead() {
  SF_TRY(auto files, journal_.Files(id_, read_from_, kOldReadAhead));
  // The new plan's files are written behind the old ones while the old ones are read.
  std::erase_if(files, [&](const FileRecord& file) { return file.index >= old_end_; });
  read_all_ = files.empty();
  if (!files.empty()) read_from_ = files.back().index + 1;
  for (auto& file : files) ahead_.push_back(std::move(file));
  return {};
}

Result<void> OldPlan::MakeIndex() {
  by_name_.emplace();
  SF_TRY(journal_.VisitFiles(id_, 0, [&](const FileRecord& file) -> Result<void> {
    if (file.index < old_end_)
      by_name_->push_back({Xxh3_128(AsBytes(file.task.to_name)), file.index});
    return {};
  }));
  std::sort(by_name_->begin(), by_name_->end());
  return {};
}

Result<std::optional<FileRecord>> OldPlan::Take(const std::string& to_name, const Hash128& hash) {
  using Found = std::optional<FileRecord>;
  SF_TRY(FindEnd());
  if (old_end_ == 0) return Found();
  if (ahead_.empty() && !read_all_) SF_TRY(ReadAhead());
  if (!ahead_.empty() && ahead_.front().task.to_name == to_name) {
    Found file(std::move(ahead_.front()));
    ahead_.pop_front();
    taken_[file->index] = true;
    return file;
  }
  if (!by_name_) SF_TRY(MakeIndex());
  const auto at = std::lower_bound(by_name_->begin(), by_name_->end(), Named{hash, 0});
  if (at == by_name_->end() || at->hash != hash || taken_[at->index]) return Found();
  SF_TRY(auto files, journal_.Files(id_, at->index, 1));
  if (files.empty() || files.front().index != at->index || files.front().task.to_name != to_name)
    return Found();
  taken_[at->index] = true;
  // Files were left out of the listing: go on reading behind this one, they can be found by name.
  while (!ahead_.empty() && ahead_.front().index <= at->index) ahead_.pop_front();
  if (ahead_.empty()) {
    read_from_ = at->index + 1;
    read_all_ = read_from_ >= old_end_;
  }
  return Found(std::move(files.front()));
}

Result<void> OldPlan::VisitNotTaken(const std::function<void(FileRecord)>& visit) {
  SF_TRY(FindEnd());
  if (std::find(taken_.begin(), taken_.end(), false) == taken_.end()) return {};
  // Indices may have gaps, so ask the journal which ones exist.
  return journal_.VisitFiles(id_, 0, [&](FileRecord file) -> Result<void> {
    if (file.index < old_end_ && !taken_[file.index]) visit(std::move(file));
    return {};
  });
}

}  // namespace stateferry::transfer
