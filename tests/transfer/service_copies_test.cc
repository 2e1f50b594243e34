// Files that the service of both sides copies by itself.

#include "transfer/service_copies.h"

#include "tests/transfer/copying_backend.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

using fakes::BackendOp;

class ServiceCopiesTest : public TransferRig {
 protected:
  ServiceCopiesTest() { Reopen(); }

  /// As another process would.
  void Reopen() {
    MoveBetween(from, to);
    stop = std::stop_source();
  }
  void ExpectStreamed(const Result<TransferReport>& report, int files) {
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->status, TransferStatus::kCommitted);
    EXPECT_EQ(report->files_by_service, 0u);
    EXPECT_EQ(report->files_moved, static_cast<std::uint64_t>(files));
    EXPECT_GT(report->bytes_read, 0u);
  }

  CopyingBackend::Service service;
  std::shared_ptr<CopyingBackend> from =
      std::make_shared<CopyingBackend>(source, service, "source");
  std::shared_ptr<CopyingBackend> to = std::make_shared<CopyingBackend>(target, service, "target");
};

TEST_F(ServiceCopiesTest, ASmallFileIsOneRequestAndNoByteComesHere) {
  PutSource("a", Content(kPart, 1));
  PutSource("b", Content(10, 2));

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(report->files_by_service, 2u);
  EXPECT_EQ(report->bytes_by_service, kPart + 10);
  EXPECT_EQ(report->files_moved, 0u);
  EXPECT_EQ(report->bytes_read, 0u);
  EXPECT_EQ(to->wholes, 2);
  EXPECT_TRUE(Target("a") == Content(kPart, 1));
  for (const auto& file : Plan()) {
    EXPECT_EQ(file.state, FileState::kDone);
    EXPECT_TRUE(file.owned);
    EXPECT_NE(file.to_etag_hash, 0u);
    EXPECT_FALSE(file.content);
  }
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->already_done);
}

TEST_F(ServiceCopiesTest, ALargeFileIsCopiedInParts) {
  PutSource("a", Content(5 * kPart - 7, 1));

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_by_service, 1u);
  EXPECT_EQ(report->bytes_read, 0u);
  EXPECT_EQ(to->parts, 5);
  EXPECT_EQ(to->wholes, 0);
  EXPECT_TRUE(Target("a") == Content(5 * kPart - 7, 1));
  EXPECT_EQ(Plan()[0].state, FileState::kDone);
}

TEST_F(ServiceCopiesTest, NeverMeansThatBytesAreMoved) {
  PutSource("a", Content(10, 1));
  options.server_side = ServerSide::kNever;
  ExpectStreamed(Run(), 1);
  EXPECT_EQ(to->wholes, 0);
}

TEST_F(ServiceCopiesTest, WhatDiffersIsStreamedOrRefusedWithTheReason) {
  PutSource("a", Content(10, 1));
  const auto same = from->place;
  const auto is_refused = [&](const std::string& reason) {
    options.server_side = ServerSide::kAlways;
    auto report = Run();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), ErrorCode::kRefused);
    EXPECT_NE(report.error().message().find(reason), std::string::npos) << report.error().message();
    EXPECT_FALSE(TargetHas("a"));
    from->place = same;
  };
  from->place.service = "s3 http://two";
  is_refused("two services, s3 http://two and s3 http://one");
  from->place.region = "there";
  is_refused("two regions, there and here");
  from->place.principal = "the profile night";
  is_refused("the profile night and the default credentials");
  from->place.can_sign = false;
  is_refused("without credentials");
  options.server_side = ServerSide::kAuto;
  from->place.can_sign = false;
  ExpectStreamed(Run(), 1);
  EXPECT_EQ(to->wholes, 0);
}

TEST_F(ServiceCopiesTest, WhereTheServiceMayNotAllIsStreamed) {
  for (int i = 0; i < 5; ++i) PutSource("f" + std::to_string(i), Content(10, 1));
  to->refusal = Error(ErrorCode::kPermission, "403 AccessDenied");
  options.workers = 1;

  ExpectStreamed(Run(), 5);

  EXPECT_EQ(to->wholes, 1) << "the first one was the probe";
  ASSERT_EQ(progress.warnings.size(), 1u);
  EXPECT_NE(progress.warnings[0].find("403 AccessDenied"), std::string::npos);
}

