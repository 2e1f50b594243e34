// How files are cut into parts.

#include "transfer/plan.h"

#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

constexpr std::uint64_t kKib = 1u << 10, kMib = 1u << 20, kGib = 1u << 30, kTib = kGib << 10;
constexpr storage::Capabilities kS3{
    .min_part_bytes = 5 * kMib, .max_part_bytes = 5 * kGib, .max_parts = 10'000};
constexpr storage::Capabilities kOss{
    .min_part_bytes = 100 * kKib, .max_part_bytes = 5 * kGib, .max_parts = 10'000};
constexpr std::uint64_t kLargestObject = kTib * 488 / 10;  // 48.8 TiB

TEST(PartBytes, AreWhatWasAskedForWhereThatIsPossible) {
  EXPECT_EQ(PartBytes(0, 0, kS3), 16 * kMib);
  EXPECT_EQ(PartBytes(0, 100 * kGib, kS3), 16 * kMib);
  EXPECT_EQ(PartBytes(8 * kMib, kGib, kS3), 8 * kMib);
  EXPECT_EQ(PartBytes(1000, kGib, kS3), 5 * kMib);
  EXPECT_EQ(PartBytes(1000, kGib, kOss), 107'375u) << "10,000 parts are not enough of 100 KiB";
  EXPECT_EQ(PartBytes(1000, kMib, kOss), 100 * kKib);
  EXPECT_EQ(PartBytes(kGib, kGib, kS3), 64 * kMib) << "more would only take memory";
}

TEST(PartBytes, GrowSoThatTenThousandSuffice) {
  for (const auto& service : {kS3, kOss}) {
    for (const std::uint64_t asked : {std::uint64_t{0}, std::uint64_t{1}, 5 * kMib, 64 * kMib}) {
      for (const std::uint64_t size : {156 * kGib, 157 * kGib, kTib, 5 * kTib, 5 * kTib + 1,
                                       kLargestObject - 1, kLargestObject}) {
        const std::uint64_t part = PartBytes(asked, size, service);
        EXPECT_LE(PartCount(size, part), 10'000u) << size << " asked " << asked;
        EXPECT_GE(part, service.min_part_bytes) << size << " asked " << asked;
        EXPECT_LE(part, service.max_part_bytes) << size << " asked " << asked;
      }
    }
  }
  EXPECT_EQ(PartBytes(0, 5 * kTib, kS3), 549'755'814u);
}

TEST(PartBytes, NeverExceedWhatTheServiceTakes) {
  EXPECT_EQ(PartBytes(0, 60 * kTib, kS3), 5 * kGib);
  EXPECT_EQ(PartBytes(kGib, 10, {.max_part_bytes = 100}), 100u);
}

class PlanTest : public TransferRig {
 protected:
  Result<transfer::Plan> PlanOf(std::uint64_t size_bytes) {
    const FileLister files = [&](const FileVisitor& visit) -> Result<void> {
      FileTask task;
      task.from_dir = At("mem://source/in");
      task.from_name = task.to_name = "f";
      task.size_bytes = size_bytes;
      return visit(std::move(task));
    };
    options.part_bytes = 0;
    return MakePlan({.request = request, .files = files, .options = options, .capabilities = kS3},
                    *journal, clock, meter_, {});
  }

  Meter meter_{"id", clock, progress};
};

TEST_F(PlanTest, AFileOfFiveTebibytesIsPlanned) {
  const auto plan = PlanOf(5 * kTib);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->record.files_total, 1u);
  EXPECT_EQ(plan->max_part_bytes, 549'755'814u);
}

// What is noted of a part has room for 4 GiB, and so much memory is not to be had anyway.
TEST_F(PlanTest, AFileWhosePartsWouldBeTooLargeIsNamedAndLeftOut) {
  const auto plan = PlanOf(kLargestObject);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->record.files_total, 0u);
  const auto report = meter_.Report(TransferStatus::kFailed);
  const auto& failures = report.failures;
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].code, ErrorCode::kRefused);
  EXPECT_NE(failures[0].message.find("in/f is not copied"), std::string::npos)
      << failures[0].message;
}

}  // namespace
}  // namespace stateferry::transfer
