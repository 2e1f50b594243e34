#include "bench/micro/content.h"

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file_io.h"
#include "bench/copy/sst_file.h"

namespace stateferry::bench {

namespace {

constexpr std::size_t kBytes = 16u << 20;

std::string MakeSst() {
  std::string directory = std::filesystem::temp_directory_path().string() + "/bench-micro-XXXXXX";
  SF_ASSERT(mkdtemp(directory.data()) != nullptr);
  const std::string path = directory + "/state.sst";
  const auto size = WriteSst(
      path,
      {.seed = 1, .first_key_group = 0, .key_groups = 16, .target_bytes = kBytes + (1u << 20)},
      Vocabulary(1));
  SF_ASSERT(size);
  auto content = FileIo().ReadSmall(path, 4 * kBytes);
  SF_ASSERT(content);
  std::filesystem::remove_all(directory);
  content->resize(kBytes);
  return *std::move(content);
}

std::string MakePlain() {
  const Vocabulary vocabulary(2);
  RecordSource records(vocabulary, 2, 0, 16, 1u << 20);
  std::string content;
  while (content.size() < kBytes) {
    const auto record = records.Next();
    content.append(record.key).append(record.value);
  }
  content.resize(kBytes);
  return content;
}

}  // namespace

ByteSpan SstContent16MiB() {
  static const std::string content = MakeSst();
  return AsBytes(content);
}

ByteSpan PlainContent16MiB() {
  static const std::string content = MakePlain();
  return AsBytes(content);
}

}  // namespace stateferry::bench
