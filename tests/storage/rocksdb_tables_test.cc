#include "storage/rocksdb_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "tests/fakes/scratch_dir.h"

namespace stateferry::storage {
namespace {

TablesSpec Spec(const std::string& dir) {
  return {.dir = dir, .name = "journal", .tables = {"rows"}};
}

// A writer that opens the database moves what is in its log into a table and deletes the log.  Who
// reads the list of tables before and the list of logs after that sees none of it, and no error.
TEST(RocksTables, AReaderBesideAWriterThatOpensSeesAllThatWasAcknowledged) {
  fakes::ScratchDir scratch;
  const std::string dir = scratch.path() + "/home/journal";
  const FileIo io;
  Clock& clock = SystemClock();
  { ASSERT_TRUE(RocksTables::OpenToWrite(io, Spec(dir))); }
  std::atomic<int> acknowledged{-1};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int row = 0; !stop; ++row) {
      auto tables = RocksTables::OpenToWrite(io, Spec(dir));
      ASSERT_TRUE(tables) << tables.error().message();
      RocksTables::Batch batch(**tables);
      batch.Put(0, std::to_string(row), "value");
      ASSERT_TRUE((*tables)->Write(batch, true, "writing a row"));
      acknowledged = row;
    }
  });
  int looked = 0;
  for (; looked < 60 && !::testing::Test::HasFailure(); ++looked) {
    const int known = acknowledged;
    auto tables = RocksTables::OpenToRead(io, clock, Spec(dir));
    EXPECT_TRUE(tables) << tables.error().message();
    if (!tables || known < 0) continue;
    for (int row = std::max(0, known - 5); row <= known; ++row) {
      auto value = (*tables)->Get(0, std::to_string(row));
      EXPECT_TRUE(value) << value.error().message();
      EXPECT_TRUE(value && value->has_value()) << "row " << row << " of " << known;
    }
  }
  stop = true;
  writer.join();
  EXPECT_GT(acknowledged, 0);
}

}  // namespace
}  // namespace stateferry::storage
