// Truncated and flipped files: an error or a file that is written back as it was, never a crash.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "state/snapshot/flink_metadata.h"
#include "state/snapshot/flink_metadata_visit.h"
#include "tests/state/snapshot/metadata_bytes.h"
#include "tests/state/snapshot/worked_example.h"

namespace stateferry::state::snapshot {
namespace {

using namespace bytes;

std::string ChangelogFile(int version) {
  const std::string files = U8(13) + KeyGroups() + I32(1) + I64(17) + File("s3://dstl/x", 99) +
                            I64(82) + I64(50) + Utf("id-13") + Utf("filesystem");
  const std::string change_bytes =
      U8(9) + KeyGroups() + I64(3) + I64(8) + I32(1) + I32(-1) + Blob("meta") + Utf("id-9");
  return OneKeyed(version, U8(14) + KeyGroups() + I64(60) + I32(1) + Incremental(I32(0), I32(0)) +
                               I32(2) + files + change_bytes + I64(4) + I64(12) + Utf("id-14"));
}

std::string MergedFile() {
  Body body;
  body.managed_operator = I32(1) + FileMerging(Segment("s3://b/f", 0, 3));
  body.inputs = I32(1) + U8(3) + I32(0) + I64(11) + Relative("in", 20) +
                Blob(I32(1) + I32(0) + I32(1) + I64(5) + I32(1) + I64(0));
  return OneSubtask(6, body);
}

std::vector<std::string> SmallFiles() {
  std::vector<std::string> files = {WorkedExample(), ChangelogFile(3), ChangelogFile(4),
                                    MergedFile()};
  for (const int version : {2, 3, 4, 5, 6, 7}) files.push_back(OneSubtask(version));
  return files;
}

/// Uses what was read the way inspect and relocate do.
void Exercise(const FlinkMetadata& metadata, const std::string& file) {
  const auto visited = VisitStreamHandles(
      metadata, [](const StreamHandle&, const HandleContext& context) -> Result<void> {
        EXPECT_FALSE(DescribeHandle(context).empty());
        return {};
      });
  EXPECT_TRUE(visited);
  for (const Operator& op : metadata.operators) SizesOf(op);
  if (metadata.version > kNewestWrittenVersion) return;
  auto written = WriteFlinkMetadata(metadata);
  ASSERT_TRUE(written) << written.error().message();
  ASSERT_EQ(*written, file);
}

TEST(FlinkMetadataDamage, EveryTruncationIsAnError) {
  for (const std::string& file : SmallFiles()) {
    ASSERT_TRUE(ReadFlinkMetadata(AsBytes(file)));
    for (std::size_t length = 0; length < file.size(); ++length) {
      // A copy of exactly this length, so that sanitizers see a read past its end.
      const std::string cut = file.substr(0, length);
      EXPECT_FALSE(ReadFlinkMetadata(AsBytes(cut))) << "cut to " << length;
    }
  }
}

TEST(FlinkMetadataDamage, EverySingleFlippedBitIsAnErrorOrIsKept) {
  for (const std::string& file : SmallFiles()) {
    std::string damaged = file;
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
      const char mask = static_cast<char>(1U << (bit % 8));
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ mask);
      if (auto read = ReadFlinkMetadata(AsBytes(damaged))) Exercise(*read, damaged);
      damaged[bit / 8] = file[bit / 8];
      if (HasFatalFailure()) return;
    }
  }
}

TEST(FlinkMetadataDamage, RandomDamageIsAnErrorOrIsKept) {
  const std::uint64_t seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> files = SmallFiles();
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = files[random() % files.size()];
    const std::size_t changes = 1 + random() % 6;
    for (std::size_t i = 0; i < changes; ++i) {
      const std::size_t at = random() % damaged.size();
      // Small values hit tags and counts more often than random ones.
      const std::uint64_t value = random() % 2 == 0 ? random() % 20 : random() % 256;
      if (random() % 8 == 0) {
        damaged.erase(at, 1);
      } else if (random() % 8 == 0) {
        damaged.insert(at, 1, static_cast<char>(value));
      } else {
        damaged[at] = static_cast<char>(value);
      }
    }
    if (auto read = ReadFlinkMetadata(AsBytes(damaged))) Exercise(*read, damaged);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace stateferry::state::snapshot
