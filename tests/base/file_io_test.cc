#include "base/file_io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <vector>

#include "tests/fakes/failing_io.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry {
namespace {

using fakes::FailingIo;
using fakes::ScratchDir;

/// Records the names of changing operations, with the last component of their paths.
class Recorder final : public IoHooks {
 public:
  Result<void> Before(IoOp op, std::string_view path) override {
    static const std::map<IoOp, const char*> kNames = {
        {IoOp::kWrite, "write"},     {IoOp::kSync, "sync"},       {IoOp::kRename, "rename"},
        {IoOp::kSyncDir, "syncdir"}, {IoOp::kMakeDir, "makedir"}, {IoOp::kUnlink, "unlink"}};
    if (const auto it = kNames.find(op); it != kNames.end())
      done.push_back(std::string(it->second) + " " +
                     std::string(path.substr(path.rfind('/') + 1)).substr(0, 1));
    return {};
  }
  std::vector<std::string> done;
};

std::string ReadText(const std::string& path) {
  auto text = FileIo().ReadSmall(path, 1 << 20);
  return text ? *text : "error: " + text.error().message();
}

TEST(FileIo, WriteDurablySyncsTheFileThenRenamesThenSyncsTheDirectory) {
  ScratchDir dir;
  Recorder recorder;
  ASSERT_TRUE(FileIo(&recorder).WriteDurably(dir.File("k"), AsBytes("content")));
  EXPECT_EQ(recorder.done,
            (std::vector<std::string>{"write k", "write k", "sync k", "rename k", "syncdir s"}));
  EXPECT_EQ(ReadText(dir.File("k")), "content");
}

TEST(FileIo, WriteDurablyIsNotStoppedByWhatAnotherProcessLeft) {
  ScratchDir dir;
  // Process ids come again in containers, and so does what is counted from 0.
  for (int i = 0; i < 10'000; ++i)
    std::ofstream(dir.File("k.tmp." + std::to_string(::getpid()) + "." + std::to_string(i)));
  EXPECT_TRUE(FileIo().WriteDurably(dir.File("k"), AsBytes("x")));
}

TEST(FileIo, WriteDurablyIsAllOrNothingAtEveryChange) {
  ScratchDir counted;
  FailingIo counting;
  ASSERT_TRUE(FileIo(&counting).WriteDurably(counted.File("k"), AsBytes("new")));
  for (std::uint64_t k = 1; k <= counting.changes(); ++k) {
    ScratchDir dir;
    ASSERT_TRUE(FileIo().WriteDurably(dir.File("k"), AsBytes("old")));
    FailingIo failing({.at = k});
    EXPECT_FALSE(FileIo(&failing).WriteDurably(dir.File("k"), AsBytes("new"))) << k;
    EXPECT_TRUE(failing.fired());
    const std::string text = ReadText(dir.File("k"));
    EXPECT_TRUE(text == "old" || text == "new") << text;
    EXPECT_EQ(FileIo().ListDir(dir.path())->size(), 1u) << "a temporary file is left at " << k;
  }
}

TEST(FileIo, AFailedSyncPoisonsTheFile) {
  ScratchDir dir;
  FailingIo failing({.at = 1, .ops = {IoOp::kSync}});
  auto file = FileIo(&failing).Open(dir.File("k"), OpenMode::kCreateNew);
  ASSERT_TRUE(file && file->WriteAt(0, AsBytes("x")));
  EXPECT_FALSE(file->Sync());
  EXPECT_FALSE(file->Sync()) << "an fsync must not be tried again";
  EXPECT_FALSE(file->WriteAt(0, AsBytes("y")));
  EXPECT_FALSE(file->Truncate(0));
}

TEST(FileIo, MakeDirsDurablySyncsEachNewDirectoryAndItsParent) {
  ScratchDir dir;
  Recorder recorder;
  ASSERT_TRUE(FileIo(&recorder).MakeDirsDurably(dir.File("a/b")));
  EXPECT_EQ(recorder.done, (std::vector<std::string>{"makedir a", "syncdir a", "syncdir s",
                                                     "makedir b", "syncdir b", "syncdir a"}));
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("f"), {}));
  EXPECT_EQ(FileIo().MakeDirsDurably(dir.File("f/x")).error().code(), ErrorCode::kConflict);
}

