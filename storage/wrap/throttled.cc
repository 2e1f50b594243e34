#include "storage/wrap/throttled.h"

#include <algorithm>
#include <cmath>

#include "storage/wrap/forwarding.h"

namespace stateferry::storage {

using std::chrono::nanoseconds;

namespace {
constexpr double kBurstSeconds = 0.1;
constexpr double kRounding = 1e-3;  // of a byte
/// The rate may be another one by then.
constexpr nanoseconds kLookAgain = std::chrono::seconds(10);
}  // namespace

double RateLimiter::Pay() {
  const auto now = clock_.Steady();
  const auto rate = static_cast<double>(table_.RateAt(clock_.Now()));
  if (paid_at_ == std::chrono::steady_clock::time_point{}) rate_ = rate;
  const double passed = std::chrono::duration<double>(now - paid_at_).count();
  paid_ = rate > 0 && rate_ > 0 ? std::min(paid_ + rate_ * passed, taken_ + rate_ * kBurstSeconds)
                                : taken_;
  paid_at_ = now;
  rate_ = rate;
  return rate;
}

Result<void> RateLimiter::Take(std::uint64_t bytes, std::stop_token stop) {
  double mine = 0;  // paid once so much is
  {
    std::lock_guard lock(mutex_);
    Pay();
    mine = taken_ += static_cast<double>(bytes);
  }
  for (;;) {
    nanoseconds wait;
    {
      std::lock_guard lock(mutex_);
      const double rate = Pay();
      if (paid_ + kRounding >= mine) return {};
      const double seconds = std::min((mine - paid_) / rate, 1e6);
      wait = std::min(kLookAgain, nanoseconds(static_cast<std::int64_t>(std::ceil(seconds * 1e9))));
    }
    if (!clock_.Sleep(wait, stop))
      return Error(ErrorCode::kCancelled, "stopped while waiting for bandwidth");
  }
}

namespace {

class ThrottledUpload final : public ForwardingUpload {
 public:
  ThrottledUpload(std::unique_ptr<Upload> inner, std::shared_ptr<BandwidthLimit> limit,
                  std::stop_token stop)
      : ForwardingUpload(std::move(inner)), limit_(std::move(limit)), stop_(std::move(stop)) {}

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
    SF_TRY(limit_->write.Take(bytes.size(), stop_));
    return inner().PutPart(part_index, bytes);
  }

 private:
  const std::shared_ptr<BandwidthLimit> limit_;
  const std::stop_token stop_;
};

class ThrottledBackend final : public ForwardingBackend {
 public:
  ThrottledBackend(std::shared_ptr<Backend> inner, std::shared_ptr<BandwidthLimit> limit,
                   std::stop_token stop)
      : ForwardingBackend(std::move(inner)), limit_(std::move(limit)), stop_(std::move(stop)) {}

  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    return Limited(inner().ReadRange(key, offset, out));
  }
  Result<SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    SF_TRY(const auto read, inner().ReadSummed(key, offset, out));
    SF_TRY(limit_->read.Take(read.size_bytes, stop_));
    return read;
  }
  Result<std::size_t> ReadBack(std::string_view key, std::uint64_t offset,
                               MutableByteSpan out) override {
    return Limited(inner().ReadBack(key, offset, out));
  }
  Result<bool> ReadVersion(const ObjectMeta& version, MutableByteSpan out) override {
    SF_TRY(const bool read, inner().ReadVersion(version, out));
    if (read) SF_TRY(limit_->read.Take(out.size(), stop_));
    return read;
  }
  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    SF_TRY(limit_->write.Take(bytes.size(), stop_));
    return inner().Put(key, bytes, options);
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    SF_TRY(auto upload, inner().StartUpload(key, options));
    return std::unique_ptr<Upload>(
        std::make_unique<ThrottledUpload>(std::move(upload), limit_, stop_));
  }

 private:
  Result<std::size_t> Limited(Result<std::size_t> read) {
    if (read) SF_TRY(limit_->read.Take(*read, stop_));
    return read;
  }

  const std::shared_ptr<BandwidthLimit> limit_;
  const std::stop_token stop_;
};

}  // namespace

std::shared_ptr<Backend> WithThrottle(std::shared_ptr<Backend> inner,
                                      std::shared_ptr<BandwidthLimit> limit, std::stop_token stop) {
  return std::make_shared<ThrottledBackend>(std::move(inner), std::move(limit), std::move(stop));
}

}  // namespace stateferry::storage
