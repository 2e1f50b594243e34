// Asking whether keys are there by pages of a listing.

#include "storage/s3/recent_page.h"

#include <algorithm>
#include <semaphore>
#include <set>
#include <thread>

#include "tests/fakes/fake_clock.h"
#include "tests/storage/s3/s3_rig.h"

namespace stateferry::storage::s3 {
namespace {

using Time = RecentPage::Time;

TEST(S3RecentPage, TellsOfTheKeysThatItCovers) {
  RecentPage page;
  const Time then{};
  EXPECT_EQ(page.IsThere("d/b", then), std::nullopt);
  page.Note({.prefix = "d/", .after = "d/b", .last = "d/m", .keys = {"d/c", "d/m"}}, then);
  EXPECT_EQ(page.IsThere("d/c", then), true);
  EXPECT_EQ(page.IsThere("d/d", then), false);
  EXPECT_EQ(page.IsThere("d/m", then), true);
  EXPECT_EQ(page.IsThere("d/n", then), std::nullopt) << "behind the page";
  EXPECT_EQ(page.IsThere("d/b", then), std::nullopt) << "before it";
  EXPECT_EQ(page.IsThere("e/c", then), std::nullopt) << "in another directory";
  page.Note({.prefix = "d/", .after = "", .keys = {}}, then);
  EXPECT_EQ(page.IsThere("d/z", then), false) << "there are no more";
}

TEST(S3RecentPage, TellsNothingOfWhatWasWrittenSince) {
  RecentPage page;
  const Time then{};
  page.Note({.prefix = "", .after = ""}, then);
  page.Forget("a");
  EXPECT_EQ(page.IsThere("a", then), std::nullopt);
  EXPECT_EQ(page.IsThere("b", then), false);
  page.Begin();
  EXPECT_EQ(page.IsThere("b", then), std::nullopt);
  page.Forget("c");
  page.Note({.prefix = "", .after = "", .keys = {"a"}}, then);
  EXPECT_EQ(page.IsThere("a", then), true);
  EXPECT_EQ(page.IsThere("c", then), std::nullopt) << "it was written while the page was listed";
}

TEST(S3RecentPage, TellsNothingLater) {
  RecentPage page;
  const Time then{};
  page.Note({.prefix = "", .after = ""}, then);
  EXPECT_EQ(page.IsThere("a", then + RecentPage::kFresh), false);
  EXPECT_EQ(page.IsThere("a", then + RecentPage::kFresh + std::chrono::milliseconds(1)),
            std::nullopt);
}

/// A service that copies, and knows no condition on what is made.
struct Copying {
  std::string listed = {};  ///< elements of a page
  bool denies_list = false;
  int heads = 0, lists = 0, copies = 0;

  Reply Answer(const ServedRequest& request) {
    if (request.method == "HEAD") {
      ++heads;
      return {.status = 404};
    }
    if (request.method == "GET") {
      ++lists;
      if (denies_list) return ErrorReply(403, "AccessDenied");
      return {.body = "<ListBucketResult><IsTruncated>false</IsTruncated>" + listed +
                      "</ListBucketResult>"};
    }
    ++copies;
    return {.body = "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>"};
  }
};

Result<ObjectSums> CopyTo(S3Rig& rig, const std::string& key) {
  return rig.backend->CopyFrom({"b", {.key = "from", .size_bytes = 1, .etag = "e"}}, key,
                               {.overwrite = false});
}

/// "d/10" and so on: so many are asked for one by one, before a page is.
constexpr int kOneByOne = 8;
void CopyFew(S3Rig& rig) {
  for (int i = 0; i < kOneByOne; ++i) ASSERT_TRUE(CopyTo(rig, "d/" + std::to_string(10 + i)));
}

TEST(S3RecentPage, ManyCopiesTakeOneListing) {
  Copying service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  CopyFew(rig);
  EXPECT_EQ(service.lists, 0);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(CopyTo(rig, "d/" + std::to_string(20 + i)));
  EXPECT_EQ(service.heads, kOneByOne);
  EXPECT_EQ(service.lists, 1);
  EXPECT_EQ(service.copies, kOneByOne + 20);
}

TEST(S3RecentPage, WhoAsksMeanwhileWaitsForThePage) {
  Copying service;
  std::binary_semaphore is_listing{0};
  S3Rig rig([&](const ServedRequest& request) {
    if (request.method == "GET") {
      is_listing.release();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return service.Answer(request);
  });
  CopyFew(rig);
  std::jthread second([&] {
    is_listing.acquire();
    EXPECT_TRUE(CopyTo(rig, "d/21"));
  });
  ASSERT_TRUE(CopyTo(rig, "d/20"));
  second.join();
  EXPECT_EQ(service.heads, kOneByOne);
  EXPECT_EQ(service.lists, 1);
}

TEST(S3RecentPage, WhoGoesOnAskingTakesTheNextPageAtOnce) {
  Copying service;
  fakes::FakeClock clock;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); }, "&sign=no", "s3",
            clock);
  CopyFew(rig);
  ASSERT_TRUE(CopyTo(rig, "d/20"));
  clock.Advance(RecentPage::kFresh + std::chrono::milliseconds(1));
  ASSERT_TRUE(CopyTo(rig, "d/21"));
  EXPECT_EQ(service.heads, kOneByOne);
  EXPECT_EQ(service.lists, 2);
  clock.Advance(2 * RecentPage::kFresh + std::chrono::milliseconds(1));
  ASSERT_TRUE(CopyTo(rig, "d/22"));
  EXPECT_EQ(service.heads, kOneByOne + 1) << "it was a while ago";
}

