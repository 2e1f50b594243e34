#include "storage/s3/versions.h"

#include <gtest/gtest.h>

#include "storage/s3/checksums.h"

namespace stateferry::storage::s3 {
namespace {

TEST(Versions, KeepsWhatWasSeenUntilItIsForgotten) {
  Versions versions;
  EXPECT_FALSE(versions.Find("k"));
  versions.Note("k", {"e1", 1});
  EXPECT_EQ(versions.Find("k"), (Version{"e1", 1}));
  versions.Note("k", {"e2", 2});
  EXPECT_EQ(versions.Find("k"), (Version{"e2", 2}));
  versions.Forget("k");
  versions.Forget("never");
  EXPECT_FALSE(versions.Find("k"));
}

TEST(Versions, TwoReadersMustHaveSeenTheSame) {
  Versions versions;
  EXPECT_TRUE(versions.Agree("k", {"e1", 1}));
  EXPECT_TRUE(versions.Agree("k", {"e1", 1}));
  EXPECT_FALSE(versions.Agree("k", {"e2", 1}));
  EXPECT_FALSE(versions.Agree("k", {"e1", 2}));
  EXPECT_EQ(versions.Find("k"), (Version{"e1", 1})) << "the first one counts";
}

TEST(Versions, KnowsTheCrcOfAllThatWasRead) {
  const Dialect& dialect = **FindDialect("aws");
  const std::string text = "0123456789";
  const auto crc = [&](std::size_t from, std::size_t size) {
    return Crc64Nvme(AsBytes(text).subspan(from, size));
  };
  Versions versions;
  const Version version{"e1", 10};
  versions.Note("k", version);
  EXPECT_FALSE(versions.CrcOfAllRead("k"));
  versions.NoteRead("k", version, 7, 3, crc(7, 3), dialect);
  versions.NoteRead("k", version, 0, 4, crc(0, 4), dialect);
  EXPECT_FALSE(versions.CrcOfAllRead("k")) << "bytes 4 to 7 are missing";
  versions.NoteRead("k", {"e2", 10}, 4, 3, crc(4, 3), dialect);
  EXPECT_FALSE(versions.CrcOfAllRead("k")) << "that was another version";
  versions.NoteRead("k", version, 4, 3, crc(4, 3), dialect);
  EXPECT_EQ(versions.CrcOfAllRead("k"), crc(0, 10));
  versions.ForgetRead("k");
  EXPECT_FALSE(versions.CrcOfAllRead("k")) << "it was compared";
  for (const std::size_t at : {8u, 2u, 0u, 4u, 6u})
    versions.NoteRead("k", version, at, 2, crc(at, 2), dialect);
  EXPECT_EQ(versions.CrcOfAllRead("k"), crc(0, 10));
  versions.NoteRead("k", version, 4, 4, crc(4, 4), dialect);
  EXPECT_FALSE(versions.CrcOfAllRead("k")) << "ranges overlap";
  versions.Note("k", {"e2", 10});
  EXPECT_FALSE(versions.CrcOfAllRead("k"));
}

TEST(Versions, ForgetsWhatWasNotAskedForLongest) {
  Versions versions(3);
  for (const char* key : {"a", "b", "c"}) versions.Note(key, {"e", 1});
  EXPECT_TRUE(versions.Find("a"));
  versions.Note("d", {"e", 1});
  EXPECT_FALSE(versions.Find("b"));
  for (const char* key : {"a", "c", "d"}) EXPECT_TRUE(versions.Find(key)) << key;
}

}  // namespace
}  // namespace stateferry::storage::s3
