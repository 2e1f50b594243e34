#include <condition_variable>
#include <mutex>

#include "storage/wrap/forwarding.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

/// Holds each read until three are under way, or for a moment.
class CrowdedBackend final : public storage::ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<storage::SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                         MutableByteSpan out) override {
    {
      std::unique_lock lock(mutex_);
      most = std::max(most, ++now_);
      changed_.notify_all();
      changed_.wait_for(lock, std::chrono::milliseconds(50), [&] { return now_ > 2; });
      --now_;
    }
    return inner().ReadSummed(key, offset, out);
  }
  int most = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int now_ = 0;
};

TEST_F(TransferRig, NoMorePartsOfAFileAtOnceThanAsked) {
  for (const std::uint32_t at_once : {1u, 2u}) {
    auto crowded = std::make_shared<CrowdedBackend>(source_bucket);
    MoveBetween(crowded, target);
    PutSource("a", Content(6 * kPart, at_once));
    ASSERT_TRUE(target_bucket->Delete("out/a"));
    options.workers = 4;
    options.parts_at_once = at_once;
    auto report = Run();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(crowded->most, static_cast<int>(at_once));
    EXPECT_EQ(Target("a"), Content(6 * kPart, at_once));
  }
}

}  // namespace
}  // namespace stateferry::transfer
