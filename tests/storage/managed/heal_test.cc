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

}  // namespace
}  // namespace stateferry::storage::managed
