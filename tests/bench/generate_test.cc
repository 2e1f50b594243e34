#include "bench/copy/generate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/codec.h"
#include "base/file_io.h"
#include "state/snapshot/flink_metadata.h"

namespace stateferry::bench {
namespace {

namespace fs = std::filesystem;
using namespace state::snapshot;

class TempDir {
 public:
  TempDir() {
    std::string pattern = fs::temp_directory_path().string() + "/bench-test-XXXXXX";
    path_ = fs::canonical(mkdtemp(pattern.data())).string();
  }
  ~TempDir() {
    std::error_code code;
    fs::remove_all(path_, code);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

GenerateSpec SmallJob() {
  auto spec = ParseGenerateSpec("size=4MiB,sst=512KiB,checkpoints=3,churn=0.25,parallelism=2");
  return spec ? *spec : GenerateSpec{};
}

FlinkMetadata MetadataOf(const Generated& made, std::size_t index) {
  const auto text =
      FileIo().ReadSmall(made.tree + "/" + made.checkpoints[index].name + "/_metadata", 1u << 20);
  if (!text) return {};
  auto metadata = ReadFlinkMetadata(AsBytes(*text));
  EXPECT_TRUE(metadata) << metadata.error().message();
  return metadata ? *metadata : FlinkMetadata{};
}

/// Absolute paths of the files in the lists of every keyed handle, with the sizes they should have.
std::map<std::string, std::uint64_t> ListedFiles(const FlinkMetadata& metadata) {
  std::map<std::string, std::uint64_t> files;
  for (const auto& op : metadata.operators) {
    for (const auto& subtask : op.subtasks) {
      if (!subtask.managed_keyed) continue;
      for (const auto* list :
           {&subtask.managed_keyed->shared_files, &subtask.managed_keyed->private_files})
        for (const auto& entry : *list)
          if (entry.stream.tag == StreamTag::kFile)
            files[entry.stream.path.substr(5)] =
                static_cast<std::uint64_t>(entry.stream.size_bytes);
    }
  }
  return files;
}

TEST(Generate, EveryFileThatMetadataNamesIsThereWithItsSize) {
  TempDir dir;
  const auto made = Generate(SmallJob(), dir.path() + "/g", {});
  ASSERT_TRUE(made) << made.error().message();
  ASSERT_EQ(made->checkpoints.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto files = ListedFiles(MetadataOf(*made, i));
    EXPECT_GE(files.size(), 12u);
    for (const auto& [path, size] : files) {
      ASSERT_TRUE(fs::exists(path)) << path;
      EXPECT_EQ(fs::file_size(path), size) << path;
    }
  }
}

TEST(Generate, NextCheckpointReusesMostFiles) {
  TempDir dir;
  const auto made = Generate(SmallJob(), dir.path() + "/g", {});
  ASSERT_TRUE(made);
  const auto first = ListedFiles(MetadataOf(*made, 0)), second = ListedFiles(MetadataOf(*made, 1));
  std::uint64_t reused = 0, total = 0;
  for (const auto& [path, size] : second) {
    total += size;
    if (first.contains(path)) reused += size;
  }
  EXPECT_GT(reused, total / 2);
  EXPECT_LT(reused, total * 9 / 10);
  EXPECT_LT(made->checkpoints[1].new_bytes, made->checkpoints[1].total_bytes / 2);
}

TEST(Generate, SstsShrinkWithZstdAsThoseOfRealJobsDo) {
  TempDir dir;
  const auto spec = ParseGenerateSpec("size=8MiB,sst=8MiB,parallelism=1");
  const auto made = Generate(*spec, dir.path() + "/g", {});
  ASSERT_TRUE(made);
  std::string largest;
  for (const auto& [path, size] : ListedFiles(MetadataOf(*made, 0)))
    if (largest.empty() || size > fs::file_size(largest)) largest = path;
  const auto content = FileIo().ReadSmall(largest, 64u << 20);
  ASSERT_TRUE(content);
  Bytes packed;
  ASSERT_TRUE(ZstdCompressor(3).Compress(AsBytes(*content), packed));
  const double ratio = static_cast<double>(packed.size()) / static_cast<double>(content->size());
  EXPECT_GT(ratio, 0.70);
  EXPECT_LT(ratio, 0.82);
}

TEST(Generate, SameSeedGivesTheSameFilesAndAnotherSeedOthers) {
  TempDir dir;
  GenerateSpec spec = SmallJob();
  const auto one = Generate(spec, dir.path() + "/1", {}),
             two = Generate(spec, dir.path() + "/2", {});
  spec.seed = 2;
  const auto other = Generate(spec, dir.path() + "/3", {});
  ASSERT_TRUE(one && two && other);
  EXPECT_EQ(one->checkpoints[0].new_files, two->checkpoints[0].new_files);
  EXPECT_EQ(one->checkpoints[0].new_bytes + two->tree.size(),
            two->checkpoints[0].new_bytes + one->tree.size());
  EXPECT_NE(one->checkpoints[0].new_files, other->checkpoints[0].new_files);
}

TEST(Generate, UsesAnEarlierResultAgainButNeverOverwritesOtherThings) {
  TempDir dir;
  const auto first = Generate(SmallJob(), dir.path() + "/g", {});
  ASSERT_TRUE(first);
  const auto metadata = first->tree + "/chk-1/_metadata";
  const auto before = fs::last_write_time(metadata);
  const auto again = Generate(SmallJob(), dir.path() + "/g", {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->bytes, first->bytes);
  EXPECT_EQ(again->checkpoints[2].new_files, first->checkpoints[2].new_files);
  EXPECT_EQ(fs::last_write_time(metadata), before);

  GenerateSpec other = SmallJob();
  other.seed = 9;
  const auto refused = Generate(other, dir.path() + "/g", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
}

TEST(Generate, PlainTreeHasTheAskedFiles) {
  TempDir dir;
  const auto spec = ParseGenerateSpec("files=100,min=1KiB,max=4KiB");
  ASSERT_TRUE(spec);
  const auto made = Generate(*spec, dir.path() + "/g", {});
  ASSERT_TRUE(made) << made.error().message();
  std::uint64_t files = 0, bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(made->tree)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    bytes += entry.file_size();
    EXPECT_GE(entry.file_size(), 1024u);
    EXPECT_LE(entry.file_size(), 4096u);
  }
  EXPECT_EQ(files, 100u);
  EXPECT_EQ(bytes, made->bytes);
}

TEST(GenerateSpec, NamesThePairThatItDoesNotUnderstand) {
  for (const char* bad : {"size", "size=", "size=2XB", "sst=0", "churn=1.5", "checkpoints=0",
                          "colour=red", "files=-1", "min=4KiB,max=1KiB", "size=99999999999GiB"}) {
    const auto spec = ParseGenerateSpec(bad);
    ASSERT_FALSE(spec) << bad;
    EXPECT_EQ(spec.error().code(), ErrorCode::kInvalidArgument) << bad;
  }
  const auto spec = ParseGenerateSpec("size=512MiB,sst=8M,checkpoints=4,churn=0.05,seed=7");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->size_bytes, 512u << 20);
  EXPECT_EQ(spec->sst_bytes, 8u << 20);
  EXPECT_EQ(spec->checkpoints, 4);
}

}  // namespace
}  // namespace stateferry::bench
