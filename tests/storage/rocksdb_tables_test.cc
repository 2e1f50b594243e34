#include "storage/rocksdb_tables.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

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

std::vector<std::string> TablesIn(const std::string& dir) {
  std::vector<std::string> names;
  EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, dir, &names).ok());
  std::sort(names.begin(), names.end());
  return names;
}

// Another version may have fewer tables or more; who refuses it leaves it as it is.
TEST(RocksTables, AnotherVersionIsRefusedInAClearSentenceAndNotChanged) {
  fakes::ScratchDir scratch;
  const std::string dir = scratch.path() + "/home/runs";
  const FileIo io;
  {
    auto old = RocksTables::OpenToWrite(
        io, {.dir = dir, .name = "runs", .tables = {"rows", "gone"}, .format_version = 1});
    ASSERT_TRUE(old) << old.error().message();
    RocksTables::Batch batch(**old);
    batch.Put(0, "key", "value");
    ASSERT_TRUE((*old)->Write(batch, true, "writing a row"));
  }
  const auto before = TablesIn(dir);
  const TablesSpec spec{.dir = dir,
                        .name = "runs",
                        .tables = {"rows", "findings"},
                        .format_version = 2,
                        .unreadable_hint = "move it away"};
  const auto written = RocksTables::OpenToWrite(io, spec);
  ASSERT_FALSE(written);
  const auto read = RocksTables::OpenToRead(io, SystemClock(), spec);
  ASSERT_FALSE(read);
  for (const Error& error : {written.error(), read.error()}) {
    EXPECT_EQ(error.code(), ErrorCode::kRefused) << error.message();
    EXPECT_EQ(error.message(),
              "the runs in " + dir + " has format version 1; this program knows 2");
    EXPECT_EQ(error.hint(), "move it away");
  }
  EXPECT_EQ(TablesIn(dir), before);
}

TEST(RocksTables, WhoReadsWhileTheTablesAreMadeFindsNothing) {
  fakes::ScratchDir scratch;
  const std::string dir = scratch.path() + "/home/runs";
  const FileIo io;
  const TablesSpec spec{
      .dir = dir, .name = "runs", .tables = {"rows", "findings"}, .format_version = 2};
  std::filesystem::create_directories(dir);
  // As a process leaves it that is killed after each of them.
  for (const std::size_t made : {0u, 1u, 2u, 3u}) {
    const std::vector<std::string> names{rocksdb::kDefaultColumnFamilyName, "meta", "rows",
                                         "findings"};
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (std::size_t i = 0; i <= made; ++i) families.emplace_back(names[i], rocksdb::Options());
    rocksdb::Options options;
    options.create_if_missing = options.create_missing_column_families = true;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, dir, families, &handles, &db).ok());
    for (auto* handle : handles) (void)db->DestroyColumnFamilyHandle(handle);
    delete db;
    const auto read = RocksTables::OpenToRead(io, SystemClock(), spec);
    ASSERT_TRUE(read) << made << ": " << read.error().message();
    EXPECT_TRUE(made == 3 || *read == nullptr) << made;
  }
  {
    auto written = RocksTables::OpenToWrite(io, spec);
    ASSERT_TRUE(written) << written.error().message();
    RocksTables::Batch batch(**written);
    batch.Put(0, "key", "value");
    ASSERT_TRUE((*written)->Write(batch, true, "writing a row"));
  }
  const auto read = RocksTables::OpenToRead(io, SystemClock(), spec);
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_NE(*read, nullptr);
  EXPECT_EQ(*(*read)->Get(0, "key"), "value");
}

}  // namespace
}  // namespace stateferry::storage
