#include "transfer/journal.h"

#include <gmock/gmock.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "storage/rocksdb_tables.h"
#include "tests/fakes/synced_dirs.h"
#include "tests/transfer/transfer_rig.h"
#include "transfer/journal_records.h"

namespace stateferry::transfer {
namespace {

using ::testing::HasSubstr;

class JournalTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Journal>> Open(bool read_only = false) {
    return Journal::Open(FileIo(), clock, home(), read_only);
  }
  std::string home() const { return dir.path() + "/h"; }

  static TransferRecord Transfer(const std::string& id) {
    TransferRecord record;
    record.id = id;
    record.status = TransferStatus::kRunning;
    record.kind = "copy";
    record.from = "file:/from";
    record.to = "file:/to";
    record.parameters = Json{{"layout", "portable"}};
    record.command = {"stateferry", "copy", "/from", "/to"};
    record.created = "2026-01-01T00:00:00.000Z";
    return record;
  }
  static FileRecord File(std::uint64_t index) {
    FileRecord file;
    file.index = index;
    file.task.from_dir = At("file:///from");
    file.task.from_name = "f" + std::to_string(index);
    file.task.to_name = "t" + std::to_string(index);
    file.task.size_bytes = index * 10;
    file.task.etag = "e";
    file.part_bytes = 4;
    return file;
  }
  /// Writes a raw value behind the journal's back.
  void Plant(const std::string& family, const std::string& key, const std::string& value) {
    std::vector<std::string> names;
    const auto options = storage::SmallDbOptions();
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(options, home() + "/journal", &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : names) families.emplace_back(name, options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, home() + "/journal", families, &handles, &db).ok());
    for (auto* handle : handles) {
      if (handle->GetName() == family) {
        ASSERT_TRUE(db->Put({}, handle, key, value).ok());
      }
      (void)db->DestroyColumnFamilyHandle(handle);
    }
    delete db;
  }

  TempDir dir;
  fakes::FakeClock clock;
};

TEST_F(JournalTest, RemembersTransfersFilesAndReceipts) {
  const std::string a = "aaaaaaaaaaaaaaaa", b = "bbbbbbbbbbbbbbbb";
  {
    auto journal = Open();
    ASSERT_TRUE(journal) << journal.error().message();
    ASSERT_TRUE((*journal)->AddFiles(a, {File(0), File(1), File(2)}));
    ASSERT_TRUE((*journal)->AddFiles(b, {File(7)}));
    ASSERT_TRUE((*journal)->PutTransfer(Transfer(a)));
    ASSERT_TRUE((*journal)->PutTransfer(Transfer(b)));
    Journal::Batch batch;
    batch.parts = {{1, {0, 4, Xxh3_128(AsBytes("x"))}},
                   {1, {2, 2, Xxh3_128(AsBytes("y")), 77}},
                   {1, {.part_index = 3, .size_bytes = 5, .by_service = true}}};
    ASSERT_TRUE((*journal)->Commit(a, batch));
  }
  auto journal = Open();
  ASSERT_TRUE(journal) << journal.error().message();
  auto found = (*journal)->Find(a);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->command.size(), 4u);
  EXPECT_EQ((*found)->parameters["layout"], "portable");
  auto files = (*journal)->Files(a, 1, 10);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 2u);
  EXPECT_EQ((*files)[0].task.to_name, "t1");
  EXPECT_EQ(*(*journal)->EndIndex(a), 3u);
  EXPECT_EQ(*(*journal)->EndIndex(b), 8u);
  auto receipts = (*journal)->Receipts(a, 1);
  ASSERT_TRUE(receipts);
  ASSERT_EQ(receipts->size(), 3u);
  EXPECT_FALSE((*receipts)[1].by_service);
  EXPECT_TRUE((*receipts)[2].by_service);
  EXPECT_EQ((*receipts)[2].part_index, 3u);
  EXPECT_EQ((*receipts)[2].size_bytes, 5u);
  EXPECT_EQ((*receipts)[1].part_index, 2u);
  EXPECT_EQ((*receipts)[1].hash, Xxh3_128(AsBytes("y")));
  EXPECT_EQ((*receipts)[1].source_checksum, 77u);
  EXPECT_FALSE((*receipts)[0].source_checksum);

  Journal::Batch again;
  again.drop_receipts_of = {1};
  again.parts = {{1, {1, 4, {}}}};
  again.remove_files = {2};
  ASSERT_TRUE((*journal)->Commit(a, again));
  EXPECT_EQ((*journal)->Receipts(a, 1)->size(), 1u) << "dropping comes first";
  EXPECT_EQ(*(*journal)->EndIndex(a), 2u);
  ASSERT_TRUE((*journal)->Remove(a));
  EXPECT_EQ((*journal)->List()->size(), 1u);
  EXPECT_TRUE((*journal)->Files(a, 0, 10)->empty());
  EXPECT_EQ((*journal)->Files(b, 0, 10)->size(), 1u) << "other transfers stay";
}

