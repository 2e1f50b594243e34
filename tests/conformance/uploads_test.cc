// Uploads: parts in any order from any thread, resumed by later processes, visible when complete.

#include <algorithm>
#include <atomic>
#include <random>

#include "base/task_group.h"
#include "tests/conformance/conformance.h"

namespace stateferry::storage {
namespace {

std::size_t PartBytes() { return BackendConformance::GetParam().part_bytes; }
/// As many parts as the test can take its time for.
std::size_t ManyParts() {
  return std::min<std::size_t>(200, (std::size_t{64} << 20) / PartBytes());
}

/// Bytes that differ from part to part.
std::string Content(std::size_t size, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}
std::uint32_t PartCount(const std::string& content) {
  return static_cast<std::uint32_t>((content.size() + PartBytes() - 1) / PartBytes());
}
ByteSpan PartOf(const std::string& content, std::uint32_t index) {
  const std::size_t offset = index * PartBytes();
  return AsBytes(content).subspan(offset, std::min(PartBytes(), content.size() - offset));
}
UploadOptions OptionsFor(const std::string& content, std::string token = "") {
  return {.size_bytes = content.size(),
          .part_bytes = PartBytes(),
          .resume_token = std::move(token),
          .origin = "",
          .overwrite = true};
}
void ExpectOk(const Result<void>& result) {
  EXPECT_TRUE(result) << (result ? "" : result.error().message());
}

TEST_P(BackendConformance, UploadsPartsInAnyOrder) {
  const std::string content = Content(3 * PartBytes() + 17);
  auto upload = Start("dir/big", OptionsFor(content));
  for (std::uint32_t index : {3u, 0u, 2u, 1u})
    ExpectOk(upload->PutPart(index, PartOf(content, index)));
  ExpectOk(upload->Complete());
  Flush();
  ExpectContent("dir/big", content);
  Reopen();
  ExpectContent("dir/big", content);
}

TEST_P(BackendConformance, FindsByOriginIfItSaysSo) {
  const std::string content = Content(17);
  UploadOptions options = OptionsFor(content);
  options.origin = "the origin";
  auto upload = Start("k", options);
  ExpectOk(upload->PutPart(0, AsBytes(content)));
  ExpectOk(upload->Complete());
  Flush();
  const auto found = backend().FindByOrigin("the origin");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->has_value(), backend().capabilities().finds_by_origin);
}

TEST_P(BackendConformance, AnObjectOfWholePartsHasNoEmptyLastPart) {
  const std::string content = Content(2 * PartBytes());
  auto upload = Start("k", OptionsFor(content));
  for (std::uint32_t index : {0u, 1u}) ExpectOk(upload->PutPart(index, PartOf(content, index)));
  ExpectOk(upload->Complete());
  Flush();
  ExpectContent("k", content);
}

TEST_P(BackendConformance, UploadsAnEmptyObject) {
  auto upload = Start("dir/empty", OptionsFor(""));
  ExpectOk(upload->Complete());
  Flush();
  EXPECT_TRUE(Has("dir/empty"));
  EXPECT_EQ(Get("dir/empty"), "");
  Reopen();
  EXPECT_TRUE(Has("dir/empty"));
}

TEST_P(BackendConformance, NothingIsVisibleBeforeComplete) {
  const std::string content = Content(2 * PartBytes());
  Put("old", "old content");
  auto fresh = Start("fresh", OptionsFor(content));
  auto old = Start("old", OptionsFor(content));
  for (std::uint32_t index : {0u, 1u}) {
    ExpectOk(fresh->PutPart(index, PartOf(content, index)));
    ExpectOk(old->PutPart(index, PartOf(content, index)));
  }
  Flush();
  EXPECT_FALSE(Has("fresh"));
  EXPECT_EQ(Get("old"), "old content");
  EXPECT_EQ(Keys(""), std::vector<std::string>{"old"});
  ExpectOk(fresh->Complete());
  ExpectOk(old->Complete());
  Flush();
  ExpectContent("fresh", content);
  ExpectContent("old", content);
}

TEST_P(BackendConformance, APartPutTwiceReplaces) {
  const std::string content = Content(2 * PartBytes());
  const std::string other = Content(2 * PartBytes(), 2);
  auto upload = Start("k", OptionsFor(content));
  ExpectOk(upload->PutPart(0, PartOf(other, 0)));
  ExpectOk(upload->PutPart(1, PartOf(content, 1)));
  Flush();
  ExpectOk(upload->PutPart(0, PartOf(content, 0)));
  ExpectOk(upload->Complete());
  Flush();
  ExpectContent("k", content);
}

TEST_P(BackendConformance, RefusesPartsOutsideOfTheGrid) {
  const std::string content = Content(2 * PartBytes() + 5);
  auto upload = Start("k", OptionsFor(content));
  const ByteSpan bytes = AsBytes(content);
  EXPECT_EQ(CodeOf(upload->PutPart(0, bytes.first(PartBytes() - 1))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(upload->PutPart(0, bytes.first(PartBytes() + 1))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(upload->PutPart(2, bytes.first(PartBytes()))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(upload->PutPart(3, bytes.first(PartBytes()))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(upload->PutPart(UINT32_MAX, bytes.first(5))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(backend().StartUpload("k", {.size_bytes = 5, .part_bytes = 0})),
            ErrorCode::kInvalidArgument);
}

TEST_P(BackendConformance, RefusesToCompleteWithPartsMissing) {
  const std::string content = Content(2 * PartBytes());
  auto upload = Start("k", OptionsFor(content));
  ExpectOk(upload->PutPart(0, PartOf(content, 0)));
  EXPECT_FALSE(upload->Complete());
  (void)backend().Flush();
  EXPECT_FALSE(Has("k"));
}

TEST_P(BackendConformance, ManyThreadsPutPartsWhileOthersFlush) {
  const std::string content = Content(ManyParts() * PartBytes() + 1);
  auto upload = Start("big", OptionsFor(content));
  std::vector<std::uint32_t> order(PartCount(content));
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(7));
  std::atomic<std::size_t> next = 0;
  TaskGroup group;
  for (int writer = 0; writer < 6; ++writer) {
    group.Start([&](std::stop_token) -> Result<void> {
      for (std::size_t i; (i = next++) < order.size();)
        SF_TRY(upload->PutPart(order[i], PartOf(content, order[i])));
      return {};
    });
  }
  for (int flusher = 0; flusher < 2; ++flusher) {
    group.Start([&](std::stop_token) -> Result<void> {
      while (next < order.size()) SF_TRY(backend().Flush());
      return {};
    });
  }
  ExpectOk(group.Wait());
  ExpectOk(upload->Complete());
  Flush();
  ExpectContent("big", content);
}

TEST_P(BackendConformance, ManyThreadsUploadManyObjects) {
  TaskGroup group;
  for (int writer = 0; writer < 4; ++writer) {
    group.Start([&, writer](std::stop_token) -> Result<void> {
      for (int i = 0; i < 40; ++i) {
        const std::string key =
            "d" + std::to_string(i % 5) + "/" + std::to_string(writer * 100 + i);
        SF_TRY(auto upload,
               backend().StartUpload(key, {.size_bytes = key.size(), .part_bytes = 64}));
        SF_TRY(upload->PutPart(0, AsBytes(key)));
        SF_TRY(upload->Complete());
        if (i % 9 == 0) SF_TRY(backend().Flush());
      }
      SF_TRY(backend().Flush());
      // This thread's Flush has returned, so all of its objects are there.
      for (int i = 0; i < 40; ++i) {
        const std::string key =
            "d" + std::to_string(i % 5) + "/" + std::to_string(writer * 100 + i);
        SF_TRY(auto text, ReadAll(backend(), key, 100));
        if (text != key) return Error(ErrorCode::kCorruption, key + " holds " + text);
      }
      return {};
    });
  }
  ExpectOk(group.Wait());
  EXPECT_EQ(Keys("").size(), 160u);
}

TEST_P(BackendConformance, AnUploadIsResumedByALaterProcess) {
  const std::string content = Content(4 * PartBytes() + 9);
  std::string token;
  {
    auto upload = Start("dir/big", OptionsFor(content));
    ExpectOk(upload->PutPart(4, PartOf(content, 4)));
    ExpectOk(upload->PutPart(1, PartOf(content, 1)));
    Flush();
    token = upload->ResumeToken();
  }
  ASSERT_FALSE(token.empty());
  Reopen();
  EXPECT_FALSE(Has("dir/big"));
  auto upload = Start("dir/big", OptionsFor(content, token));
  ASSERT_TRUE(upload);
  EXPECT_EQ(upload->ResumeToken(), token);
  for (std::uint32_t index : {0u, 2u, 3u}) ExpectOk(upload->PutPart(index, PartOf(content, index)));
  ExpectOk(upload->Complete());
  Flush();
  ExpectContent("dir/big", content);
}

TEST_P(BackendConformance, AnUploadWithAllPartsInIsCompletedByALaterProcess) {
  const std::string content = Content(2 * PartBytes());
  std::string token;
  {
    auto upload = Start("k", OptionsFor(content));
    for (std::uint32_t index : {0u, 1u}) ExpectOk(upload->PutPart(index, PartOf(content, index)));
    Flush();
    token = upload->ResumeToken();
  }
  Reopen();
  auto upload = Start("k", OptionsFor(content, token));
  ASSERT_TRUE(upload);
  ExpectOk(upload->Complete());
  Flush();
  ExpectContent("k", content);
}

TEST_P(BackendConformance, ATokenThatIsGoneIsNotFound) {
  const std::string content = Content(PartBytes());
  for (const char* token : {"no-such-token", "0123456789abcdef0123456789abcdef", "../../etc/passwd",
                            "/etc/passwd", ".", "a/b"})
    EXPECT_EQ(CodeOf(backend().StartUpload("k", OptionsFor(content, token))), ErrorCode::kNotFound)
        << token;

  std::string completed, aborted;
  {
    auto upload = Start("k", OptionsFor(content));
    completed = upload->ResumeToken();
    ExpectOk(upload->PutPart(0, PartOf(content, 0)));
    ExpectOk(upload->Complete());
    Flush();
  }
  {
    auto upload = Start("k2", OptionsFor(content));
    aborted = upload->ResumeToken();
    ExpectOk(upload->PutPart(0, PartOf(content, 0)));
    ExpectOk(upload->Abort());
    Flush();
  }
  EXPECT_EQ(CodeOf(backend().StartUpload("k", OptionsFor(content, completed))),
            ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(backend().StartUpload("k2", OptionsFor(content, aborted))),
            ErrorCode::kNotFound);
  EXPECT_FALSE(Has("k2"));
}

TEST_P(BackendConformance, ATokenFitsOnlyItsObject) {
  const std::string content = Content(PartBytes());
  auto upload = Start("k", OptionsFor(content));
  ExpectOk(upload->PutPart(0, PartOf(content, 0)));
  Flush();
  const std::string token = upload->ResumeToken();
  upload.reset();
  EXPECT_EQ(CodeOf(backend().StartUpload("other", OptionsFor(content, token))),
            ErrorCode::kNotFound);
  auto longer = OptionsFor(content, token);
  longer.size_bytes += 1;
  EXPECT_EQ(CodeOf(backend().StartUpload("k", longer)), ErrorCode::kNotFound);
}

TEST_P(BackendConformance, AbortLeavesTheOldContent) {
  Put("k", "old content");
  const std::string content = Content(PartBytes());
  auto upload = Start("k", OptionsFor(content));
  ExpectOk(upload->PutPart(0, PartOf(content, 0)));
  ExpectOk(upload->Abort());
  Flush();
  EXPECT_EQ(Get("k"), "old content");
}

TEST_P(BackendConformance, UploadWithoutOverwriteGivesConflictAndSparesTheOthers) {
  Put("k", "old content");
  const std::string content = Content(PartBytes());
  auto options = OptionsFor(content);
  options.overwrite = false;
  auto conflicting = Start("k", options);
  ExpectOk(conflicting->PutPart(0, PartOf(content, 0)));
  auto other = Start("other", OptionsFor(content));
  ExpectOk(other->PutPart(0, PartOf(content, 0)));
  ExpectOk(other->Complete());
  auto completed = conflicting->Complete();
  if (completed) {
    completed = backend().Flush();
  } else {
    Flush();
  }
  EXPECT_EQ(CodeOf(completed), ErrorCode::kConflict);
  Flush();
  EXPECT_EQ(Get("k"), "old content");
  ExpectContent("other", content);
}

TEST_P(BackendConformance, OfTwoUploadsWithoutOverwriteOneWins) {
  const std::string first = Content(PartBytes(), 1);
  const std::string second = Content(PartBytes(), 2);
  int won = 0;
  bool flush_conflict = false;
  for (const auto& content : {first, second}) {
    auto options = OptionsFor(content);
    options.overwrite = false;
    auto upload = Start("k", options);
    ExpectOk(upload->PutPart(0, PartOf(content, 0)));
    if (upload->Complete()) ++won;
  }
  if (auto flushed = backend().Flush(); !flushed) {
    EXPECT_EQ(flushed.error().code(), ErrorCode::kConflict);
    flush_conflict = true;
  }
  EXPECT_TRUE(won == 1 || flush_conflict);
  ExpectContent("k", first);
}

}  // namespace
}  // namespace stateferry::storage
