// Content that is lost or damaged is not vouched for: putting it again stores it again.

#include "tests/storage/managed/store_fixture.h"

namespace stateferry::storage::managed {
namespace {

class HealTest : public StoreTest {
 protected:
  void Put(bool recheck = false) {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    auto upload = Must(project->StartUpload("chk-1/a", {.size_bytes = text_.size(),
                                                        .part_bytes = text_.size(),
                                                        .origin = "origin of a",
                                                        .recheck = recheck}));
    Must(upload->PutPart(0, AsBytes(text_)));
    Must(upload->Complete());
    Must(project->Flush());
  }
  Result<std::string> Get() {
    return ReadAll(*Must(OpenStore(dir(), ReadOnly())->Project("jobs")), "chk-1/a", 1u << 20);
  }
  const std::string text_ = RandomText(100'000, 1);
};

TEST_F(HealTest, WhatLayInALostPackIsStoredAgain) {
  Put();
  std::filesystem::remove(PackPaths().at(0));
  {
    auto store = OpenStore(dir());
    EXPECT_FALSE(Must(Must(store->Project("jobs"))->FindByOrigin("origin of a")));
  }
  Put();
  EXPECT_EQ(Must(Get()), text_);
  EXPECT_TRUE(Must(Must(OpenStore(dir())->Project("jobs"))->FindByOrigin("origin of a")));
}

TEST_F(HealTest, ADamagedChunkIsStoredAgainWhenItIsRechecked) {
  Put();
  DamageText(PackPaths(), text_.substr(1000, 100));
  Put();
  EXPECT_FALSE(Get()) << "the index is trusted";
  Put(true);
  EXPECT_EQ(Must(Get()), text_);
  const auto bytes = BytesOfPacks();
  Put(true);
  EXPECT_LT(BytesOfPacks(), bytes + 1000) << "what reads back is not stored again";
  EXPECT_TRUE(Must(OpenStore(dir())->Check(CheckLevel::kDeep, {}, {})).damages.empty());
  Must(RebuildIndex(FileIo(), SystemClock(), dir(), {}, {}));
  EXPECT_EQ(Must(Get()), text_);
}

TEST_F(HealTest, ACopyThatIsNotInUseIsNoDamage) {
  const std::string keep = RandomText(33u << 20, 2), marked = text_.substr(1000, 100);
  {
    auto store = OpenStore(dir());
    auto project = Must(store->Project("jobs"));
    Must(TryPut(*project, "chk-1/keep", keep));
    Must(TryPut(*project, "chk-1/a", text_));
    Must(project->Flush());
  }
  const auto first = PackPaths();
  DamageText(first, marked);
  Put(true);  // the index now names a chunk in a second pack
  FlipBit(first.at(0), ReadFile(first.at(0)).find(text_.substr(0, 100)) + 1000 + 50, 3);
  ASSERT_NE(ReadFile(first.at(0)).find(marked), std::string::npos);
  auto store = OpenStore(dir());
  auto project = Must(store->Project("jobs"));
  Must(project->Delete("chk-1/a"));
  Must(project->Flush());
  (void)Must(store->Gc({}, {}, {}));
  ASSERT_TRUE(std::filesystem::exists(first.at(0))) << "large and full enough to be kept";
  for (const auto level : {CheckLevel::kQuick, CheckLevel::kDeep}) {
    const auto report = Must(store->Check(level, {}, {}));
    EXPECT_TRUE(report.damages.empty()) << report.damages.front().what;
    EXPECT_TRUE(level == CheckLevel::kQuick || report.bytes_read > keep.size());
  }
}

}  // namespace
}  // namespace stateferry::storage::managed
