#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/version.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include <boost/version.hpp>
#include <cerrno>
#include <cstring>

#include "cli/commands/all.h"
#include "cli/units.h"
#include "cli/version.h"
#include "transfer/home_lock.h"

namespace stateferry::cli {

namespace {
enum class Health { kOk, kWarning, kBad };

struct Finding {
  std::string name;
  Health health = Health::kOk;
  std::string detail;
};

const char* HealthName(Health health) {
  switch (health) {
    case Health::kOk: return "ok";
    case Health::kWarning: return "warning";
    case Health::kBad: return "bad";
  }
  return "bad";
}

/// The nearest directory upwards that is there: where `path` would be made.
std::string ExistingAncestor(std::string path) {
  while (access(path.c_str(), F_OK) != 0 && path != "/") path = ParentDir(path);
  return path;
}

Finding CheckHome(App& app, const std::string& home) {
  const std::string existing = ExistingAncestor(home);
  if (access(existing.c_str(), W_OK | X_OK) != 0)
    return {"home", Health::kBad,
            fmt::format("{} cannot be written: {}", existing, std::strerror(errno))};
  if (existing != home)
    return {"home", Health::kOk, home + " (will be made by the first transfer)"};
  const auto journal = app.ExistingJournal();
  app.CloseHome();
  if (!journal) return {"home", Health::kBad, journal.error().message()};
  const auto free = transfer::HomeLock::CheckFree(app.io(), home);
  struct stat made {};
  // Records hold whole entities.
  if (free && ::stat(home.c_str(), &made) == 0 && (made.st_mode & 077) != 0)
    return {"home", Health::kWarning,
            fmt::format("{} can be looked into by others (mode {:04o}): chmod 700 {}", home,
                        made.st_mode & 07777, home)};
  if (free) return {"home", Health::kOk, home + " (nobody writes)"};
  const bool locked = free.error().code() == ErrorCode::kLocked;
  return {"home", locked ? Health::kWarning : Health::kBad, free.error().message()};
}

Finding CheckSpace(const std::string& home) {
  const std::string existing = ExistingAncestor(home);
  struct statvfs space {};
  if (statvfs(existing.c_str(), &space) != 0)
    return {"space", Health::kBad, fmt::format("{}: {}", existing, std::strerror(errno))};
  const std::uint64_t free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
  const bool short_of = free_bytes < (64u << 20);
  return {"space", short_of ? Health::kWarning : Health::kOk,
          fmt::format("{} free in {}{}", FormatSize(free_bytes), existing,
                      short_of ? ": the journal needs some tens of MiB" : "")};
}

Finding CheckOpenat2() {
  struct {
    std::uint64_t flags, mode, resolve;
  } how = {O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0};
  const long fd = syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
  if (fd < 0)
    return {"openat2", Health::kBad,
            fmt::format("{}: buckets in directories need Linux 5.6 or later, and a sandbox that "
                        "allows this call",
                        std::strerror(errno))};
  close(static_cast<int>(fd));
  return {"openat2", Health::kOk, "there: keys cannot leave a bucket directory"};
}

Finding CheckSyncFs(const std::string& home) {
  const std::string existing = ExistingAncestor(home);
  const int fd = open(existing.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool good = fd >= 0 && syncfs(fd) == 0;
  const int problem = errno;
  if (fd >= 0) close(fd);
  if (good) return {"syncfs", Health::kOk, "there: many small files become durable in one go"};
  return {"syncfs", Health::kWarning,
          fmt::format("{}: many small files will be slower", std::strerror(problem))};
}

Finding CheckConfig(const App& app) {
  std::string read;
  for (const ConfigPath& path : app.settings().paths)
    if (path.exists) read += (read.empty() ? "" : ", ") + path.path;
  return {"config", Health::kOk, read.empty() ? "no file, the defaults count" : read};
}

Finding Versions() {
  utsname kernel{};
  uname(&kernel);
  return {
      "versions", Health::kOk,
      fmt::format("stateferry {}, Linux {}, RocksDB {}.{}.{}, zstd {}, xxHash {}.{}.{}, fmt {}, "
                  "Boost {}.{}",
                  Version(), kernel.release, ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH,
                  ZSTD_versionString(), XXH_versionNumber() / 10000,
                  XXH_versionNumber() / 100 % 100, XXH_versionNumber() % 100, FMT_VERSION,
                  BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000)};
}

Result<Outcome> RunDoctor(App& app) {
  const auto home = app.Home();
  Outcome outcome;
  std::uint64_t warnings = 0, bad = 0;
  std::vector<Finding> findings = {Versions(), CheckConfig(app), CheckOpenat2()};
  if (home)
    findings.insert(findings.end(), {CheckHome(app, *home), CheckSpace(*home), CheckSyncFs(*home)});
  else
    findings.push_back(
        {"home", Health::kBad, fmt::format("{}: {}", home.error().message(), home.error().hint())});
  for (const Finding& finding : findings) {
    warnings += finding.health == Health::kWarning ? 1 : 0;
    bad += finding.health == Health::kBad ? 1 : 0;
    app.out().Item({{"type", "check"},
                    {"name", finding.name},
                    {"status", HealthName(finding.health)},
                    {"message", finding.detail}});
    app.out().Line(
        fmt::format("{:<8} {:<9} {}", HealthName(finding.health), finding.name, finding.detail));
  }
  outcome.summary = {{"home", home ? Json(*home) : Json()}, {"warnings", warnings}, {"bad", bad}};
  if (bad > 0) {
    outcome.code = ExitCode::kFailure;
    outcome.status = "bad";
  }
  return outcome;
}
}  // namespace

Command DoctorCommand() {
  return {.name = "doctor",
          .summary = "Check what stateferry needs of this machine",
          .details =
              "Looks at the home directory and who uses it, free space, kernel features, "
              "configuration files and library versions.  Exits with 1 when something is "
              "bad.",
          .arguments = {},
          .options = {},
          .examples = {},
          .run = RunDoctor};
}

}  // namespace stateferry::cli
