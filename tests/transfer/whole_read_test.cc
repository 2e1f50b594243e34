// Small files of places that give an object and its version in one request.

#include "storage/wrap/forwarding.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

using fakes::BackendOp;

class VersionBackend final : public storage::ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<bool> ReadVersion(const storage::ObjectMeta& version, MutableByteSpan out) override {
    ++reads;
    if (before_read) before_read();
    if (error) return *error;
    const auto bytes = storage::ReadAll(inner(), version.key, out.size());
    const auto meta = inner().Stat(version.key);
    if (!bytes || meta->etag != version.etag) return Error(ErrorCode::kConflict, "replaced");
    std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(out.data()));
    return true;
  }
  Result<storage::ObjectMeta> Stat(std::string_view key) override {
    ++stats;
    return inner().Stat(key);
  }

  std::function<void()> before_read;
  std::optional<Error> error;
  std::atomic<int> reads{0}, stats{0};
};

class WholeReadTest : public TransferRig {
 protected:
  WholeReadTest() { MoveBetween(versions, target); }
  std::shared_ptr<VersionBackend> versions = std::make_shared<VersionBackend>(source_bucket);
};

TEST_F(WholeReadTest, NothingIsLookedAtAfterwards) {
  PutSource("a", Content(kPart, 1));
  PutSource("b", Content(kPart + 1, 2));

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(versions->reads, 1) << "b has two parts";
  EXPECT_EQ(versions->stats, 1) << "of b";
  EXPECT_EQ(report->bytes_read, 2 * kPart + 1);
  EXPECT_TRUE(Target("a") == Content(kPart, 1));
  EXPECT_TRUE(Target("b") == Content(kPart + 1, 2));
}

TEST_F(WholeReadTest, AReplacedFileIsReadOnceMore) {
  PutSource("a", Content(kPart, 1));
  versions->before_read = [&] {
    if (versions->reads == 1) PutSource("a", Content(kPart, 2));
  };

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_TRUE(Target("a") == Content(kPart, 2));
}

TEST_F(WholeReadTest, OtherBytesThanThePlaceHasAreReadByTheOtherWay) {
  PutSource("a", Content(kPart, 1));
  versions->error = Error(ErrorCode::kCorruption, "other bytes");

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(versions->stats, 1) << "which compares at the end";
  EXPECT_TRUE(Target("a") == Content(kPart, 1));
}

/// What the end of an upload told need not be asked for.
class TellingBackend final : public storage::ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<std::unique_ptr<storage::Upload>> StartUpload(
      std::string_view key, const storage::UploadOptions& options) override {
    class Telling final : public storage::ForwardingUpload {
     public:
      using ForwardingUpload::ForwardingUpload;
      std::string completed_etag() const override { return *tells ? "told" : ""; }
      bool compared() const override { return is_compared; }
      bool is_compared = false;
      std::shared_ptr<std::atomic<bool>> tells;
    };
    SF_TRY(auto upload, inner().StartUpload(key, options));
    auto telling = std::make_unique<Telling>(std::move(upload));
    telling->is_compared = compares;
    telling->tells = tells;
    return std::unique_ptr<storage::Upload>(std::move(telling));
  }
  Result<void> Flush() override {
    SF_TRY(ForwardingBackend::Flush());
    *tells = true;
    return {};
  }
  bool compares = false;
  const std::shared_ptr<std::atomic<bool>> tells = std::make_shared<std::atomic<bool>>(true);
};

TEST_F(WholeReadTest, TheEtagThatTheEndOfAnUploadTellsIsRemembered) {
  places->Register(At("mem://telling/"), std::make_shared<TellingBackend>(target));
  request.to = At("mem://telling/out");
  PutSource("a", Content(kPart, 1));
  PutSource("b", Content(3 * kPart, 1));
  const auto stats = target->calls(BackendOp::kStat);

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  for (const auto& file : Plan()) EXPECT_EQ(file.to_etag_hash, EtagHash("told"));
  EXPECT_EQ(target->calls(BackendOp::kStat), stats);
}

TEST_F(WholeReadTest, TheEtagThatIsToldAfterTheFlushIsRememberedAsWell) {
  auto telling = std::make_shared<TellingBackend>(target);
  *telling->tells = false;
  places->Register(At("mem://telling/"), telling);
  request.to = At("mem://telling/out");
  PutSource("a", Content(kPart, 1));
  const auto stats = target->calls(BackendOp::kStat);

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Plan().front().to_etag_hash, EtagHash("told"));
  EXPECT_EQ(target->calls(BackendOp::kStat), stats);
}

TEST_F(WholeReadTest, WhatTheServiceHasComparedIsNotReadBack) {
  auto telling = std::make_shared<TellingBackend>(target);
  telling->compares = true;
  places->Register(At("mem://telling/"), telling);
  request.to = At("mem://telling/out");
  PutSource("a", Content(kPart, 1));
  PutSource("b", Content(3 * kPart, 1));
  const auto reads = target->calls(BackendOp::kReadRange);

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(target->calls(BackendOp::kReadRange), reads);
  for (const auto& file : Plan()) {
    EXPECT_EQ(file.state, FileState::kDone);
    EXPECT_EQ(file.to_etag_hash, EtagHash("told"));
    EXPECT_TRUE(file.content) << "verify can compare it later";
  }
}

TEST_F(WholeReadTest, ParanoiaReadsItBack) {
  auto telling = std::make_shared<TellingBackend>(target);
  telling->compares = true;
  places->Register(At("mem://telling/"), telling);
  request.to = At("mem://telling/out");
  options.paranoid = true;
  PutSource("a", Content(kPart, 1));
  const auto reads = target->calls(BackendOp::kReadRange);

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(target->calls(BackendOp::kReadRange), reads + 1);
}

}  // namespace
}  // namespace stateferry::transfer
