#include "bench/copy/job_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stateferry::bench {

namespace {

/// Plans file after file; keeps the numbers that name them.
class Planner {
 public:
  explicit Planner(const GenerateSpec& spec) : spec_(spec), random_(spec.seed) {}

  JobPlan Plan() {
    plan_.job_id = fmt::format("{:016x}{:016x}", random_.Next(), random_.Next());
    plan_.checkpoints.push_back(FirstCheckpoint());
    for (int number = 2; number <= spec_.checkpoints; ++number)
      plan_.checkpoints.push_back(NextCheckpoint(plan_.checkpoints.back(), number));
    return std::move(plan_);
  }

 private:
  PlannedCheckpoint FirstCheckpoint() {
    const auto subtasks = static_cast<std::uint64_t>(spec_.parallelism);
    const std::uint64_t bytes_each = std::max<std::uint64_t>(1, spec_.size_bytes / subtasks);
    PlannedCheckpoint checkpoint;
    for (std::uint64_t i = 0; i < subtasks; ++i) {
      PlannedSubtask subtask;
      subtask.backend_id = MakeUuid(random_);
      subtask.first_key_group = static_cast<std::uint16_t>(i * kMaxParallelism / subtasks);
      subtask.key_groups = static_cast<std::uint16_t>((i + 1) * kMaxParallelism / subtasks -
                                                      subtask.first_key_group);
      std::uint64_t left = bytes_each;
      const std::uint64_t ssts = (bytes_each + spec_.sst_bytes - 1) / spec_.sst_bytes;
      for (std::uint64_t j = 0; j < ssts; ++j) {
        const std::uint64_t bytes = std::min(left, spec_.sst_bytes);
        left -= bytes;
        subtask.ssts.push_back(AddSst(1, bytes, KeyGroupsOf(subtask, j, ssts)));
      }
      options_seed_.push_back(random_.Next());
      AddFilesOfEachCheckpoint(subtask, i, 1);
      checkpoint.subtasks.push_back(std::move(subtask));
    }
    return checkpoint;
  }

  /// A compaction replaced some SSTs by as many new ones; all others are the same files.
  PlannedCheckpoint NextCheckpoint(const PlannedCheckpoint& before, int number) {
    PlannedCheckpoint checkpoint = before;
    checkpoint.number = number;
    for (std::size_t i = 0; i < checkpoint.subtasks.size(); ++i) {
      PlannedSubtask& subtask = checkpoint.subtasks[i];
      std::erase_if(subtask.ssts, [&](std::size_t file) { return IsSmall(file); });
      const std::uint64_t ssts = subtask.ssts.size();
      // Spread the rounding over the subtasks, so that the whole comes near to the churn asked for.
      const double exact = static_cast<double>(ssts) * spec_.churn + churn_carry_;
      const auto replaced = std::min<std::uint64_t>(ssts, static_cast<std::uint64_t>(exact));
      churn_carry_ = exact - static_cast<double>(replaced);
      const std::uint64_t first = replaced > 0 ? random_.Below(ssts) : 0;
      for (std::uint64_t j = 0; j < replaced; ++j) {
        const std::uint64_t at = (first + j) % ssts;
        const std::uint64_t bytes = plan_.files[subtask.ssts[at]].sst.target_bytes;
        subtask.ssts[at] = AddSst(number, bytes, KeyGroupsOf(subtask, at, ssts));
      }
      AddFilesOfEachCheckpoint(subtask, i, number);
    }
    return checkpoint;
  }

  /// Level 0 of RocksDB, MANIFEST, OPTIONS (uploaded each time, always the same) and Flink's meta.
  void AddFilesOfEachCheckpoint(PlannedSubtask& subtask, std::size_t index, int number) {
    subtask.handle_id = MakeUuid(random_);
    const SstContent everywhere{.first_key_group = subtask.first_key_group,
                                .key_groups = subtask.key_groups};
    const std::uint64_t small_limit =
        std::clamp<std::uint64_t>(spec_.sst_bytes / 16, 24u << 10, 2u << 20);
    for (int i = 0; i < 2; ++i) {
      subtask.ssts.push_back(AddSst(number, random_.Between(20u << 10, small_limit), everywhere));
      small_.push_back(subtask.ssts.back());
    }
    subtask.privates.clear();
    subtask.privates.push_back(AddText(number, fmt::format("MANIFEST-{:06}", NextFileNumber()),
                                       "shared/" + MakeUuid(random_), random_.Next(),
                                       random_.Between(21u << 10, 60u << 10)));
    subtask.privates.push_back(AddText(number, "OPTIONS-000007", "shared/" + MakeUuid(random_),
                                       options_seed_[index], 30u << 10));
    subtask.meta = AddText(number, "meta", fmt::format("chk-{}/{}", number, MakeUuid(random_)),
                           random_.Next(), 22u << 10);
  }

  static SstContent KeyGroupsOf(const PlannedSubtask& subtask, std::uint64_t index,
                                std::uint64_t count) {
    const std::uint64_t from = index * subtask.key_groups / count;
    const std::uint64_t to = (index + 1) * subtask.key_groups / count;
    SstContent content;
    content.first_key_group = static_cast<std::uint16_t>(subtask.first_key_group + from);
    content.key_groups = static_cast<std::uint16_t>(std::max<std::uint64_t>(1, to - from));
    return content;
  }

  std::size_t AddSst(int number, std::uint64_t bytes, SstContent content) {
    content.seed = random_.Next();
    content.target_bytes = bytes;
    PlannedFile file;
    file.local_name = fmt::format("{:06}.sst", NextFileNumber());
    file.path = "shared/" + MakeUuid(random_);
    file.is_sst = true;
    file.sst = content;
    file.first_checkpoint = number;
    plan_.files.push_back(std::move(file));
    return plan_.files.size() - 1;
  }

  std::size_t AddText(int number, std::string local_name, std::string path, std::uint64_t seed,
                      std::uint64_t bytes) {
    PlannedFile file;
    file.local_name = std::move(local_name);
    file.path = std::move(path);
    file.text_seed = seed;
    file.text_bytes = bytes;
    file.first_checkpoint = number;
    plan_.files.push_back(std::move(file));
    return plan_.files.size() - 1;
  }

  bool IsSmall(std::size_t file) const {
    return std::find(small_.begin(), small_.end(), file) != small_.end();
  }
  int NextFileNumber() { return next_file_number_++; }

  const GenerateSpec& spec_;
  Random random_;
  JobPlan plan_;
  std::vector<std::uint64_t> options_seed_;  // by subtask
  std::vector<std::size_t> small_;           // level 0 files, gone in the next checkpoint
  double churn_carry_ = 0.5;
  int next_file_number_ = 8;
};

}  // namespace

std::string MakeUuid(Random& random) {
  const std::uint64_t high = (random.Next() & ~0xf000ull) | 0x4000u;
  const std::uint64_t low = (random.Next() >> 2) | (1ull << 63);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffffull);
}

JobPlan PlanJob(const GenerateSpec& spec) { return Planner(spec).Plan(); }

}  // namespace stateferry::bench
