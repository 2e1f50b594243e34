#include "state/snapshot/last_objects.h"

#include <gtest/gtest.h>

#include "storage/memory_backend.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/faulty_backend.h"

namespace stateferry::state::snapshot {
namespace {

using fakes::BackendOp;

class LastObjectsTest : public ::testing::Test {
 protected:
  LastObjectsTest() { places_.Register(to_, bucket_); }

  Result<transfer::LastObjectReceipt> Put() {
    LastObject object;
    object.to_name = "_metadata";
    object.bytes = "ours";
    return LastObjects(places_, to_, transfer::IfExists::kVerify).Put(object);
  }

  fakes::FakeClock clock_;
  const storage::Location to_ = *storage::ParseLocation("mem://bucket/chk-1");
  std::shared_ptr<fakes::FaultyBackend> bucket_ =
      std::make_shared<fakes::FaultyBackend>(storage::MakeMemoryBackend(clock_, "bucket"));
  storage::Places places_{FileIo(), clock_, storage::PlacesOptions()};
};

// The answer to the first request got lost, and its repetition was told of what the first had put.
TEST_F(LastObjectsTest, ItsOwnObjectIsNotInTheWay) {
  bucket_->Fail({.op = BackendOp::kPut,
                 .error = Error(ErrorCode::kConflict, "412 PreconditionFailed"),
                 .after = true});
  const auto put = Put();
  EXPECT_TRUE(put) << put.error().message();
}

TEST_F(LastObjectsTest, AnotherObjectIsInTheWay) {
  ASSERT_TRUE(bucket_->Put("_metadata", AsBytes("other"), {}));
  const auto put = Put();
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(*storage::ReadAll(*bucket_, "_metadata", 100), "other");
}

}  // namespace
}  // namespace stateferry::state::snapshot
