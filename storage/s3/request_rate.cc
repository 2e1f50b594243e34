#include "storage/s3/request_rate.h"

#include <algorithm>

namespace stateferry::storage::s3 {

namespace {
constexpr double kLowest = 1;  // requests a second
constexpr double kStepShare = 0.05;
constexpr std::chrono::seconds kOneSecond{1};

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}
}  // namespace

void RequestRate::Count(Time now) {
  if (now - second_began_ >= kOneSecond) {
    // After a pause the last second had no requests.
    last_second_ = now - second_began_ < 2 * kOneSecond ? this_second_ : 0;
    this_second_ = 0;
    second_began_ = now;
  }
  this_second_ += 1;
}

void RequestRate::Climb(Time now) {
  limit_ += step_per_s_ * Seconds(now - climbed_at_);
  climbed_at_ = now;
}

Result<void> RequestRate::Take(std::stop_token stop) {
  std::chrono::nanoseconds wait{0};
  {
    std::lock_guard lock(mutex_);
    const Time now = clock_.Steady();
    Count(now);
    if (limit_ != 0) Climb(now);
    const double limit = Limit();
    if (limit == 0) return {};
    next_turn_ = std::max(next_turn_, now);
    wait = next_turn_ - now;
    next_turn_ += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / limit));
  }
  if (wait.count() == 0 || clock_.Sleep(wait, stop)) return {};
  return Error(ErrorCode::kCancelled, "stopped while waiting for a turn to send a request");
}

void RequestRate::Throttled() {
  std::lock_guard lock(mutex_);
  const Time now = clock_.Steady();
  // Requests that were under way together are one complaint.
  if (limit_ != 0 && now - halved_at_ < kOneSecond) return;
  if (limit_ != 0) Climb(now);
  // A limit far above what is sent would have to be halved many times before it is felt.
  double sent = std::max({this_second_, last_second_, kLowest});
  if (ceiling_ != 0) sent = std::min(sent, ceiling_);  // the others wait for their turn
  limit_ = std::max((limit_ == 0 ? sent : std::min(limit_, sent)) / 2, kLowest);
  step_per_s_ = std::max(limit_ * 2 * kStepShare, kStepShare);
  halved_at_ = climbed_at_ = now;
}

double RequestRate::Limit() const {
  if (limit_ == 0 || ceiling_ == 0) return std::max(limit_, ceiling_);
  return std::min(limit_, ceiling_);
}

double RequestRate::limit() const {
  std::lock_guard lock(mutex_);
  return Limit();
}

}  // namespace stateferry::storage::s3
