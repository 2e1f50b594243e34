#include "transfer/under_way.h"

namespace stateferry::transfer {

namespace {
/// The kernel counts in hundredths of a second: two processors tell 40 steps in this time.
constexpr auto kLook = std::chrono::milliseconds(200);
/// Nearly one of two: less are the gaps between pieces of work, and the beginning.
constexpr double kHasRoom = 0.4;
/// One after the other: a single one is a moment in which a disk was waited for, or the end.
constexpr int kIdleLooks = 2;
/// Whatever keeps the processors busy may have nothing to do with what waits here.
constexpr auto kPatience = std::chrono::seconds(10);
}  // namespace

std::optional<UnderWay::Pass> UnderWay::Enter(std::uint64_t size_bytes, std::stop_token stop) {
  const auto fits = [&] { return used_bytes_ == 0 || used_bytes_ + size_bytes <= limit_bytes_; };
  std::unique_lock lock(mutex_);
  while (!fits()) {
    if (is_watched_) {
      changed_.wait(lock, stop, [&] { return fits() || !is_watched_; });
    } else {
      is_watched_ = true;
      Grow();
      const bool has_room = changed_.wait_for(lock, stop, kLook, fits);
      is_watched_ = false;
      // One who would fit may have been passed over.
      if (!has_room && used_bytes_ < limit_bytes_) changed_.notify_all();
    }
    if (stop.stop_requested() && !fits()) {
      if (!is_watched_) changed_.notify_one();
      return std::nullopt;
    }
  }
  used_bytes_ += size_bytes;
  // The next one goes in, or looks after the limit from now on.
  if (used_bytes_ < limit_bytes_ || !is_watched_) changed_.notify_one();
  return Pass(this, size_bytes);
}

void UnderWay::Leave(std::uint64_t size_bytes) {
  std::lock_guard lock(mutex_);
  used_bytes_ -= size_bytes;
  // Whoever gets in wakes the next one: most would find no room.  One who does not fit while
  // another would costs that one kLook.
  changed_.notify_one();
}

/// Called while somebody waits.  A look at the processors tells of the time since the last one:
/// that counts when the last one was for somebody who waited as well.  Whoever goes on with the
/// watch may look up to two kLook after it, or a little later.
void UnderWay::Grow() {
  const auto now = clock_.Steady();
  const auto since = now - looked_at_;
  if (since < kLook) return;
  const auto idle = idle_();
  looked_at_ = now;
  const bool counts = since <= 3 * kLook;
  if (!counts) grown_at_ = now;
  idle_looks_ = counts && (!idle || *idle >= kHasRoom) ? idle_looks_ + 1 : 0;
  if (idle_looks_ < kIdleLooks && now - grown_at_ < kPatience) return;
  idle_looks_ = 0;
  grown_at_ = now;
  if (limit_bytes_ <= UINT64_MAX / 2) limit_bytes_ *= 2;
  changed_.notify_all();
}

}  // namespace stateferry::transfer
