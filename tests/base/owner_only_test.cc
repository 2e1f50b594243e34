#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file_io.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat made {};
  EXPECT_EQ(::stat(path.c_str(), &made), 0) << path;
  return made.st_mode & 0777;
}

TEST(OwnerOnly, OnlyTheOwnerMayLookIntoWhatIsMade) {
  fakes::ScratchDir dir;
  ASSERT_EQ(::mkdir(dir.File("open").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(dir.File("open").c_str(), 0755), 0);
  ASSERT_TRUE(FileIo().MakeDirsDurably(dir.File("open/home/runs"), kOwnerOnly));
  EXPECT_EQ(ModeOf(dir.File("open/home/runs")), 0700u);
  EXPECT_EQ(ModeOf(dir.File("open/home")), 0700u);
  // What is there stays as it is.
  EXPECT_EQ(ModeOf(dir.File("open")), 0755u);
  EXPECT_TRUE(FileIo().MakeDirsDurably(dir.File("open/home/runs"), kOwnerOnly));
}

TEST(OwnerOnly, AFileInTheWayIsAConflict) {
  fakes::ScratchDir dir;
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("f"), {}));
  EXPECT_EQ(FileIo().MakeDirsDurably(dir.File("f/x"), kOwnerOnly).error().code(),
            ErrorCode::kConflict);
}

}  // namespace
}  // namespace stateferry