TEST(FileIo, RenameNoReplaceKeepsWhatIsThere) {
  ScratchDir dir;
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("a"), AsBytes("a")));
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("b"), AsBytes("b")));
  EXPECT_EQ(FileIo().RenameNoReplace(dir.File("a"), dir.File("b")).error().code(),
            ErrorCode::kConflict);
  EXPECT_EQ(ReadText(dir.File("b")), "b");
  EXPECT_TRUE(FileIo().RenameNoReplace(dir.File("a"), dir.File("c")));
  EXPECT_EQ(ReadText(dir.File("c")), "a");
}

TEST(FileIo, ReadsAtTheEndAndPastIt) {
  ScratchDir dir;
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("k"), AsBytes("12345")));
  auto file = FileIo().Open(dir.File("k"), OpenMode::kRead);
  Bytes out(10);
  EXPECT_EQ(*file->ReadAt(3, out), 2u);
  EXPECT_EQ(*file->ReadAt(5, out), 0u);
  EXPECT_EQ(*file->ReadAt(500, out), 0u);
}

TEST(FileIo, SmallReadsAreBounded) {
  ScratchDir dir;
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("k"), AsBytes("12345")));
  EXPECT_EQ(ReadText(dir.File("k")), "12345");
  EXPECT_TRUE(FileIo().ReadSmall(dir.File("k"), 5));
  EXPECT_EQ(FileIo().ReadSmall(dir.File("k"), 4).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(FileIo().ReadSmall(dir.File("absent"), 4).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(FileIo().ReadSmall(dir.path(), 4));
}

TEST(FileIo, ListsSortedAndForgivesRemovingNothing) {
  ScratchDir dir;
  for (const char* name : {"b", "a-", "a/", "c"}) {
    const std::string path = dir.File(name);
    ASSERT_TRUE(path.ends_with("/") ? FileIo().MakeDirsDurably(dir.File("a"))
                                    : FileIo().WriteDurably(path, {}));
  }
  EXPECT_EQ(*FileIo().ListDir(dir.path()), (std::vector<std::string>{"a", "a-", "b", "c"}));
  EXPECT_EQ(FileIo().ListDir(dir.File("absent")).error().code(), ErrorCode::kNotFound);
  EXPECT_TRUE(FileIo().Unlink(dir.File("absent")));
  EXPECT_TRUE(FileIo().RemoveEmptyDir(dir.File("absent")));
  EXPECT_FALSE(FileIo().RemoveEmptyDir(dir.path())) << "not empty";
}

TEST(FileIo, NamesInOpenDirectoriesAreNotFollowed) {
  ScratchDir dir;
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("target"), AsBytes("precious")));
  ASSERT_EQ(::symlink(dir.File("target").c_str(), dir.File("link").c_str()), 0);
  const int fd = ::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY);
  const NameInDir link{.dir_fd = fd, .path = dir.File("link")};
  EXPECT_FALSE(FileIo().Open(link, OpenMode::kReadWrite));
  EXPECT_FALSE(FileIo().Open(link, OpenMode::kCreateNew));
  EXPECT_TRUE(FileIo().Unlink(link));
  EXPECT_EQ(ReadText(dir.File("target")), "precious");
  ::close(fd);
}

TEST(FileIo, CopiesByTheFileSystemOrByHand) {
  ScratchDir dir;
  const std::string text(3'000'000, 'x');
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("from"), AsBytes(text)));
  auto from = FileIo().Open(dir.File("from"), OpenMode::kRead);
  auto to = FileIo().Open(dir.File("to"), OpenMode::kCreateNew);
  ASSERT_TRUE(to->CopyFrom(*from, text.size()));
  EXPECT_EQ(*FileIo().ReadSmall(dir.File("to"), text.size()), text);
  EXPECT_EQ(to->CopyFrom(*from, text.size() + 1).error().code(), ErrorCode::kConflict);
}

TEST(FileIo, ParentDirs) {
  EXPECT_EQ(ParentDir("/a/b"), "/a");
  EXPECT_EQ(ParentDir("/a/b/"), "/a");
  EXPECT_EQ(ParentDir("/a"), "/");
  EXPECT_EQ(ParentDir("/"), "/");
  EXPECT_EQ(ParentDir("a"), ".");
  EXPECT_EQ(ParentDir("a/b"), "a");
}

}  // namespace
}  // namespace stateferry
