#include "base/idle_processors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace stateferry {

namespace {
/// Its first line alone, and by no stream: this is read several times a second.
std::string_view FirstOf(const std::string& path, std::array<char, 512>& buffer) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  const std::string_view text(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  return text.substr(0, text.find('\n'));
}

std::optional<std::uint64_t> TakeNumber(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}
}  // namespace

std::optional<double> IdleProcessors::operator()() {
  // user, nice, system, idle, iowait, irq, softirq, steal; the time of guests is in that of users.
  constexpr int kCounted = 8, kIdle = 3;
  constexpr std::string_view kName = "cpu ";
  std::array<char, 512> buffer;
  std::string_view line = FirstOf(stat_, buffer);
  if (!line.starts_with(kName)) return std::nullopt;
  line.remove_prefix(kName.size());
  std::uint64_t all = 0, idle = 0;
  for (int i = 0; i < kCounted; ++i) {
    const auto ticks = TakeNumber(line);
    if (!ticks) return std::nullopt;
    all += *ticks;
    if (i == kIdle) idle = *ticks;
  }
  const std::uint64_t all_before = std::exchange(all_, all);
  const std::uint64_t idle_before = std::exchange(idle_, idle);
  // The kernel may take a little of the idle time back.
  if (all <= all_before || idle < idle_before) return std::nullopt;
  return static_cast<double>(idle - idle_before) / static_cast<double>(all - all_before);
}

}  // namespace stateferry
