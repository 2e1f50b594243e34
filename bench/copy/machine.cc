#include "bench/copy/machine.h"

#include <fmt/format.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

#include "bench/copy/routes.h"

namespace stateferry::bench {

namespace {

/// Value of the first "name : value" line of a file in /proc.
std::string ProcField(const char* path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

std::string FileSystemName(const std::string& directory) {
  struct statfs info {};
  if (statfs(directory.c_str(), &info) != 0) return "unknown";
  switch (static_cast<unsigned long>(info.f_type)) {
    case 0xEF53: return "ext4";
    case 0x58465342: return "xfs";
    case 0x9123683E: return "btrfs";
    case 0x01021994: return "tmpfs";
    case 0x794c7630: return "overlayfs";
    default: return fmt::format("type {:#x}", static_cast<unsigned long>(info.f_type));
  }
}

}  // namespace

Json DescribeMachine(const std::string& directory) {
  utsname kernel{};
  uname(&kernel);
  return {{"cpu", ProcField("/proc/cpuinfo", "model name")},
          {"cores", std::thread::hardware_concurrency()},
          {"memory", ProcField("/proc/meminfo", "MemTotal")},
          {"kernel", std::string(kernel.sysname) + " " + kernel.release},
          {"fileSystem", FileSystemName(directory)}};
}

void TouchFreeMemory(std::uint64_t bytes) {
  const auto pages = static_cast<std::uint64_t>(sysconf(_SC_AVPHYS_PAGES));
  const auto free_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::uint64_t limit_bytes = UINT64_MAX;  // of a container
  if (std::ifstream file("/sys/fs/cgroup/memory.max"); !(file >> limit_bytes))
    limit_bytes = UINT64_MAX;
  const std::size_t size = std::min({bytes, free_bytes / 2, limit_bytes / 4});
  if (size == 0) return;
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory != MAP_FAILED) munmap(memory, size);
}

std::string ProgramPath() {
  const char* path = std::getenv("PATH");
  const char* home = std::getenv("HOME");
  std::string all = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  if (home != nullptr) all += std::string(":") + home + "/go/bin";
  return all;
}

bool FindProgram(std::string_view name) {
  std::string rest = ProgramPath();
  while (!rest.empty()) {
    const std::string directory = rest.substr(0, rest.find(':'));
    rest.erase(0, directory.size() + 1);
    const std::string path = directory + "/" + std::string(name);
    if (!directory.empty() && access(path.c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string ProgramVersion(std::string_view name) {
  // The names are those of routes.cc, so nothing foreign gets into this shell line.
  const std::string command = "PATH=\"" + ProgramPath() + "\" " + VersionCommand(name);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) return "";
  char line[200] = {};
  if (fgets(line, sizeof(line), pipe.get()) == nullptr) return "";
  std::string text = line;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace stateferry::bench
