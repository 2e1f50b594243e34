#include "transfer/home_lock.h"

#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/json.h"

namespace stateferry::transfer {

namespace {

constexpr std::size_t kMaxLockFileBytes = 64 * 1024;
constexpr std::size_t kMaxCommandBytes = 200;

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

/// The words of this process's command line, for people.
std::string OwnCommand(const FileIo& io) {
  // Files in /proc have no size to go by: read what comes.
  std::string command(4096, '\0');
  auto file = io.Open("/proc/self/cmdline", OpenMode::kRead);
  if (!file) return "stateferry";
  auto size = file->ReadAt(0, {reinterpret_cast<std::byte*>(command.data()), command.size()});
  if (!size || *size == 0) return "stateferry";
  command.resize(*size);
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (char& c : command)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  if (const auto slash = command.substr(0, command.find(' ')).rfind('/');
      slash != std::string::npos)
    command.erase(0, slash + 1);
  if (command.size() > kMaxCommandBytes) command = command.substr(0, kMaxCommandBytes) + "...";
  return command;
}

Error LockedBy(const std::string& home_dir, std::string_view content) {
  std::string holder = "another process";
  if (auto json = ParseJson(content)) {
    const auto pid = JsonUint(*json, "pid");
    const auto command = JsonString(*json, "command");
    const auto host = JsonString(*json, "host");
    const auto started = JsonString(*json, "started");
    if (pid && command && host && started)
      holder = fmt::format("pid {} ({}) on {} since {}", *pid, *command, *host, *started);
  }
  return Error(ErrorCode::kLocked, fmt::format("{} is in use by {}", home_dir, holder))
      .WithHint("wait until it ends, or use another --home");
}

/// `how` as for flock(2).
Result<void> TryLock(const File& file, int how, const std::string& home_dir) {
  int rc;
  do rc = ::flock(file.fd(), how | LOCK_NB);
  while (rc != 0 && errno == EINTR);
  if (rc == 0) return {};
  if (errno != EWOULDBLOCK) return ErrnoError(errno, "locking " + file.path());
  std::string content(kMaxLockFileBytes, '\0');
  auto size = file.ReadAt(0, {reinterpret_cast<std::byte*>(content.data()), content.size()});
  content.resize(size ? *size : 0);
  return LockedBy(home_dir, content);
}

}  // namespace

Result<void> HomeLock::CheckFree(const FileIo& io, const std::string& home_dir) {
  auto file = io.Open(home_dir + "/LOCK", OpenMode::kRead);
  if (!file && file.error().code() == ErrorCode::kNotFound) return {};
  if (!file) return std::move(file).error();
  // Held until the file is closed, a moment later.
  return TryLock(*file, LOCK_SH, home_dir);
}

Result<HomeLock> HomeLock::Take(const FileIo& io, Clock& clock, const std::string& home_dir) {
  SF_TRY(auto file, io.Open(home_dir + "/LOCK", OpenMode::kCreateOrOpen));
  SF_TRY(TryLock(file, LOCK_EX, home_dir));
  const Json holder{{"pid", static_cast<std::uint64_t>(::getpid())},
                    {"host", HostName()},
                    {"started", FormatTime(clock.Now())},
                    {"command", OwnCommand(io)}};
  SF_TRY(file.Truncate(0));
  SF_TRY(file.WriteAt(0, AsBytes(DumpJson(holder) + "\n")));
  return HomeLock(std::move(file));
}

}  // namespace stateferry::transfer
