#include "transfer/endpoints.h"

#include "tests/transfer/transfer_rig.h"
#include "tests/transfer/watched_backend.h"

namespace stateferry::transfer {
namespace {

TEST_F(TransferRig, AnOriginSaysAtWhichServiceItIs) {
  const auto watched = std::make_shared<WatchedBackend>(target);
  watched->on.find_by_origin = [](std::string_view) { return std::nullopt; };
  places->Register(At("mem://finds/"), watched);
  const auto ends = Endpoints::Open(*places, At("mem://finds/d"), storage::Access::kWrite);
  ASSERT_TRUE(ends);
  const auto origin = [&](const std::string& dir) {
    return (*ends)->OriginOf(
        {.from_dir = At(dir), .from_name = "f", .to_name = "f", .size_bytes = 7, .etag = "e"});
  };
  EXPECT_NE(origin("s3://b/d?endpoint=http://one"), origin("s3://b/d?endpoint=http://two"));
  EXPECT_EQ(origin("s3://b/d"), "s3://b/d/f\ne\n0\n7") << "a vendor's own is named as ever";
  EXPECT_EQ(origin("/b/d"), "file:/b/d/f\ne\n0\n7");
}

TEST_F(TransferRig, WhatLooksForNoOriginIsToldNone) {
  const auto ends = Endpoints::Open(*places, request.to, storage::Access::kWrite);
  ASSERT_TRUE(ends);
  EXPECT_EQ(
      (*ends)->OriginOf(
          {.from_dir = At("/b/d"), .from_name = "f", .to_name = "f", .size_bytes = 7, .etag = "e"}),
      "");
}

}  // namespace
}  // namespace stateferry::transfer
