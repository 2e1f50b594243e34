#include "storage/managed/pack_format.h"

#include <gtest/gtest.h>

#include "storage/managed/file_record.h"

namespace stateferry::storage::managed {
namespace {

PackEntry Entry(std::uint64_t offset, std::uint32_t size) {
  return {.kind = EntryKind::kChunk,
          .codec = Codec::kRaw,
          .plain_bytes = size,
          .stored_bytes = size,
          .offset = offset,
          .hash = Xxh3_128(AsBytes("content")),
          .check = 7};
}

TEST(PackFormat, HeaderComesBack) {
  const PackHeader header{.store_id = Xxh3_128(AsBytes("s")),
                          .pack_id = Xxh3_128(AsBytes("p")),
                          .project = std::string(kMaxProjectBytes, 'x')};
  const auto bytes = EncodePackHeader(header);
  EXPECT_EQ(bytes.size(), kMaxPackHeaderBytes);
  std::uint64_t header_bytes = 0;
  const auto decoded = DecodePackHeader(bytes + "entries", header_bytes);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(header_bytes, bytes.size());
  EXPECT_EQ(decoded->project, header.project);
  EXPECT_EQ(decoded->pack_id, header.pack_id);
}

TEST(PackFormat, EveryCutOrFlippedHeaderIsRefused) {
  const auto bytes = EncodePackHeader({.store_id = {}, .pack_id = {}, .project = "jobs"});
  std::uint64_t header_bytes = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodePackHeader(bytes.substr(0, size), header_bytes)) << size;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto decoded = DecodePackHeader(flipped, header_bytes);
    ASSERT_FALSE(decoded) << bit;
    EXPECT_EQ(decoded.error().code(), ErrorCode::kCorruption) << bit;
  }
}

TEST(PackFormat, AHeaderWithoutAProjectIsCorrupt) {
  for (const std::string& project : {std::string(), std::string("a/b"), std::string("a\0b", 3)}) {
    std::uint64_t header_bytes = 0;
    const auto decoded = DecodePackHeader(
        EncodePackHeader({.store_id = {}, .pack_id = {}, .project = project}), header_bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code(), ErrorCode::kCorruption);
  }
}

TEST(PackFormat, ANewerPackIsRefusedNotCalledCorrupt) {
  auto bytes = EncodePackHeader({.store_id = {}, .pack_id = {}, .project = "jobs"});
  StoreLittle<std::uint32_t>(bytes.data() + 8, kPackFormatVersion + 1);
  StoreLittle<std::uint64_t>(bytes.data() + bytes.size() - 8,
                             Xxh3_64(AsBytes(std::string_view(bytes).substr(0, bytes.size() - 8))));
  std::uint64_t header_bytes = 0;
  const auto decoded = DecodePackHeader(bytes, header_bytes);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code(), ErrorCode::kRefused);
}

TEST(PackFormat, FooterMustCoverThePackWithoutGaps) {
  const std::vector<PackEntry> good = {Entry(60, 10), Entry(70, 0), Entry(70, 5)};
  EXPECT_EQ(*DecodeFooter(EncodeFooter(good), 60, 75), good);
  EXPECT_FALSE(DecodeFooter(EncodeFooter(good), 60, 76));
  EXPECT_FALSE(DecodeFooter(EncodeFooter(good), 60, 74));
  EXPECT_FALSE(DecodeFooter(EncodeFooter(good), 59, 75));
  EXPECT_FALSE(DecodeFooter(EncodeFooter({Entry(60, 10), Entry(71, 4)}), 60, 75));
  EXPECT_FALSE(DecodeFooter(EncodeFooter(good).substr(1), 60, 75));
}

TEST(PackFormat, HostileEntriesAreRefused) {
  auto refused = [](PackEntry entry) {
    return !DecodeFooter(EncodeFooter({entry}), entry.offset, entry.offset + entry.stored_bytes);
  };
  auto entry = Entry(60, kMaxChunkBytes);
  EXPECT_FALSE(refused(entry));
  EXPECT_TRUE(refused(Entry(60, kMaxChunkBytes + 1)));
  entry.plain_bytes = UINT32_MAX;
  EXPECT_TRUE(refused(entry));
  entry = Entry(60, 10);
  entry.codec = Codec::kZstd;
  EXPECT_TRUE(refused(entry)) << "compressed bytes are shorter";
  entry.codec = static_cast<Codec>(2);
  EXPECT_TRUE(refused(entry));
  entry = Entry(60, 10);
  entry.kind = static_cast<EntryKind>(9);
  EXPECT_TRUE(refused(entry));
  entry = Entry(UINT64_MAX - 4, 10);
  EXPECT_TRUE(refused(entry)) << "the end wraps around";
}

TEST(PackFormat, TrailerIsHeldAgainstTheFileLength) {
  const PackTrailer trailer{.footer_offset = 100, .footer_bytes = 50, .footer_hash = {}};
  const auto bytes = EncodeTrailer(trailer);
  EXPECT_TRUE(DecodeTrailer(bytes, 100 + 50 + kPackTrailerBytes));
  EXPECT_FALSE(DecodeTrailer(bytes, 100 + 50 + kPackTrailerBytes + 1));
  EXPECT_FALSE(DecodeTrailer(bytes, 10));
  const auto huge = EncodeTrailer(
      {.footer_offset = 0, .footer_bytes = UINT64_MAX - kPackTrailerBytes + 1, .footer_hash = {}});
  EXPECT_FALSE(DecodeTrailer(huge, 200));
}

TEST(FileRecord, ANewerRecordIsRefusedNotCalledCorrupt) {
  FileRecord file;
  file.key = "k";
  std::string record = EncodeFileRecord(file);
  std::string tombstone = EncodeTombstone({.sequence = 1, .key = "k"});
  record[0] = tombstone[0] = 2;
  EXPECT_EQ(DecodeFileRecord(record).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(DecodeTombstone(tombstone).error().code(), ErrorCode::kRefused);
}

TEST(FileRecord, ComesBackAndRefusesWhatDoesNotAddUp) {
  FileRecord record;
  record.sequence = 9;
  record.key = "chk-1/_metadata";
  record.size_bytes = 30;
  record.part_bytes = 64;
  record.mtime_ns = -5;
  record.origin = "file:/a|7";
  record.chunks = {{Xxh3_128(AsBytes("a")), 10}, {Xxh3_128(AsBytes("b")), 20}};
  const auto bytes = EncodeFileRecord(record);
  const auto decoded = DecodeFileRecord(bytes);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(EncodeFileRecord(*decoded), bytes);
  EXPECT_EQ(decoded->mtime_ns, -5);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeFileRecord(bytes.substr(0, size))) << size;
  record.size_bytes = 31;
  EXPECT_FALSE(DecodeFileRecord(EncodeFileRecord(record)));
}

}  // namespace
}  // namespace stateferry::storage::managed
