// What only a bucket directory does; the rest is in tests/conformance.

#include "storage/file_backend.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "storage/beneath.h"
#include "storage/file_uploads.h"
#include "tests/fakes/failing_io.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry::storage {
namespace {

using fakes::FailingIo;

class FileBackendTest : public testing::Test {
 protected:
  void SetUp() override {
    WriteFile("outside/secret", "secret");
    WriteFile("bucket/inside", "inside");
    Open();
  }
  void Open(FailingIo::Plan plan = {}) {
    backend_.reset();
    io_ = std::make_unique<FailingIo>(std::move(plan));
    auto opened = OpenFileBackend(FileIo(io_.get()), dir_.File("bucket"));
    ASSERT_TRUE(opened) << opened.error().message();
    backend_ = *opened;
  }
  void WriteFile(const std::string& name, const std::string& text) {
    ASSERT_TRUE(FileIo().MakeDirsDurably(ParentDir(dir_.File(name))));
    ASSERT_TRUE(FileIo().WriteDurably(dir_.File(name), AsBytes(text)));
  }
  void Link(const std::string& target, const std::string& name) {
    ASSERT_TRUE(FileIo().MakeDirsDurably(ParentDir(dir_.File(name))));
    ASSERT_EQ(::symlink(target.c_str(), dir_.File(name).c_str()), 0);
  }
  std::string TextOf(const std::string& name) {
    auto text = FileIo().ReadSmall(dir_.File(name), 1 << 20);
    return text ? *text : "error: " + text.error().message();
  }
  Result<void> Read(std::string_view key) {
    SF_TRY(ReadAll(*backend_, key, 1 << 20));
    return {};
  }
  Result<void> Upload1(std::string_view key, std::string_view text, bool overwrite = true) {
    SF_TRY(auto upload,
           backend_->StartUpload(
               key, {.size_bytes = text.size(), .part_bytes = 1000, .overwrite = overwrite}));
    SF_TRY(upload->PutPart(0, AsBytes(text)));
    return upload->Complete();
  }
  Result<std::vector<std::string>> Keys() {
    std::vector<std::string> keys;
    SF_TRY(backend_->List("", [&](const ObjectMeta& meta) -> Result<void> {
      keys.push_back(meta.key);
      return {};
    }));
    return keys;
  }
  template <typename T>
  static ErrorCode CodeOf(const Result<T>& result) {
    if (!result) return result.error().code();
    ADD_FAILURE() << "expected an error";
    return ErrorCode::kInternal;
  }

