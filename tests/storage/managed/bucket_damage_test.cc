// Stores in buckets of which something is damaged: on its way, in the bucket, or by strangers.

#include <fmt/format.h>

#include <atomic>

#include "storage/wrap/forwarding.h"
#include "tests/storage/managed/bucket_fixture.h"

namespace stateferry::storage::managed {
namespace {

/// What is read of ranges arrives damaged so many times, and the names in so many listings.
class FlippingBackend final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    SF_TRY(const auto read, inner().ReadRange(key, offset, out));
    if (times-- > 0) out[read - 1 - read / 4] ^= std::byte{1};
    return read;
  }
  /// As a service that has a checksum of the object gives it.
  Result<bool> ReadVersion(const ObjectMeta& version, MutableByteSpan out) override {
    SF_TRY(inner().ReadRange(version.key, 0, out));
    if (whole-- > 0) return Error(ErrorCode::kCorruption, "arrived with other bytes");
    return true;
  }
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    const bool flips = prefix.ends_with("packs/") && listings-- > 0;
    return inner().List(prefix, [&](const ObjectMeta& meta) -> Result<void> {
      ObjectMeta told = meta;
      if (flips && told.key.ends_with(".pack")) flip(told);
      return visit(told);
    });
  }

  std::atomic<int> times = 0, whole = 0, listings = 0;
  std::function<void(ObjectMeta&)> flip;
};

TEST_F(BucketStoreTest, WhatIsDamagedOnItsWayIsMissedByNoIndex) {
  Commit(*Open("one"), "a", "text of a");
  Commit(*Open("one"), "b", "text of b");
  const Content all = {{"a", "text of a"}, {"b", "text of b"}};
  for (const int times : {1, 2, 3}) {
    const auto flipping = std::make_shared<FlippingBackend>(bucket_);
    flipping->times = times;
    flipping->whole = times;
    auto store = Must(TryOpen(fmt::format("ranges-{}", times), ReadOnly(), flipping));
    EXPECT_EQ(ReadEverything(*Must(store->Project("p"))), all) << times;
  }
  const auto before_suffix = [](ObjectMeta& meta) -> char& {
    return meta.key[meta.key.size() - 6];
  };
  const std::function<void(ObjectMeta&)> flips[] = {
      [&](ObjectMeta& meta) { before_suffix(meta) = before_suffix(meta) == '0' ? '1' : '0'; },
      [&](ObjectMeta& meta) { before_suffix(meta) = 'x'; },
      [](ObjectMeta& meta) { meta.size_bytes -= 16; }};
  for (const auto& flip : flips)
    for (const bool known : {false, true}) {
      const auto flipping = std::make_shared<FlippingBackend>(bucket_);
      const auto machine = fmt::format("listing-{}-{}", &flip - flips, known);
      if (known) Must(TryOpen(machine, ReadOnly(), flipping));
      flipping->flip = flip;
      flipping->listings = 1;
      auto store = Must(TryOpen(machine, ReadOnly(), flipping));
      EXPECT_EQ(ReadEverything(*Must(store->Project("p"))), all) << machine;
    }
}

TEST_F(BucketStoreTest, AllPacksThatMakeNoSenseAreLookedAtEquallyOften) {
  for (const char* key : {"a", "b", "c"}) Commit(*Open("one"), key, "text");
  // Each of five looks finds all of them damaged, and the sixth is the last one.
  const auto flipping = std::make_shared<FlippingBackend>(bucket_);
  flipping->times = 5 * 3;
  auto store = Must(TryOpen("two", ReadOnly(), flipping));
  EXPECT_EQ(ReadEverything(*Must(store->Project("p"))),
            (Content{{"a", "text"}, {"b", "text"}, {"c", "text"}}));
}

TEST_F(BucketStoreTest, WhatIsDamagedOnItsWayIsReadAgain) {
  const std::string text = RandomText(200'000, 6);
  Commit(*Open("one"), "a", text);
  for (const int times : {1, 1000}) {
    const auto flipping = std::make_shared<FlippingBackend>(bucket_);
    auto store = Must(TryOpen("two", ReadOnly(), flipping));
    auto project = Must(store->Project("p"));
    flipping->times = times;
    std::string out(text.size(), '*');
    const auto read =
        project->ReadRange("a", 0, {reinterpret_cast<std::byte*>(out.data()), out.size()});
    ASSERT_EQ(read.has_value(), times == 1) << (read ? "" : read.error().message());
    if (read) {
      EXPECT_TRUE(out == text);
    } else {
      EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
    }
  }
}

TEST_F(BucketStoreTest, ADamagedPackIsLeftOutAndCounted) {
  {
    auto store = Open("one");
    Commit(*store, "a", RandomText(1000, 8));
    Commit(*store, "b", RandomText(1000, 9));
  }
  std::string victim;
  for (const auto& [key, etag] : Objects())
    if (key.ends_with(".pack")) victim = key;
  Must(bucket_->Put(victim, AsBytes("not a pack at all"), {}));
  const auto rebuilt = Must(RebuildIndexOfBucket(FileIo(), clock_, Place(), Home("two"), {}, {}));
  EXPECT_EQ(rebuilt.packs_left_out, 1u);
  EXPECT_EQ(Files("two").size(), 1u);
  auto store = Open("one", ReadOnly());
  EXPECT_FALSE(Must(store->Check(CheckLevel::kQuick, {}, {})).damages.empty());
}

TEST_F(BucketStoreTest, AForeignObjectBelowPacksIsLeftOutAndNamedByGcAndCheck) {
  Commit(*Open("one"), "a", "text of a");
  EXPECT_EQ(Files("known").size(), 1u);
  std::string pack;
  for (const auto& [key, etag] : Objects())
    if (key.ends_with(".pack")) pack = key;
  const std::string foreign = pack.substr(0, pack.rfind('/') + 1) + "copy of x.pack";
  Must(bucket_->Put(foreign, AsBytes("x"), {}));
  for (const char* machine : {"known", "new"})
    EXPECT_EQ(Files(machine), (Content{{"a", "text of a"}})) << machine;
  Commit(*Open("one"), "b", "text of b");
  EXPECT_EQ(Files("known").size(), 2u);
  const auto rebuilt = Must(RebuildIndexOfBucket(FileIo(), clock_, Place(), Home("new"), {}, {}));
  EXPECT_EQ(rebuilt.packs_left_out, 1u);

  auto store = Open("one");
  const auto checked = Must(store->Check(CheckLevel::kQuick, {}, {}));
  ASSERT_EQ(checked.damages.size(), 1u);
  EXPECT_NE(checked.damages[0].what.find("copy of x.pack"), std::string::npos);
  const auto collected = store->Gc({}, {}, {});
  ASSERT_FALSE(collected);
  EXPECT_EQ(collected.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(collected.error().message().find("copy of x.pack"), std::string::npos);
}

TEST_F(BucketStoreTest, NamesThatAreOthersInEachListingAreNotLeftOut) {
  Commit(*Open("one"), "a", "text of a");
  const auto flipping = std::make_shared<FlippingBackend>(bucket_);
  flipping->flip = [&, letter = 'g'](ObjectMeta& meta) mutable {
    meta.key[meta.key.size() - 6] = letter++;
  };
  flipping->listings = 1000;
  const auto opened = TryOpen("two", ReadOnly(), flipping);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
  EXPECT_GT(flipping->listings, 980) << "it looks a few times only";
}

}  // namespace
}  // namespace stateferry::storage::managed
