#include "state/snapshot/source_objects.h"

#include "storage/wrap/forwarding.h"
#include "tests/fakes/faulty_backend.h"
#include "tests/state/snapshot/snapshot_rig.h"

namespace stateferry::state::snapshot {
namespace {

class SourceObjectsTest : public testing::Test {
 protected:
  fakes::FakeClock clock;
  storage::Places places{FileIo(), clock, {}};
};

TEST_F(SourceObjectsTest, BucketsOfOneNameAtTwoEndpointsAreTwo) {
  const Location one = At("s3://b/?endpoint=http://one"), two = At("s3://b/?endpoint=http://two");
  for (const auto& [root, content] : {std::pair(one, "1"), std::pair(two, "22")}) {
    auto bucket = storage::MakeMemoryBackend(clock, content);
    ASSERT_TRUE(bucket->Put("k", AsBytes(content), {}));
    places.Register(root, std::move(bucket));
  }
  SourceObjects objects(places);
  EXPECT_EQ(objects.LookOnce(one.Child("k"))->size_bytes, 1u);
  EXPECT_EQ(objects.LookOnce(two.Child("k"))->size_bytes, 2u);
}

TEST_F(SourceObjectsTest, WhatWasReadAsAWholeIsComparedByAPlaceThatCan) {
  auto bucket = std::make_shared<fakes::FaultyBackend>(storage::MakeMemoryBackend(clock, "sums"));
  ASSERT_TRUE(bucket->Put("k", AsBytes("text"), {}));
  places.Register(At("mem://sums/"), bucket);
  SourceObjects objects(places);
  EXPECT_EQ(*objects.ReadAll(At("mem://sums/k"), 100), "text");
  bucket->Fail({.op = fakes::BackendOp::kStat,
                .call = 2,
                .error = Error(ErrorCode::kCorruption, "k arrived with other bytes")});
  EXPECT_EQ(objects.ReadAll(At("mem://sums/k"), 100).error().code(), ErrorCode::kCorruption);
}

/// A bucket with a name in it that no file can have.
class OddBucket final : public storage::ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<void> List(std::string_view,
                    const std::function<Result<void>(const storage::ObjectMeta&)>& visit) override {
    for (const char* key : {"d/a//b", "d/plain"})
      SF_TRY(visit({.key = key, .size_bytes = 1, .etag = "e"}));
    return {};
  }
};

TEST_F(SourceObjectsTest, OddNamesAreForThoseWhoAskForThem) {
  places.Register(At("mem://odd/"),
                  std::make_shared<OddBucket>(storage::MakeMemoryBackend(clock, "odd")));
  SourceObjects objects(places);
  std::vector<std::string> names;
  const auto note = [&](const Location& at, const storage::ObjectMeta&) {
    names.push_back(at.path);
    return Result<void>();
  };
  ASSERT_TRUE(objects.List(At("mem://odd/d"), "", note));
  EXPECT_EQ(names, (std::vector<std::string>{"/d/plain"}));
  names.clear();
  ASSERT_TRUE(objects.List(At("mem://odd/d"), "", note, SourceObjects::OddNames::kVisit));
  EXPECT_EQ(names, (std::vector<std::string>{"/d/a//b", "/d/plain"}));
}

}  // namespace
}  // namespace stateferry::state::snapshot
