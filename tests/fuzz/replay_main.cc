// Runs a fuzz target without libFuzzer: every file of the given folders, then seeded mutations of
// each.  Usage: TARGET [--mutations N] [--seed S] FOLDER...

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// Larger inputs are run once but not mutated, so that the whole takes seconds.
constexpr std::size_t kMaxMutatedBytes = 64 << 10;

std::vector<std::filesystem::path> FilesIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void Run(const std::string& input) {
  // A copy of exactly this length, so that sanitizers see a read past its end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  for (std::uint64_t left = 1 + random() % 8; left > 0; --left) {
    const std::size_t at = input.empty() ? 0 : random() % input.size();
    const auto value = static_cast<char>(random() % 2 == 0 ? random() % 20 : random() % 256);
    switch (input.empty() ? 1 : random() % 6) {
      case 0: input.erase(at, 1 + random() % 4); break;
      case 1: input.insert(at, 1 + random() % 4, value); break;
      case 2: input.resize(at); break;
      case 3: input.insert(at, input.substr(random() % input.size(), random() % 64)); break;
      default: input[at] = value;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t mutations = 0;
  std::uint64_t seed = 1;
  std::vector<std::filesystem::path> folders;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--mutations" && has_value) {
      mutations = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--seed" && has_value) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      folders.emplace_back(argument);
    }
  }
  std::mt19937_64 random(seed);
  std::uint64_t runs = 0;
  std::uint64_t files = 0;
  Run("");
  for (const auto& folder : folders) {
    for (const auto& path : FilesIn(folder)) {
      std::ifstream in(path, std::ios::binary);
      const std::string input(std::istreambuf_iterator<char>(in), {});
      // Said before the run: when it crashes, this line is the last one.
      std::printf("%s, seed %llu\n", path.c_str(), static_cast<unsigned long long>(seed));
      std::fflush(stdout);
      Run(input);
      ++files;
      ++runs;
      if (input.size() > kMaxMutatedBytes) continue;
      for (std::uint64_t i = 0; i < mutations; ++i, ++runs) Run(Mutate(input, random));
    }
  }
  if (files == 0) {
    std::fprintf(stderr, "no corpus files in the given folders\n");
    return 1;
  }
  std::printf("%llu files, %llu runs\n", static_cast<unsigned long long>(files),
              static_cast<unsigned long long>(runs));
  return 0;
}
