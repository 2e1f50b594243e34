#include "bench/copy/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/file_io.h"
#include "base/json.h"
#include "base/task_group.h"
#include "bench/copy/job_metadata.h"
#include "bench/copy/job_tree.h"

namespace stateferry::bench {

namespace {

constexpr char kRecordName[] = "GENERATED.json";  // written last: the tree is complete

/// Calls work(0) ... work(count - 1) on all cores, each once.
Result<void> ForEachIndex(std::size_t count, std::stop_token stop,
                          const std::function<Result<void>(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  TaskGroup group(stop);
  const unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) {
    group.Start([&](std::stop_token group_stop) -> Result<void> {
      for (std::size_t index = next++; index < count; index = next++) {
        if (group_stop.stop_requested())
          return Error(ErrorCode::kCancelled, "generating was stopped");
        SF_TRY(work(index));
      }
      return {};
    });
  }
  return group.Wait();
}

Result<void> WriteWhole(const std::string& path, std::string_view content) {
  const FileIo io;
  SF_TRY(File file, io.Open(path, OpenMode::kCreateOrOpen));
  SF_TRY(file.Truncate(0));
  return file.WriteAt(0, AsBytes(content));
}

Result<void> MakeDirs(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return ErrnoError(code.value(), "making the directory " + path);
  return {};
}

/// OPTIONS files are lines of name=value, many of them alike; MANIFEST and meta are records.
std::string TextContent(const PlannedFile& file, const Vocabulary& vocabulary) {
  std::string text;
  if (file.local_name.starts_with("OPTIONS")) {
    Random random(file.text_seed);
    for (int family = 0; text.size() < file.text_bytes; ++family) {
      text += fmt::format("[CFOptions \"state-{}\"]\n", family);
      for (int line = 0; line < 60; ++line)
        text += fmt::format("  {}_{}={}\n", vocabulary.Pick(random), line, random.Below(1000));
    }
  } else {
    RecordSource records(vocabulary, file.text_seed, 0, 1, 1000);
    while (text.size() < file.text_bytes) {
      const auto record = records.Next();
      text.append(record.key).append(record.value);
    }
  }
  text.resize(file.text_bytes);
  return text;
}

Result<Generated> GenerateJob(const GenerateSpec& spec, const std::string& directory,
                              std::stop_token stop) {
  JobPlan plan = PlanJob(spec);
  const Vocabulary vocabulary(spec.seed);
  Generated made;
  made.tree = directory + "/" + plan.job_id;
  for (const char* name : {"shared", "taskowned"}) SF_TRY(MakeDirs(made.tree + "/" + name));
  for (const auto& checkpoint : plan.checkpoints)
    SF_TRY(MakeDirs(fmt::format("{}/chk-{}", made.tree, checkpoint.number)));

  SF_TRY(ForEachIndex(plan.files.size(), stop, [&](std::size_t index) -> Result<void> {
    PlannedFile& file = plan.files[index];
    const std::string path = made.tree + "/" + file.path;
    if (file.is_sst) {
      SF_TRY(file.size_bytes, WriteSst(path, file.sst, vocabulary));
      return {};
    }
    file.size_bytes = file.text_bytes;
    return WriteWhole(path, TextContent(file, vocabulary));
  }));

  for (const auto& planned : plan.checkpoints) {
    GeneratedCheckpoint checkpoint{.name = fmt::format("chk-{}", planned.number)};
    SF_TRY(const std::string metadata, MakeMetadata(plan, planned, made.tree));
    SF_TRY(WriteWhole(made.tree + "/" + checkpoint.name + "/_metadata", metadata));
    checkpoint.new_files.push_back(checkpoint.name + "/_metadata");
    checkpoint.new_bytes = checkpoint.total_bytes = metadata.size();
    for (const auto& file : plan.files) {
      if (file.first_checkpoint != planned.number) continue;
      checkpoint.new_files.push_back(file.path);
      checkpoint.new_bytes += file.size_bytes;
    }
    for (const auto& subtask : planned.subtasks) {
      for (const std::size_t i : subtask.ssts) checkpoint.total_bytes += plan.files[i].size_bytes;
      for (const std::size_t i : subtask.privates)
        checkpoint.total_bytes += plan.files[i].size_bytes;
      checkpoint.total_bytes += plan.files[subtask.meta].size_bytes;
    }
    made.files += checkpoint.new_files.size();
    made.bytes += checkpoint.new_bytes;
    made.checkpoints.push_back(std::move(checkpoint));
  }
  return made;
}

Result<Generated> GeneratePlainTree(const GenerateSpec& spec, const std::string& directory,
                                    std::stop_token stop) {
  constexpr std::uint64_t kDirectories = 16;
  const Vocabulary vocabulary(spec.seed);
  Generated made;
  made.tree = directory + "/tree";
  for (std::uint64_t i = 0; i < kDirectories; ++i)
    SF_TRY(MakeDirs(fmt::format("{}/part-{:02}", made.tree, i)));
  std::atomic<std::uint64_t> bytes = 0;
  SF_TRY(ForEachIndex(spec.files, stop, [&](std::size_t index) -> Result<void> {
    Random random(spec.seed * 1'000'003 + index);
    PlannedFile file;
    file.text_seed = random.Next();
    file.text_bytes = random.Between(spec.min_bytes, spec.max_bytes);
    bytes += file.text_bytes;
    return WriteWhole(
        fmt::format("{}/part-{:02}/{}", made.tree, index % kDirectories, MakeUuid(random)),
        TextContent(file, vocabulary));
  }));
  made.files = spec.files;
  made.bytes = bytes;
  made.checkpoints.push_back({.new_bytes = made.bytes, .total_bytes = made.bytes});
  return made;
}

Json RecordOf(const GenerateSpec& spec, const Generated& made) {
  Json record = {{"spec", SpecText(spec)},
                 {"tree", made.tree},
                 {"files", made.files},
                 {"bytes", made.bytes},
                 {"checkpoints", Json::array()}};
  for (const auto& checkpoint : made.checkpoints)
    record["checkpoints"].push_back({{"name", checkpoint.name},
                                     {"newBytes", checkpoint.new_bytes},
                                     {"totalBytes", checkpoint.total_bytes},
                                     {"newFiles", checkpoint.new_files}});
  return record;
}

Result<Generated> FromRecord(const Json& record) {
  Generated made;
  made.tree = JsonString(record, "tree").value_or("");
  made.files = JsonUint(record, "files").value_or(0);
  made.bytes = JsonUint(record, "bytes").value_or(0);
  for (const auto& item : record.value("checkpoints", Json::array())) {
    GeneratedCheckpoint checkpoint{.name = JsonString(item, "name").value_or("")};
    checkpoint.new_bytes = JsonUint(item, "newBytes").value_or(0);
    checkpoint.total_bytes = JsonUint(item, "totalBytes").value_or(0);
    for (const auto& name : item.value("newFiles", Json::array()))
      if (name.is_string()) checkpoint.new_files.push_back(name.get<std::string>());
    made.checkpoints.push_back(std::move(checkpoint));
  }
  return made;
}

}  // namespace

Result<Generated> Generate(const GenerateSpec& spec, const std::string& directory,
                           std::stop_token stop) {
  SF_TRY(MakeDirs(directory));
  std::error_code code;
  const std::string root = std::filesystem::canonical(directory, code).string();
  if (code) return ErrnoError(code.value(), "opening " + directory);
  const FileIo io;
  const std::string record_path = root + "/" + kRecordName;
  SF_TRY(const bool has_record, io.Exists(record_path));
  if (has_record) {
    SF_TRY(const std::string text, io.ReadSmall(record_path, 64u << 20));
    SF_TRY(const Json record, ParseJson(text));
    // A directory that was moved since cannot be used: the handles name absolute paths.
    const bool same = JsonString(record, "spec") == SpecText(spec) &&
                      JsonString(record, "tree").value_or("").starts_with(root + "/");
    if (same) return FromRecord(record);
  }
  SF_TRY(const auto names, io.ListDir(root));
  if (!names.empty())
    return Error(ErrorCode::kConflict, root + " is not empty and was not generated from " +
                                           SpecText(spec) + ": remove it or choose another place");
  SF_TRY(Generated made, spec.is_plain_tree() ? GeneratePlainTree(spec, root, stop)
                                              : GenerateJob(spec, root, stop));
  SF_TRY(WriteWhole(record_path, DumpJson(RecordOf(spec, made))));
  return made;
}

}  // namespace stateferry::bench