TEST(S3RecentPage, APageBeginsBeforeAWholeCharacter) {
  Copying service;
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  CopyFew(rig);
  ASSERT_TRUE(CopyTo(rig, "d/1\u00e9"));
  const auto requests = rig.server.requests();
  const auto list = std::find_if(requests.begin(), requests.end(),
                                 [](const auto& request) { return request.method == "GET"; });
  ASSERT_NE(list, requests.end());
  EXPECT_TRUE(list->target.find("start-after=d%2F1&") != std::string::npos ||
              list->target.ends_with("start-after=d%2F1"))
      << list->target;
}

TEST(S3RecentPage, WhatIsListedIsInTheWay) {
  Copying service{.listed = "<Contents><Key>d/3</Key><Size>1</Size><ETag>e</ETag></Contents>"};
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  CopyFew(rig);
  ExpectError(CopyTo(rig, "d/3"), ErrorCode::kConflict, Retry::kNever);
  EXPECT_EQ(service.copies, kOneByOne);
}

TEST(S3RecentPage, WhatWasPutSinceIsInTheWay) {
  std::set<std::string> there;
  S3Rig rig(
      [&](const ServedRequest& request) -> Reply {
        if (request.method == "GET")
          return {.body = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"};
        if (request.method == "HEAD") {
          if (!there.contains(request.target)) return {.status = 404};
          return {.headers = {{"ETag", "e"}}, .body = "x"};
        }
        there.insert(request.target);
        return {.headers = {{"ETag", "\"e\""}}};
      },
      "&sign=no&dialect=basic");
  for (int i = 0; i <= kOneByOne; ++i)
    ASSERT_TRUE(rig.client->Put("d/1" + std::to_string(i), AsBytes("x"), false)) << i;
  ASSERT_TRUE(rig.client->Put("d/3", AsBytes("x"), false));
  ExpectError(rig.client->Put("d/3", AsBytes("y"), false), ErrorCode::kConflict, Retry::kNever);
  ASSERT_TRUE(rig.client->Put("d/4", AsBytes("x"), true));
  ExpectError(rig.client->Put("d/4", AsBytes("y"), false), ErrorCode::kConflict, Retry::kNever);
}

TEST(S3RecentPage, WhoMayNotListAsksForEach) {
  Copying service{.denies_list = true};
  S3Rig rig([&](const ServedRequest& request) { return service.Answer(request); });
  CopyFew(rig);
  for (const char* key : {"d/1", "d/2", "d/3"}) ASSERT_TRUE(CopyTo(rig, key)) << key;
  EXPECT_EQ(service.heads, kOneByOne + 3);
  EXPECT_EQ(service.lists, 1) << "it is not asked for again and again";
}

}  // namespace
}  // namespace stateferry::storage::s3