TEST_F(ServiceCopiesTest, AlwaysStopsWithTheReasonOfTheService) {
  PutSource("a", Content(10, 1));
  PutSource("b", Content(3 * kPart, 1));
  to->refusal = Error(ErrorCode::kPermission, "403 AccessDenied");
  options.server_side = ServerSide::kAlways;
  for (const char* name : {"a", "b"}) {
    auto report = Run();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), ErrorCode::kPermission) << name;
    EXPECT_NE(report.error().message().find("403 AccessDenied"), std::string::npos);
    ASSERT_TRUE(source_bucket->Delete("in/a"));
  }
}

TEST_F(ServiceCopiesTest, APartThatIsRefusedHasItsFileStreamed) {
  PutSource("a", Content(5 * kPart, 1));
  options.workers = 1;
  to->on_copy = [&](int n) {
    if (n == 3) to->refusal = Error(ErrorCode::kRefused, "501 NotImplemented");
  };

  ExpectStreamed(Run(), 1);

  EXPECT_TRUE(Target("a") == Content(5 * kPart, 1));
  EXPECT_EQ(Plan()[0].state, FileState::kDone);
  EXPECT_TRUE(Plan()[0].content) << "its bytes were seen";
}

TEST_F(ServiceCopiesTest, ACopiedPartIsNotCopiedAgain) {
  PutSource("a", Content(8 * kPart, 1));
  options.workers = 1;
  options.parts_at_once = 1;
  to->on_copy = [&](int n) {
    if (n == 4) stop.request_stop();
  };
  auto stopped = Run();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(to->parts, 4);
  Reopen();

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(to->parts, 8);
  EXPECT_EQ(report->bytes_resumed, 4 * kPart);
  EXPECT_EQ(report->files_by_service, 1u);
  EXPECT_EQ(report->bytes_read, 0u);
  EXPECT_TRUE(Target("a") == Content(8 * kPart, 1));
}

TEST_F(ServiceCopiesTest, WhatWasCopiedInPartsIsNotMixedWithWhatIsStreamed) {
  PutSource("a", Content(8 * kPart, 1));
  options.workers = 1;
  to->on_copy = [&](int n) {
    if (n == 4) stop.request_stop();
  };
  ASSERT_FALSE(Run());
  Reopen();
  options.server_side = ServerSide::kNever;

  ExpectStreamed(Run(), 1);

  EXPECT_EQ(to->parts, 4);
  EXPECT_TRUE(Target("a") == Content(8 * kPart, 1));
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u) << "nothing is left behind";
}

TEST_F(ServiceCopiesTest, AnUploadThatWasBegunByStreamingGoesOnSo) {
  PutSource("a", Content(8 * kPart, 1));
  options.server_side = ServerSide::kNever;
  options.max_transfer_bytes = 4 * kPart;
  ASSERT_FALSE(Run());
  options.server_side = ServerSide::kAuto;
  options.max_transfer_bytes = 0;

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->bytes_moved, 4 * kPart);
  EXPECT_EQ(to->parts, 0);
  EXPECT_TRUE(Target("a") == Content(8 * kPart, 1));
}

TEST_F(ServiceCopiesTest, WhatTheServiceRefusesDoesNotCountAgainstTheLimit) {
  for (const std::uint64_t size : {kPart, 4 * kPart}) {
    const std::string name = "f" + std::to_string(size);
    PutSource(name, Content(size, 1));
    to->refusal = Error(ErrorCode::kPermission, "403 AccessDenied");
    options.max_transfer_bytes = size + kPart / 2;
    Reopen();

    auto report = Run();

    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->status, TransferStatus::kCommitted);
    EXPECT_TRUE(Target(name) == Content(size, 1));
    ASSERT_TRUE(source_bucket->Delete("in/" + name));
  }
}

TEST_F(ServiceCopiesTest, AStreamedUploadThatIsNotGoneOnWithIsAborted) {
  PutSource("a", Content(8 * kPart, 1));
  options.server_side = ServerSide::kNever;
  options.max_transfer_bytes = 4 * kPart;
  ASSERT_FALSE(Run());
  options.server_side = ServerSide::kAlways;
  options.max_transfer_bytes = 0;
  options.part_bytes = 0;  // so that it is one request
  Reopen();
  to->copies_wrongly = true;

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  EXPECT_GE(to->wholes, 1);
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u) << "nothing is left behind";
}

TEST_F(ServiceCopiesTest, LinksAreNotCopiedAsLinks) {
  PutSource("a", Content(kPart, 1));
  PutSource("b", Content(3 * kPart, 2));
  from->place.has_links = to->place.has_links = true;
  from->holds_links = true;
  ExpectStreamed(Run(), 2);
  EXPECT_EQ(to->wholes + to->parts, 0);
  ASSERT_TRUE(target->Delete("out/a"));
  options.server_side = ServerSide::kAlways;
  PutSource("c", Content(10, 2));
  auto report = Run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kRefused);
  EXPECT_NE(report.error().message().find("it is a link"), std::string::npos);
}

