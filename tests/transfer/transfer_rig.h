#pragma once
// A transfer between two scripted memory buckets, mem://source and mem://target, with a real
// journal in a temporary home.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/memory_backend.h"
#include "storage/places.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/faulty_backend.h"
#include "transfer/transfer.h"

namespace stateferry::transfer {

class TempDir {
 public:
  TempDir() {
    std::string name = std::filesystem::temp_directory_path() / "sf-transfer-XXXXXX";
    if (!::mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline storage::Location At(const std::string& uri) {
  auto location = storage::ParseLocation(uri);
  EXPECT_TRUE(location) << uri;
  return *location;
}

/// Keeps warnings; calls `on_progress` for each progress.
class RecordingProgress final : public ProgressSink {
 public:
  void OnProgress(const Progress& progress) override { last = progress; }
  void OnWarning(std::string_view message) override { warnings.emplace_back(message); }
  Progress last;
  std::vector<std::string> warnings;
};

/// Bytes that do not repeat: `seed` makes another file.
inline std::string Content(std::size_t size_bytes, std::uint64_t seed) {
  std::string bytes(size_bytes, '\0');
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state);
  }
  return bytes;
}

class TransferRig : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kPart = 1000;

  TransferRig() {
    MoveBetween(source, target);
    request.kind = "copy";
    request.from = "mem://source/in";
    request.to = At("mem://target/out");
    options.part_bytes = kPart;
    options.workers = 2;
    OpenJournal();
  }

  /// These are the source and the target from now on.
  void MoveBetween(std::shared_ptr<storage::Backend> from, std::shared_ptr<storage::Backend> to) {
    places = std::make_unique<storage::Places>(FileIo(), clock, storage::PlacesOptions());
    places->Register(At("mem://source/"), std::move(from));
    places->Register(At("mem://target/"), std::move(to));
  }

  void OpenJournal() {
    journal.reset();
    auto opened = Journal::Open(FileIo(), clock, home.path() + "/home", false);
    ASSERT_TRUE(opened) << opened.error().message();
    journal = std::move(*opened);
  }

  void PutSource(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(source_bucket->Put("in/" + name, AsBytes(bytes), {}));
  }
  void PutTarget(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(target_bucket->Put("out/" + name, AsBytes(bytes), {}));
  }
  std::string Target(const std::string& name) {
    auto bytes = storage::ReadAll(*target_bucket, "out/" + name, 1u << 30);
    return bytes ? *bytes : "(" + bytes.error().message() + ")";
  }
  bool TargetHas(const std::string& name) { return target_bucket->Stat("out/" + name).has_value(); }

  /// Lists the source bucket like a plain copy does.
  FileLister Lister() {
    return [this](const FileVisitor& visit) -> Result<void> {
      return source_bucket->List("in/", [&](const storage::ObjectMeta& meta) -> Result<void> {
        FileTask task;
        task.from_dir = At("mem://source/in");
        task.from_name = meta.key.substr(3);
        task.to_name = task.from_name;
        task.size_bytes = meta.size_bytes;
        task.etag = meta.etag;
        return visit(task);
      });
    };
  }

  Result<TransferReport> Run() { return Run(Lister()); }
  Result<TransferReport> Run(const FileLister& files) {
    return RunTransfer(request, files,
                       [this]() -> Result<std::vector<LastObjectReceipt>> {
                         ++finalized;
                         return last_objects;
                       },
                       options, {*places, *journal, clock, progress, stop.get_token()});
  }
  TransferRecord Record() {
    auto records = journal->List();
    EXPECT_TRUE(records);
    EXPECT_EQ(records->size(), 1u);
    return records->front();
  }
  std::vector<FileRecord> Plan() {
    auto files = journal->Files(Record().id, 0, 1000);
    EXPECT_TRUE(files);
    return *files;
  }
  std::uint64_t SourceReads() { return source->calls(fakes::BackendOp::kReadRange); }

  TempDir home;
  fakes::FakeClock clock;
  std::shared_ptr<storage::Backend> source_bucket = storage::MakeMemoryBackend(clock, "source");
  std::shared_ptr<storage::Backend> target_bucket = storage::MakeMemoryBackend(clock, "target");
  std::shared_ptr<fakes::FaultyBackend> source =
      std::make_shared<fakes::FaultyBackend>(source_bucket);
  std::shared_ptr<fakes::FaultyBackend> target =
      std::make_shared<fakes::FaultyBackend>(target_bucket);
  std::unique_ptr<storage::Places> places;
  std::unique_ptr<Journal> journal;
  RecordingProgress progress;
  std::stop_source stop;
  TransferRequest request;
  TransferOptions options;
  int finalized = 0;
  std::vector<LastObjectReceipt> last_objects;  ///< what the finalizer says it has put
};

}  // namespace stateferry::transfer