TEST_F(JournalTest, ASecondWriterIsToldWhoHoldsTheHome) {
  auto first = Open();
  ASSERT_TRUE(first);
  auto second = Open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kLocked);
  EXPECT_THAT(second.error().message(), HasSubstr("in use by pid " + std::to_string(::getpid())));
  EXPECT_THAT(second.error().message(), HasSubstr("transfer_test"));
  first->reset();
  EXPECT_TRUE(Open());
}

TEST_F(JournalTest, TheNameOfTheHomeIsSyncedEvenWhenAKilledProcessMadeIt) {
  ASSERT_TRUE(FileIo().MakeDirsDurably(home() + "/journal"));
  fakes::SyncedDirs hooks;
  ASSERT_TRUE(Journal::Open(FileIo(&hooks), clock, home(), false));
  for (const auto& name : {home() + "/journal", home(), ParentDir(home())})
    EXPECT_TRUE(hooks.synced.contains(name)) << name;
}

TEST_F(JournalTest, ReadersWorkBesideAWriter) {
  auto writer = Open();
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->PutTransfer(Transfer("aaaaaaaaaaaaaaaa")));
  auto reader = Open(true);
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ((*reader)->List()->size(), 1u);
  auto refused = (*reader)->PutTransfer(Transfer("bbbbbbbbbbbbbbbb"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
}

TEST_F(JournalTest, AHomeWithoutAJournalReadsAsEmptyAndStaysUntouched) {
  auto reader = Open(true);
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_TRUE((*reader)->List()->empty());
  EXPECT_FALSE(std::filesystem::exists(home()));
}

TEST_F(JournalTest, RefusesAHomeOfANewerVersion) {
  ASSERT_TRUE(Open());
  std::string version;
  AppendLittle<std::uint32_t>(version, kJournalFormatVersion + 1);
  Plant("meta", "format_version", version);
  for (const bool read_only : {false, true}) {
    auto journal = Open(read_only);
    ASSERT_FALSE(journal);
    EXPECT_EQ(journal.error().code(), ErrorCode::kRefused);
    EXPECT_THAT(journal.error().message(), HasSubstr("version 2"));
    EXPECT_THAT(journal.error().message(), HasSubstr("knows 1"));
  }
}

TEST_F(JournalTest, ABadRecordIsNamed) {
  const std::string id = "aaaaaaaaaaaaaaaa";
  {
    auto journal = Open();
    ASSERT_TRUE(journal);
    ASSERT_TRUE((*journal)->PutTransfer(Transfer(id)));
  }
  std::string flipped = EncodeFileRecord(File(3));
  flipped[20] ^= 1;
  std::string key = id;
  AppendBig<std::uint64_t>(key, 3);
  Plant("files", key, flipped);
  auto journal = Open();
  ASSERT_TRUE(journal);
  auto files = (*journal)->Files(id, 0, 10);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(files.error().message(), HasSubstr(id));
  EXPECT_THAT(files.error().message(), HasSubstr("file 3"));
}

TEST_F(JournalTest, AGarbledDatabaseGivesOneClearError) {
  ASSERT_TRUE(Open());
  std::ofstream(home() + "/journal/CURRENT") << "garbage";
  auto journal = Open();
  ASSERT_FALSE(journal);
  EXPECT_THAT(journal.error().message(), HasSubstr(home() + "/journal"));
  EXPECT_FALSE(journal.error().hint().empty());
}

TEST_F(JournalTest, AHomeThatIsAFileIsAnError) {
  std::ofstream(home()) << "x";
  auto journal = Open();
  ASSERT_FALSE(journal);
  EXPECT_THAT(journal.error().message(), HasSubstr(home()));
}

TEST(JournalRecords, RoundTrip) {
  FileRecord file;
  file.index = 1ull << 40;
  file.task = {.from_dir = At("managed:///s/p"),
               .from_name = "a/b",
               .to_name = "c",
               .offset = 5,
               .size_bytes = 1ull << 45,
               .whole_object = false,
               .etag = std::string("\0x", 2)};
  file.part_bytes = 1 << 24;
  file.state = FileState::kWritten;
  file.owned = true;
  file.resume_token = "token";
  file.error = "e";
  file.to_etag_hash = EtagHash("etag");
  file.content = ContentHash(1, {});
  auto back = DecodeFileRecord(EncodeFileRecord(file));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(EncodeFileRecord(*back), EncodeFileRecord(file));
  EXPECT_EQ(back->task.from_dir, file.task.from_dir);
  EXPECT_EQ(back->task.etag, file.task.etag);
  EXPECT_TRUE(back->owned);
  EXPECT_EQ(back->to_etag_hash, file.to_etag_hash);
  EXPECT_EQ(back->content, file.content);
}

/// A record of an older version, made by cutting off what was added since.
std::string OlderVersion(const std::string& record, std::uint8_t version, std::size_t added_bytes) {
  constexpr std::size_t kHeader = 5, kChecksum = 8;
  const auto payload = record.size() - kHeader - kChecksum - added_bytes;
  std::string old;
  AppendLittle<std::uint8_t>(old, version);
  AppendLengthPrefixed(old, std::string_view(record).substr(kHeader, payload));
  AppendLittle<std::uint64_t>(old, Xxh3_64(AsBytes(old)));
  return old;
}

TEST(JournalRecords, ReadsOlderVersionsOfFiles) {
  FileRecord file;
  file.task.from_dir = At("file:///x");
  file.task.to_name = "t";
  file.part_bytes = 1;
  file.error = "e";
  auto old_file = DecodeFileRecord(OlderVersion(EncodeFileRecord(file), 1, 8 + 4));
  ASSERT_TRUE(old_file) << old_file.error().message();
  EXPECT_EQ(old_file->error, "e");
  EXPECT_EQ(old_file->to_etag_hash, 0u);
  EXPECT_FALSE(old_file->content);
}

TEST(JournalRecords, ReadsOlderVersionsOfTransfers) {
  TransferRecord transfer;
  transfer.parameters = Json::object();
  transfer.plan_complete = true;
  transfer.summary = "{}";
  const std::string record = EncodeTransferRecord(transfer);
  auto version_1 = DecodeTransferRecord(OlderVersion(record, 1, 2));
  ASSERT_TRUE(version_1) << version_1.error().message();
  EXPECT_EQ(version_1->summary, "{}");
  EXPECT_TRUE(version_1->started) << "it may have been";
  EXPECT_FALSE(version_1->last_objects);
  auto version_2 = DecodeTransferRecord(OlderVersion(record, 2, 1));
  ASSERT_TRUE(version_2) << version_2.error().message();
  EXPECT_FALSE(version_2->started);
  EXPECT_FALSE(version_2->last_objects);
}

TEST(JournalRecords, LastObjectsAreKnownUnknownOrNone) {
  TransferRecord transfer;
  transfer.parameters = Json::object();
  const std::vector<LastObjectReceipt> none,
      some = {{"chk-1/_metadata", 1ull << 40, Xxh3_128(AsBytes("x"))}, {"b", 0, {}}};
  for (const auto& objects : {std::optional(none), std::optional(some),
                              std::optional<std::vector<LastObjectReceipt>>()}) {
    transfer.last_objects = objects;
    const auto back = DecodeTransferRecord(EncodeTransferRecord(transfer));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->last_objects, objects);
  }
}

TEST(JournalRecords, EveryFlippedBitAndEveryTruncationIsFound) {
  FileRecord file;
  file.task.from_dir = At("file:///x");
  file.task.to_name = "t";
  file.part_bytes = 1;
  const std::string good = EncodeFileRecord(file);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeFileRecord(bad)) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(DecodeFileRecord(good.substr(0, size))) << size;
  EXPECT_FALSE(DecodeFileRecord(good + "x"));
}

}  // namespace
}  // namespace stateferry::transfer
