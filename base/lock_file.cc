#include "base/lock_file.h"

#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

#include "base/json.h"

namespace stateferry {

namespace {

constexpr std::size_t kMaxLockFileBytes = 64 * 1024;
constexpr std::size_t kMaxCommandBytes = 200;
constexpr int kHolderReads = 20;
constexpr std::chrono::milliseconds kBetweenAttempts{10};
/// Whoever gives the lock back does so in a moment.
constexpr int kLockAttempts = 4;
/// Somebody who only looks whether the lock is free holds it for a moment, or for as long as a busy
/// machine lets it wait: 5 s.
constexpr int kLookerAttempts = 500;

std::string ReadWhatComes(const File& file, std::size_t limit_bytes) {
  std::string content(limit_bytes, '\0');
  auto size = file.ReadAt(0, {reinterpret_cast<std::byte*>(content.data()), content.size()});
  content.resize(size ? *size : 0);
  return content;
}

/// The words of this process's command line, for people.
std::string OwnCommand(const FileIo& io) {
  auto file = io.Open("/proc/self/cmdline", OpenMode::kRead);
  std::string command = file ? ReadWhatComes(*file, 4096) : "";
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (char& c : command)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  if (const auto slash = command.substr(0, command.find(' ')).rfind('/');
      slash != std::string::npos)
    command.erase(0, slash + 1);
  if (command.size() > kMaxCommandBytes) command = command.substr(0, kMaxCommandBytes) + "...";
  return command.empty() ? "stateferry" : command;
}

std::optional<LockHolder> HolderIn(std::string_view content) {
  const auto json = ParseJson(content);
  if (!json) return std::nullopt;
  const auto pid = JsonUint(*json, "pid");
  const auto command = JsonString(*json, "command");
  const auto host = JsonString(*json, "host");
  const auto started = JsonString(*json, "started");
  if (!pid || !command || !host || !started) return std::nullopt;
  return LockHolder{*pid, *command, *host, *started, JsonString(*json, "work").value_or("")};
}

/// The holder writes right after it has the lock; gives it that moment.
std::optional<LockHolder> HolderOfHeld(const File& file) {
  std::optional<LockHolder> holder;
  for (int i = 0; i < kHolderReads && !holder; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    holder = HolderIn(ReadWhatComes(file, kMaxLockFileBytes));
  }
  return holder;
}

Error Locked(const File& file, const LockBusy& busy) {
  const auto holder = HolderOfHeld(file);
  const std::string who = holder ? fmt::format("pid {} ({}) on {} since {}", holder->pid,
                                               holder->command, holder->host, holder->started)
                                 : "another process";
  return Error(ErrorCode::kLocked, busy.busy + " by " + who).WithHint(busy.hint);
}

/// `how` as for flock(2).
bool Flock(const File& file, int how) {
  int rc;
  do rc = ::flock(file.fd(), how | LOCK_NB);
  while (rc != 0 && errno == EINTR);
  return rc == 0;
}

/// Whoever has taken the lock lets nobody look.
bool OnlyLookedAt(const File& file) {
  if (!Flock(file, LOCK_SH)) return false;
  (void)Flock(file, LOCK_UN);
  return true;
}

Result<void> TryLock(const File& file, int how, Clock& clock, const LockBusy& busy) {
  int held = 0;
  for (int i = 0; i < kLookerAttempts && held < kLockAttempts; ++i) {
    if (i > 0) clock.Sleep(kBetweenAttempts, {});
    if (Flock(file, how)) return {};
    if (errno != EWOULDBLOCK) return ErrnoError(errno, "locking " + file.path());
    if (how == LOCK_SH || !OnlyLookedAt(file)) ++held;
  }
  return Locked(file, busy);
}

}  // namespace

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::optional<LockHolder> ReadLockHolder(const FileIo& io, const std::string& path) {
  const auto file = io.Open(path, OpenMode::kRead);
  if (!file) return std::nullopt;
  return HolderIn(ReadWhatComes(*file, kMaxLockFileBytes));
}

LockLook LookAtLockFile(const FileIo& io, const std::string& path) {
  const auto file = io.Open(path, OpenMode::kRead);
  if (!file) return {.held = file.error().code() != ErrorCode::kNotFound};
  // While this holds it for reading, nobody can take it and write into the file.
  if (Flock(*file, LOCK_SH)) return {false, HolderIn(ReadWhatComes(*file, kMaxLockFileBytes))};
  return {true, HolderOfHeld(*file)};
}

Result<File> TakeLockFile(const FileIo& io, Clock& clock, const std::string& path,
                          const LockBusy& busy, const std::string& work) {
  SF_TRY(auto file, io.Open(path, OpenMode::kCreateOrOpen));
  SF_TRY(TryLock(file, LOCK_EX, clock, busy));
  NameHolder(io, file, FormatTime(clock.Now()), work);
  return file;
}

void NameHolder(const FileIo& io, File& file, const std::string& started, const std::string& work) {
  Json holder{{"pid", static_cast<std::uint64_t>(::getpid())},
              {"host", HostName()},
              {"started", started},
              {"command", OwnCommand(io)}};
  if (!work.empty()) holder["work"] = work;
  // On a full disk the lock is as good without.
  if (file.Truncate(0)) (void)file.WriteAt(0, AsBytes(DumpJson(holder) + "\n"));
}

Result<void> CheckLockFileFree(const FileIo& io, const std::string& path, const LockBusy& busy) {
  auto file = io.Open(path, OpenMode::kRead);
  if (!file && file.error().code() == ErrorCode::kNotFound) return {};
  if (!file) return std::move(file).error();
  // Held until the file is closed, a moment later.
  return TryLock(*file, LOCK_SH, SystemClock(), busy);
}

}  // namespace stateferry
