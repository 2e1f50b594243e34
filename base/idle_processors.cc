#include "base/idle_processors.h"

#include <fstream>
#include <utility>

namespace stateferry {

std::optional<double> IdleProcessors::operator()() {
  // user, nice, system, idle, iowait, irq, softirq, steal; the time of guests is in that of users.
  constexpr int kCounted = 8, kIdle = 3;
  std::ifstream in(stat_);
  std::string name;
  in >> name;
  std::uint64_t all = 0, idle = 0;
  for (int i = 0; i < kCounted; ++i) {
    std::uint64_t ticks = 0;
    in >> ticks;
    all += ticks;
    if (i == kIdle) idle = ticks;
  }
  if (!in || name != "cpu") return std::nullopt;
  const std::uint64_t all_before = std::exchange(all_, all);
  const std::uint64_t idle_before = std::exchange(idle_, idle);
  // The kernel may take a little of the idle time back.
  if (all <= all_before || idle < idle_before) return std::nullopt;
  return static_cast<double>(idle - idle_before) / static_cast<double>(all - all_before);
}

}  // namespace stateferry
