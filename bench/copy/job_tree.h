#pragma once
// The plan of a generated job: which files its checkpoints have, before a byte is written.

#include <cstdint>
#include <string>
#include <vector>

#include "bench/copy/generate_spec.h"
#include "bench/copy/random.h"
#include "bench/copy/sst_file.h"

namespace stateferry::bench {

constexpr std::uint16_t kMaxParallelism = 128;

/// One file in shared/ or in a chk-N/ directory.
struct PlannedFile {
  std::string local_name;  ///< in the subtask's RocksDB directory: "000012.sst", "OPTIONS-000007"
  std::string path;        ///< relative to the job's directory
  bool is_sst = false;
  SstContent sst;                ///< is_sst
  std::uint64_t text_seed = 0;   ///< otherwise: what it holds
  std::uint64_t text_bytes = 0;  ///< otherwise: how much
  std::uint64_t size_bytes = 0;  ///< once written
  int first_checkpoint = 1;      ///< number of the checkpoint that brought it
};

/// The RocksDB instance of one subtask as one checkpoint sees it; numbers are indices into
/// JobPlan::files.
struct PlannedSubtask {
  std::string backend_id, handle_id;
  std::uint16_t first_key_group = 0, key_groups = 0;
  std::vector<std::size_t> ssts, privates;
  std::size_t meta = 0;
};

struct PlannedCheckpoint {
  int number = 1;
  std::vector<PlannedSubtask> subtasks;
};

struct JobPlan {
  std::string job_id;  ///< 32 hex digits
  std::vector<PlannedFile> files;
  std::vector<PlannedCheckpoint> checkpoints;
};

JobPlan PlanJob(const GenerateSpec& spec);

std::string MakeUuid(Random& random);

}  // namespace stateferry::bench