TEST_F(ServiceCopiesTest, ASourceThatIsReplacedInTheMiddleIsNeverMixed) {
  for (const std::uint64_t size : {kPart / 2, 5 * kPart}) {
    for (const auto how : {ServerSide::kAuto, ServerSide::kAlways}) {
      const std::string name = "f" + std::to_string(size) + std::to_string(static_cast<int>(how));
      PutSource(name, Content(size, 1));
      options.server_side = how;
      to->wholes = to->parts = 0;
      to->on_copy = [&](int n) {
        if (n == (size > kPart ? 3 : 1)) PutSource(name, Content(size, 2));
      };

      auto report = Run();

      ASSERT_TRUE(report) << report.error().message();
      EXPECT_EQ(report->status, TransferStatus::kCommitted);
      EXPECT_TRUE(Target(name) == Content(size, 2)) << name;
      ASSERT_TRUE(source_bucket->Delete("in/" + name));
    }
  }
}

TEST_F(ServiceCopiesTest, ACopyOfOtherBytesIsFoundByItsChecksum) {
  PutSource("a", Content(kPart, 1));
  PutSource("b", Content(3 * kPart, 2));
  to->copies_wrongly = true;

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_TRUE(Target("a") == Content(kPart, 1)) << "streamed over what was copied wrongly";
  EXPECT_TRUE(Target("b") == Content(3 * kPart, 2));
  EXPECT_EQ(report->files_by_service, 0u);
}

TEST_F(ServiceCopiesTest, WithAlwaysAWrongCopyFailsItsFile) {
  PutSource("a", Content(kPart, 1));
  to->copies_wrongly = true;
  options.server_side = ServerSide::kAlways;

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kCorruption);
}

TEST_F(ServiceCopiesTest, WhatNoChecksumOfTheSourceCouldProveIsStreamed) {
  PutSource("a", Content(10, 1));
  PutSource("b", Content(3 * kPart, 1));
  from->tells_sums = false;
  ExpectStreamed(Run(), 2);
  EXPECT_EQ(to->wholes + to->parts, 0);
}

TEST_F(ServiceCopiesTest, WhatNoChecksumProvesIsReadOnBothSides) {
  for (int i = 0; i < 3; ++i) PutSource("f" + std::to_string(i), Content(5 * kPart, 1));
  to->tells_sums = false;
  options.workers = 1;

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(report->files_by_service, 1u);
  EXPECT_EQ(report->files_moved, 2u) << "that the service proves nothing is known after the first";
  for (const auto& file : Plan()) EXPECT_TRUE(file.content);
  EXPECT_EQ(report->bytes_read, 3 * 5 * kPart);
  to->copies_wrongly = true;
  options.server_side = ServerSide::kAlways;
  PutSource("g", Content(5 * kPart, 1));
  auto wrong = Run();
  ASSERT_TRUE(wrong) << wrong.error().message();
  ASSERT_EQ(wrong->failures.size(), 1u);
  EXPECT_EQ(wrong->failures[0].code, ErrorCode::kCorruption);
}

TEST_F(ServiceCopiesTest, AnAnswerThatWasLostIsNoConflict) {
  PutSource("a", Content(10, 1));
  target->Fail({.op = BackendOp::kPut,
                .error = Error(ErrorCode::kConflict, "exists already"),
                .after = true});

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_by_service, 1u);
  EXPECT_EQ(report->bytes_read, 0u);
}

TEST_F(ServiceCopiesTest, AnEndThatNobodyHeardOfIsFoundByChecksum) {
  PutSource("a", Content(5 * kPart, 1));
  target->Fail({.op = BackendOp::kComplete,
                .error = Error(ErrorCode::kUnavailable, "no answer", Retry::kExhausted),
                .after = true});
  ASSERT_FALSE(Run());
  ASSERT_EQ(to->parts, 5);
  // The review does not see it yet.
  ASSERT_TRUE(target_bucket->Delete("out/a"));
  Reopen();
  bool appeared = false;
  to->on_stat = [&] {
    if (!std::exchange(appeared, true)) PutTarget("a", Content(5 * kPart, 1));
  };

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(to->parts, 5) << "no part is copied again";
  EXPECT_EQ(report->bytes_read, 0u);
  EXPECT_EQ(report->bytes_resumed, 5 * kPart);
}

}  // namespace
}  // namespace stateferry::transfer