  fakes::ScratchDir dir_;
  std::unique_ptr<FailingIo> io_;
  std::shared_ptr<Backend> backend_;
};

TEST_F(FileBackendTest, NoKeyLeavesTheBucketThroughSymlinks) {
  Link("../outside/secret", "bucket/file-out");
  Link(dir_.File("outside/secret"), "bucket/absolute");
  Link("../outside", "bucket/dir-out");
  Link("dir-out", "bucket/twice");
  Link("../../outside/secret", "bucket/sub/deep");
  for (const char* key : {"file-out", "absolute", "dir-out/secret", "twice/secret", "sub/deep"}) {
    EXPECT_EQ(CodeOf(backend_->Stat(key)), ErrorCode::kPermission) << key;
    EXPECT_EQ(CodeOf(Read(key)), ErrorCode::kPermission) << key;
  }
  for (const char* key : {"dir-out/new", "twice/new", "dir-out/a/b/new"}) {
    EXPECT_EQ(CodeOf(backend_->Put(key, AsBytes("x"), {})), ErrorCode::kPermission) << key;
    EXPECT_EQ(CodeOf(Upload1(key, "x")), ErrorCode::kPermission) << key;
    EXPECT_EQ(CodeOf(backend_->Copy("inside", key, {})), ErrorCode::kPermission) << key;
  }
  EXPECT_EQ(CodeOf(backend_->Delete("dir-out/secret")), ErrorCode::kPermission);
  EXPECT_EQ(CodeOf(backend_->Copy("file-out", "copy", {})), ErrorCode::kPermission);
  EXPECT_EQ(CodeOf(Keys()), ErrorCode::kPermission) << "nothing is left out silently";
  EXPECT_EQ(FileIo().ListDir(dir_.File("outside"))->size(), 1u);
  EXPECT_EQ(TextOf("outside/secret"), "secret");
}

TEST_F(FileBackendTest, PutReplacesALinkNotItsTarget) {
  Link("../outside/secret", "bucket/link");
  ASSERT_TRUE(backend_->Put("link", AsBytes("mine"), {}));
  ASSERT_TRUE(Upload1("link", "mine too") && backend_->Flush());
  EXPECT_EQ(TextOf("bucket/link"), "mine too");
  EXPECT_EQ(TextOf("outside/secret"), "secret");
  Link("../outside/secret", "bucket/link2");
  ASSERT_TRUE(backend_->Delete("link2"));
  EXPECT_EQ(TextOf("outside/secret"), "secret");
}

TEST_F(FileBackendTest, APrivateDirectoryThatLeadsOutIsRefused) {
  Link("../outside", "bucket/.stateferry");
  EXPECT_EQ(CodeOf(backend_->Put("k", AsBytes("x"), {})), ErrorCode::kPermission);
  EXPECT_EQ(CodeOf(Upload1("k", "x")), ErrorCode::kPermission);
  EXPECT_EQ(FileIo().ListDir(dir_.File("outside"))->size(), 1u);
}

TEST_F(FileBackendTest, LinksInsideTheBucketAreFollowed) {
  Link("inside", "bucket/link");
  WriteFile("bucket/chk-7/_metadata", "metadata");
  Link("chk-7", "bucket/latest");
  EXPECT_TRUE(Read("link"));
  EXPECT_TRUE(Read("latest/_metadata"));
  auto keys = Keys();
  ASSERT_TRUE(keys) << keys.error().message();
  EXPECT_EQ(*keys,
            (std::vector<std::string>{"chk-7/_metadata", "inside", "latest/_metadata", "link"}));
}

TEST_F(FileBackendTest, LinksInACircleEndTheListingWithASentence) {
  Link("..", "bucket/a/up");
  EXPECT_EQ(CodeOf(Keys()), ErrorCode::kRefused);
  ASSERT_EQ(::unlink(dir_.File("bucket/a/up").c_str()), 0);
  Link("nowhere", "bucket/dangling");
  EXPECT_EQ(CodeOf(Keys()), ErrorCode::kNotFound);
}

TEST_F(FileBackendTest, OnlyRegularFilesAreObjectsAndNothingWaits) {
  ASSERT_EQ(::mkfifo(dir_.File("bucket/fifo").c_str(), 0600), 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = dir_.File("bucket/socket");
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  for (const char* key : {"fifo", "socket"}) {
    EXPECT_EQ(CodeOf(backend_->Stat(key)), ErrorCode::kRefused) << key;
    EXPECT_EQ(CodeOf(Read(key)), ErrorCode::kRefused) << key;
    EXPECT_EQ(CodeOf(backend_->ReadRange(key, 0, {})), ErrorCode::kRefused) << key;
    EXPECT_EQ(CodeOf(backend_->Put(key, AsBytes("x"), {})), ErrorCode::kRefused) << key;
    EXPECT_EQ(CodeOf(backend_->Delete(key)), ErrorCode::kRefused) << key;
  }
  EXPECT_EQ(CodeOf(Keys()), ErrorCode::kRefused);
  ::close(fd);
}

TEST_F(FileBackendTest, NamesOfThePrivateDirectoryAndOverlongNamesAreRefused) {
  const std::string overlong(256, 'n');
  for (const std::string& key : {std::string(".stateferry"), std::string(".stateferry/uploads/x"),
                                 overlong, "a/" + overlong + "/b"}) {
    EXPECT_EQ(CodeOf(backend_->Put(key, AsBytes("x"), {})), ErrorCode::kInvalidArgument) << key;
    EXPECT_EQ(CodeOf(backend_->Stat(key)), ErrorCode::kInvalidArgument) << key;
  }
  EXPECT_TRUE(backend_->Put(".stateferry2", AsBytes("x"), {}));
  EXPECT_TRUE(backend_->Put("a/.stateferry", AsBytes("x"), {}));
  EXPECT_TRUE(backend_->Put(std::string(255, 'n'), AsBytes("x"), {}));
}

TEST_F(FileBackendTest, UnfinishedUploadsOfABucketBelowAreNoObjects) {
  WriteFile("bucket/nest/job/.stateferry/uploads/token", "half");
  WriteFile("bucket/nest/job/k", "x");
  EXPECT_EQ(*Keys(), (std::vector<std::string>{"inside", "nest/job/k"}));
  for (const char* key : {"nest/job/.stateferry/uploads/token", "a/.stateferry/b"})
    EXPECT_EQ(CodeOf(backend_->Put(key, AsBytes("x"), {})), ErrorCode::kInvalidArgument) << key;
}

TEST_F(FileBackendTest, AMissingBucketIsEmptyAndMadeByTheFirstWrite) {
  auto opened = OpenFileBackend(FileIo(), dir_.File("new/deep/bucket"));
  ASSERT_TRUE(opened);
  backend_ = *opened;
  EXPECT_EQ(CodeOf(backend_->Stat("k")), ErrorCode::kNotFound);
  EXPECT_TRUE(Keys()->empty());
  EXPECT_TRUE(backend_->Delete("k"));
  EXPECT_TRUE(backend_->Flush());
  EXPECT_FALSE(*FileIo().Exists(dir_.File("new"))) << "reading made a directory";
  ASSERT_TRUE(backend_->Put("a/k", AsBytes("x"), {}));
  EXPECT_EQ(TextOf("new/deep/bucket/a/k"), "x");
}

TEST_F(FileBackendTest, ABucketThatIsAFileIsAConflict) {
  EXPECT_EQ(CodeOf(OpenFileBackend(FileIo(), dir_.File("bucket/inside"))), ErrorCode::kConflict);
}

TEST_F(FileBackendTest, LeavesNothingButObjectsBehind) {
  ASSERT_TRUE(backend_->Put("a/k", AsBytes("x"), {}));
  ASSERT_TRUE(Upload1("a/l", "y") && backend_->Flush());
  {
    auto upload = backend_->StartUpload("a/m", {.size_bytes = 1, .part_bytes = 1});
    ASSERT_TRUE(upload && (*upload)->Abort());
  }
  EXPECT_FALSE(Upload1("inside", "z", false)) << "conflict";
  backend_.reset();
  // The upload that met a conflict can still be resumed; nothing else is left.
  EXPECT_EQ(FileIo().ListDir(dir_.File("bucket/.stateferry/uploads"))->size(), 1u);
  std::filesystem::remove_all(dir_.File("bucket/.stateferry"));
  Open();
  ASSERT_TRUE(Upload1("a/n", "y") && backend_->Flush());
  backend_.reset();
  EXPECT_EQ(*FileIo().ListDir(dir_.File("bucket")), (std::vector<std::string>{"a", "inside"}));
}

TEST_F(FileBackendTest, TheUploadsDirectoryMayVanishBetweenUploads) {
  ASSERT_TRUE(Upload1("a/1", "x") && backend_->Flush());
  std::filesystem::remove_all(dir_.File("bucket/.stateferry"));
  ASSERT_TRUE(Upload1("a/2", "y"));
  ASSERT_TRUE(backend_->Flush());
  EXPECT_EQ(TextOf("bucket/a/2"), "y");
}

TEST_F(FileBackendTest, TheDestinationDirectoryMayVanishBeforeTheFlush) {
  ASSERT_TRUE(Upload1("a/b/1", "x"));
  std::filesystem::remove_all(dir_.File("bucket/a"));
  auto flushed = backend_->Flush();
  ASSERT_TRUE(flushed) << flushed.error().message();
  EXPECT_EQ(TextOf("bucket/a/b/1"), "x");
}

TEST_F(FileBackendTest, ObjectsAppearingMeanwhileAreNotReplacedWithoutOverwrite) {
  ASSERT_TRUE(Upload1("k", "mine", false));
  WriteFile("bucket/k", "theirs");
  EXPECT_EQ(CodeOf(backend_->Flush()), ErrorCode::kConflict);
  EXPECT_EQ(TextOf("bucket/k"), "theirs");
}

TEST_F(FileBackendTest, NothingGoesBelowAnObjectThatWaitsForItsName) {
  ASSERT_TRUE(Upload1("a", "x"));
  for (const char* key : {"a/b", "a/b/c"}) {
    EXPECT_EQ(CodeOf(Upload1(key, "y")), ErrorCode::kConflict);
    EXPECT_EQ(CodeOf(backend_->Put(key, AsBytes("y"), {})), ErrorCode::kConflict);
  }
  EXPECT_TRUE(Upload1("ab/c", "z"));
  ASSERT_TRUE(backend_->Flush());
  EXPECT_EQ(TextOf("bucket/a"), "x");
  EXPECT_EQ(TextOf("bucket/ab/c"), "z");
  ASSERT_TRUE(backend_->Delete("a"));
  EXPECT_TRUE(Upload1("a/b", "y") && backend_->Flush()) << "it waits no more";
}

TEST_F(FileBackendTest, AnAbortedObjectIsInNobodysWay) {
  auto upload = backend_->StartUpload("a", {.size_bytes = 1, .part_bytes = 1});
  ASSERT_TRUE(upload && (*upload)->PutPart(0, AsBytes("x")) && (*upload)->Complete());
  ASSERT_TRUE((*upload)->Abort());
  EXPECT_TRUE(Upload1("a/b", "y") && backend_->Flush());
}

TEST_F(FileBackendTest, ADirectoryThatAppearsBeforeTheFlushIsAConflictThatNamesIt) {
  ASSERT_TRUE(Upload1("a", "x") && Upload1("other", "y"));
  WriteFile("bucket/a/theirs", "z");
  auto flushed = backend_->Flush();
  ASSERT_EQ(CodeOf(flushed), ErrorCode::kConflict);
  EXPECT_NE(flushed.error().message().find(dir_.File("bucket/a") + " is a directory"),
            std::string::npos)
      << flushed.error().message();
  EXPECT_EQ(TextOf("bucket/other"), "y") << "the others get their names";
}

/// The usual one: no more than a quarter of it is kept open.
class FileBackendLimitTest : public FileBackendTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit usual{.rlim_cur = std::min<rlim_t>(1024, before_.rlim_cur),
                       .rlim_max = before_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
    FileBackendTest::SetUp();
  }
  void TearDown() override { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_{};
};

TEST_F(FileBackendLimitTest, ManySmallUploadsDoNotRunOutOfDescriptors) {
  constexpr int kFiles = 1500;
  for (int i = 0; i < kFiles; ++i) {
    auto done = Upload1("d/" + std::to_string(i), "content " + std::to_string(i));
    ASSERT_TRUE(done) << done.error().message();
  }
  auto flushed = backend_->Flush();
  ASSERT_TRUE(flushed) << flushed.error().message();
  EXPECT_EQ(Keys()->size(), kFiles + 1u);
  EXPECT_EQ(TextOf("bucket/d/1234"), "content 1234");
}

TEST_F(FileBackendLimitTest, UploadsThatAreLetGoCountAsOpenNoMore) {
  Open({.ops = {IoOp::kOpen}, .path_contains = ".stateferry/uploads"});
  for (int i = 0; i < 300; ++i) {  // more than are kept open
    auto upload = backend_->StartUpload("let-go", {.size_bytes = 1, .part_bytes = 1});
    ASSERT_TRUE(upload) << upload.error().message();
  }
  const auto opened = io_->changes();
  ASSERT_TRUE(Upload1("k", "x") && backend_->Flush());
  EXPECT_EQ(io_->changes() - opened, 0u) << "it was closed when complete and opened for its fsync";
}

TEST_F(FileBackendTest, AFlushedUploadTellsTheEtagOfItsObject) {
  auto upload = backend_->StartUpload("k", {.size_bytes = 2, .part_bytes = 1});
  ASSERT_TRUE(upload && (*upload)->PutPart(0, AsBytes("x")) && backend_->Flush());
  ASSERT_TRUE((*upload)->PutPart(1, AsBytes("y")) && (*upload)->Complete());
  EXPECT_EQ((*upload)->completed_etag(), "") << "the first part alone has another";
  ASSERT_TRUE(backend_->Flush());
  EXPECT_EQ((*upload)->completed_etag(), backend_->Stat("k")->etag);
}

TEST_F(FileBackendTest, AFailedFsyncIsNeverForgotten) {
  Open({.at = 1, .ops = {IoOp::kSync}});
  ASSERT_TRUE(Upload1("other", "y")) << "the first fsync is of this one";
  auto upload = backend_->StartUpload("k", {.size_bytes = 1, .part_bytes = 1});
  ASSERT_TRUE(upload && (*upload)->PutPart(0, AsBytes("x")) && (*upload)->Complete());
  EXPECT_FALSE(backend_->Flush());
  EXPECT_TRUE(io_->fired());
  EXPECT_EQ(CodeOf(backend_->Stat("other")), ErrorCode::kNotFound);
  EXPECT_TRUE(backend_->Stat("k")) << "what was synced got its name all the same";
  EXPECT_TRUE(backend_->Flush());
  EXPECT_EQ(CodeOf(backend_->Stat("other")), ErrorCode::kNotFound) << "a later flush let it pass";
}

TEST_F(FileBackendTest, APoisonedUploadTakesNoMoreAndDoesNotComplete) {
  Open({.at = 1, .ops = {IoOp::kSync}});
  auto upload = backend_->StartUpload("k", {.size_bytes = 2, .part_bytes = 1});
  ASSERT_TRUE(upload && (*upload)->PutPart(0, AsBytes("x")));
  EXPECT_FALSE(backend_->Flush());
  EXPECT_FALSE((*upload)->PutPart(1, AsBytes("y")));
  EXPECT_FALSE((*upload)->Complete());
  EXPECT_TRUE((*upload)->Abort());
}

TEST_F(FileBackendTest, NoLaterRunResumesWhatCouldNotBeSynced) {
  for (const std::size_t count : {1, 100}) {  // 100 share one syncfs
    Open({.at = 1, .ops = {IoOp::kSync, IoOp::kSyncFs}});
    std::vector<std::unique_ptr<Upload>> uploads;
    for (std::size_t i = 0; i < count; ++i) {
      uploads.push_back(
          *backend_->StartUpload("k" + std::to_string(i), {.size_bytes = 1, .part_bytes = 1}));
      ASSERT_TRUE(uploads.back()->PutPart(0, AsBytes("x")));
    }
    EXPECT_FALSE(backend_->Flush());
    const std::string token = uploads[0]->ResumeToken();
    uploads.clear();
    Open({});
    EXPECT_EQ(CodeOf(backend_->StartUpload(
                  "k0", {.size_bytes = 1, .part_bytes = 1, .resume_token = token})),
              ErrorCode::kNotFound);
  }
}

TEST_F(FileBackendTest, StaleUploadsAreDropped) {
  EXPECT_EQ(*DropStaleBucketUploads(FileIo(), SystemClock(), dir_.File("bucket"),
                                    std::chrono::seconds(0)),
            0u);
  Open({});
  std::vector<std::string> tokens;
  for (const char* key : {"old", "new"}) {
    auto upload = backend_->StartUpload(key, {.size_bytes = 2, .part_bytes = 1});
    ASSERT_TRUE(upload && (*upload)->PutPart(0, AsBytes("x")));
    tokens.push_back((*upload)->ResumeToken());
  }
  const auto uploads = std::filesystem::path(dir_.File("bucket")) / kBucketUploadsDir;
  std::filesystem::last_write_time(
      uploads / tokens[0], std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  EXPECT_EQ(
      *DropStaleBucketUploads(FileIo(), SystemClock(), dir_.File("bucket"), std::chrono::hours(1)),
      1u);
  EXPECT_EQ(*FileIo().ListDir(uploads), std::vector<std::string>{tokens[1]});
}

TEST_F(FileBackendTest, ErrorsOfAFullDiskNameTheFile) {
  Open({.at = 2,
        .mode = FailingIo::Mode::kSticky,
        .ops = {IoOp::kWrite},
        .error = Error(ErrorCode::kNoSpace, "No space left on device")});
  auto put = backend_->Put("k", AsBytes("x"), {});
  ASSERT_EQ(CodeOf(put), ErrorCode::kNoSpace);
  EXPECT_NE(put.error().message().find(dir_.File("bucket")), std::string::npos);
  backend_.reset();
  EXPECT_EQ(*FileIo().ListDir(dir_.File("bucket")), std::vector<std::string>{"inside"});
}

TEST(OpenBeneath, WalkingRefusesWhatOpenat2Refuses) {
  fakes::ScratchDir dir;
  ASSERT_TRUE(FileIo().MakeDirsDurably(dir.File("root/a/b")));
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("root/a/b/k"), AsBytes("x")));
  ASSERT_TRUE(FileIo().WriteDurably(dir.File("secret"), AsBytes("s")));
  ASSERT_EQ(::symlink("../secret", dir.File("root/out").c_str()), 0);
  ASSERT_EQ(::symlink("..", dir.File("root/up").c_str()), 0);
  const OpenDir root(::open(dir.File("root").c_str(), O_RDONLY | O_DIRECTORY), dir.File("root"));
  for (const auto by : {BeneathBy::kOpenat2, BeneathBy::kWalk}) {
    for (const int flags : {O_RDONLY, O_PATH}) {
      auto good = OpenBeneath(root, "a/b/k", flags, by);
      ASSERT_TRUE(good) << good.error().message();
      ::close(*good);
      for (const char* bad : {"out", "up/secret"}) {
        auto opened = OpenBeneath(root, bad, flags, by);
        ASSERT_FALSE(opened) << bad;
        EXPECT_EQ(opened.error().code(), ErrorCode::kPermission) << opened.error().message();
      }
      EXPECT_EQ(OpenBeneath(root, "a/x/k", flags, by).error().code(), ErrorCode::kNotFound);
      EXPECT_EQ(OpenBeneath(root, "a/b/k/l", flags, by).error().code(), ErrorCode::kNotFound);
    }
  }
}

}  // namespace
}  // namespace stateferry::storage
