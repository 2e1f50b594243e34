#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/json.h"
#include "storage/managed/store_files.h"

namespace stateferry::storage::managed {

namespace {
constexpr std::uint64_t kMaxLockFileBytes = 64u << 10;

/// The arguments of this process, separated by spaces.
std::string OwnCommand() {
  auto text = FileIo().Open("/proc/self/cmdline", OpenMode::kRead);
  if (!text) return "";
  Bytes raw(4096);
  auto read = text->ReadAt(0, raw);
  if (!read) return "";
  std::string command(AsText(ByteSpan(raw).first(*read)));
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (char& c : command)
    if (c == '\0') c = ' ';
  return command;
}

std::string OwnHost() {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0) return "unknown host";
  return name;
}

/// What the holder wrote about itself, as a half sentence.
std::string DescribeHolder(const FileIo& io, const StoreLayout& layout) {
  // The holder writes right after it has the lock; give it that moment.
  for (int i = 0; i < 20; ++i) {
    auto text = io.ReadSmall(layout.LockFile(), kMaxLockFileBytes);
    auto json = text ? ParseJson(*text) : Result<Json>(std::move(text).error());
    if (json)
      return "process " + std::to_string(JsonUint(*json, "pid").value_or(0)) + " on " +
             JsonString(*json, "host").value_or("?") + " since " +
             JsonString(*json, "started").value_or("?") + " (" +
             JsonString(*json, "command").value_or("?") + ")";
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return "another process";
}
}  // namespace

Result<StoreLock> StoreLock::Acquire(const FileIo& io, Clock& clock, const StoreLayout& layout) {
  SF_TRY(auto file, io.Open(layout.LockFile(), OpenMode::kCreateOrOpen));
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoError(errno, "locking " + layout.LockFile());
    return Error(ErrorCode::kLocked,
                 "store " + layout.dir + " is being written by " + DescribeHolder(io, layout))
        .WithHint(
            "wait until it has ended, then repeat the command; reading is possible meanwhile");
  }
  Json json;
  json["pid"] = static_cast<std::uint64_t>(::getpid());
  json["host"] = OwnHost();
  json["started"] = FormatTime(clock.Now());
  json["command"] = OwnCommand();
  const std::string text = DumpJson(json) + "\n";
  SF_TRY(file.Truncate(0));
  SF_TRY(file.WriteAt(0, AsBytes(text)));
  return StoreLock(std::move(file));
}

}  // namespace stateferry::storage::managed
