#include "base/hash.h"
#include "storage/wrap/forwarding.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

/// A source that makes a checksum of what it gives: here, of the first byte.
class SummingBackend final : public storage::ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<storage::SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                         MutableByteSpan out) override {
    SF_TRY(const auto read, inner().ReadRange(key, offset, out));
    return storage::SummedRead{.size_bytes = read,
                               .checksum = static_cast<std::uint64_t>(out[0]) + 100};
  }
  void AddRead(const storage::ObjectMeta& meta, std::uint64_t offset, std::uint64_t size_bytes,
               std::uint64_t checksum) override {
    EXPECT_EQ(meta.key, "in/a");
    EXPECT_EQ(meta.size_bytes, 2500u);
    EXPECT_EQ(meta.etag, etag);
    EXPECT_EQ(checksum, static_cast<std::uint8_t>(content[offset]) + 100u);
    added[offset] = size_bytes;
  }
  std::string etag, content = Content(2500, 1);
  std::map<std::uint64_t, std::uint64_t> added;
};

// Else bytes that were damaged on their way are found only when one run reads all of a file.
TEST_F(TransferRig, TheSourceLearnsWhatAnEarlierRunHasRead) {
  auto summing = std::make_shared<SummingBackend>(source_bucket);
  MoveBetween(summing, target);
  PutSource("a", Content(2500, 1));
  summing->etag = source_bucket->Stat("in/a")->etag;
  options.workers = 1;
  options.max_transfer_bytes = 2 * kPart;
  EXPECT_FALSE(Run());
  EXPECT_TRUE(summing->added.empty());
  options.max_transfer_bytes = 0;
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->bytes_resumed, 2 * kPart);
  EXPECT_EQ(summing->added, (std::map<std::uint64_t, std::uint64_t>{{0, kPart}, {kPart, kPart}}));
  EXPECT_EQ(Target("a"), Content(2500, 1));
}

/// A source that tells the hash of what arrived, which is damaged in memory after that.
class HashingBackend final : public storage::ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<storage::SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                         MutableByteSpan out) override {
    SF_TRY(const auto read, inner().ReadRange(key, offset, out));
    const auto hash = Xxh3_128(out.first(read));
    if (damages) out[0] ^= std::byte{1};
    return storage::SummedRead{.size_bytes = read, .hash = hash};
  }
  bool damages = false;
};

TEST_F(TransferRig, WhatIsReadBackIsComparedWithTheHashThatTheSourceHasTold) {
  auto hashing = std::make_shared<HashingBackend>(source_bucket);
  MoveBetween(hashing, target);
  PutSource("a", Content(2500, 1));
  hashing->damages = true;
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kCorruption);
  hashing->damages = false;
  report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(Target("a"), Content(2500, 1));
}

}  // namespace
}  // namespace stateferry::transfer
