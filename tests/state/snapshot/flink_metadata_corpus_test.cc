// Files that real Flink wrote: tests/data/flink-metadata/README.md says how.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/flink_metadata_visit.h"
#include "tests/fakes/source_dir.h"

namespace stateferry::state::snapshot {
namespace {

const std::filesystem::path kCorpus =
    std::filesystem::path(fakes::SourceDir()) / "tests/data/flink-metadata";

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> CorpusNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus)) {
    if (entry.path().extension() == ".metadata") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

FlinkMetadata ReadCorpus(const std::string& name) {
  const std::string file = ReadAll(kCorpus / (name + ".metadata"));
  auto read = ReadFlinkMetadata(AsBytes(file));
  if (!read) {
    ADD_FAILURE() << name << ": " << read.error().message();
    return {};
  }
  return std::move(*read);
}

std::map<StreamTag, int> CountTags(const FlinkMetadata& metadata) {
  std::map<StreamTag, int> counts;
  const auto visited =
      VisitStreamHandles(metadata, [&](const StreamHandle& handle, const HandleContext&) {
        ++counts[handle.tag];
        return Result<void>();
      });
  EXPECT_TRUE(visited);
  return counts;
}

class RealFile : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(FlinkMetadata, RealFile, testing::ValuesIn(CorpusNames()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

TEST_P(RealFile, IsWrittenBackByteForByte) {
  const std::string file = ReadAll(kCorpus / (GetParam() + ".metadata"));
  ASSERT_FALSE(file.empty());
  auto read = ReadFlinkMetadata(AsBytes(file));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(read->warnings.empty()) << read->warnings.front();
  auto written = WriteFlinkMetadata(*read);
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_TRUE(*written == file) << "not the same bytes";
}

TEST(RealFiles, AreAllThere) { EXPECT_EQ(CorpusNames().size(), 10U); }

TEST(RealFiles, RocksDbIncrementalNamesSharedFilesByAbsolutePath) {
  const FlinkMetadata metadata = ReadCorpus("flink-1.20-rocksdb-incremental");
  EXPECT_EQ(metadata.version, 4);
  EXPECT_EQ(metadata.checkpoint_id, 1);
  EXPECT_EQ(metadata.parsed_properties.type_name, "Checkpoint");
  EXPECT_FALSE(metadata.parsed_properties.is_savepoint);
  const auto visited =
      VisitStreamHandles(metadata, [](const StreamHandle& handle, const HandleContext& context) {
        if (handle.tag == StreamTag::kFile) {
          // OPTIONS files are in the private list, and still lie in shared/.
          const bool is_sst = context.local_name.ends_with(".sst");
          EXPECT_EQ(context.list, is_sst ? HandleList::kShared : HandleList::kPrivate);
          EXPECT_TRUE(handle.path.starts_with("file:/"));
          EXPECT_NE(handle.path.find("/shared/"), std::string::npos);
        }
        return Result<void>();
      });
  EXPECT_TRUE(visited);
  EXPECT_GT(CountTags(metadata)[StreamTag::kFile], 0);
}

TEST(RealFiles, NativeSavepointIsRelative) {
  const FlinkMetadata metadata = ReadCorpus("flink-1.20-savepoint-native");
  EXPECT_TRUE(metadata.parsed_properties.is_savepoint);
  EXPECT_EQ(metadata.parsed_properties.type_name, "Savepoint");
  EXPECT_EQ(metadata.parsed_properties.format, "NATIVE");
  auto tags = CountTags(metadata);
  EXPECT_GT(tags[StreamTag::kRelative], 0);
  EXPECT_EQ(tags[StreamTag::kFile], 0);
}

TEST(RealFiles, CanonicalSavepointUsesSavepointHandles) {
  const FlinkMetadata metadata = ReadCorpus("flink-1.20-savepoint-canonical");
  EXPECT_EQ(metadata.parsed_properties.format, "CANONICAL");
  int savepoint_handles = 0;
  for (const Operator& op : metadata.operators) {
    for (const Subtask& subtask : op.subtasks) {
      if (subtask.managed_keyed && subtask.managed_keyed->tag == KeyedTag::kSavepointKeyGroups) {
        ++savepoint_handles;
      }
    }
  }
  EXPECT_GT(savepoint_handles, 0);
}

TEST(RealFiles, FileMergingUsesSegmentsAndDirectories) {
  const FlinkMetadata metadata = ReadCorpus("flink-1.20-filemerging-across-2");
  EXPECT_GT(CountTags(metadata)[StreamTag::kSegment], 0);
  int merged = 0;
  const auto visited = VisitOperatorStates(
      metadata, [&](const OperatorStateHandle& handle, const HandleContext& context) {
        if (handle.tag == OperatorStateTag::kFileMerging) {
          ++merged;
          EXPECT_TRUE(context.file_merging);
          EXPECT_NE(handle.task_owned_directory.find("/taskowned/"), std::string::npos);
          EXPECT_NE(handle.shared_directory.find("/shared/"), std::string::npos);
        }
        return Result<void>();
      });
  EXPECT_TRUE(visited);
  EXPECT_GT(merged, 0);
}

TEST(RealFiles, UnalignedCheckpointHasChannelState) {
  const FlinkMetadata metadata = ReadCorpus("flink-1.20-unaligned-inflight");
  std::size_t channels = 0;
  std::uint64_t channel_bytes = 0;
  for (const Operator& op : metadata.operators) {
    channel_bytes += SizesOf(op).channel_bytes;
    for (const Subtask& subtask : op.subtasks) {
      channels += subtask.input_channels.size() + subtask.output_channels.size();
    }
  }
  EXPECT_GT(channels, 0U);
  EXPECT_GT(channel_bytes, 0U);
}

TEST(RealFiles, ChangelogFilesAreMarkedAsNotExact) {
  const FlinkMetadata metadata = ReadCorpus("flink-1.20-changelog-rocksdb");
  int logs = 0;
  int materialized = 0;
  const auto visited =
      VisitStreamHandles(metadata, [&](const StreamHandle&, const HandleContext& context) {
        EXPECT_EQ(context.sizes_exact, context.list != HandleList::kChanges);
        if (context.list == HandleList::kChanges) ++logs;
        if (context.materialized) ++materialized;
        return Result<void>();
      });
  EXPECT_TRUE(visited);
  EXPECT_GT(logs, 0);
  EXPECT_GT(materialized, 0);
}

TEST(RealFiles, Flink2NamesItsOperators) {
  const FlinkMetadata metadata = ReadCorpus("flink-2.3-rocksdb-incremental");
  EXPECT_EQ(metadata.version, 6);
  for (const Operator& op : metadata.operators) EXPECT_FALSE(op.name.empty());
}

}  // namespace
}  // namespace stateferry::state::snapshot
