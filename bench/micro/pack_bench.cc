#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "bench/micro/content.h"
#include "storage/managed/pack_reader.h"
#include "storage/managed/pack_writer.h"

namespace stateferry::bench {
namespace {

using namespace storage::managed;

/// A directory for packs; on the disk that $TMPDIR names.
class PackDir {
 public:
  PackDir() {
    path_ = std::filesystem::temp_directory_path().string() + "/bench-pack-XXXXXX";
    SF_ASSERT(mkdtemp(path_.data()) != nullptr);
  }
  ~PackDir() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  std::string pack() const { return path_ + "/pack"; }

 private:
  std::string path_;
};

/// One pack of 64 MiB with raw chunks of `chunk_bytes`, finished (synced and read back).
void WritePack(const std::string& path, std::size_t chunk_bytes) {
  const ByteSpan content = SstBytes(16u << 20);
  auto pack = PackWriter::Create(
      FileIo(), {.store_id = {}, .pack_id = Xxh3_128(AsBytes(path)), .project = "bench"}, path);
  SF_ASSERT(pack);
  for (std::size_t done = 0; done < 4 * content.size(); done += chunk_bytes) {
    const ByteSpan chunk = content.subspan(done % content.size(), chunk_bytes);
    PackEntry entry;
    entry.plain_bytes = entry.stored_bytes = static_cast<std::uint32_t>(chunk.size());
    entry.hash = Xxh3_128(chunk);
    entry.check = StoredCheck(entry.hash);
    SF_ASSERT((*pack)->Append(entry, chunk));
  }
  (*pack)->Close();
  SF_ASSERT((*pack)->Finish());
}

void WritePack64MiB(benchmark::State& state) {
  const PackDir dir;
  for (auto _ : state) {
    WritePack(dir.pack(), static_cast<std::size_t>(state.range(0)));
    state.PauseTiming();
    std::filesystem::remove(dir.pack());
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * (64 << 20));
}
BENCHMARK(WritePack64MiB)->Arg(64 << 10)->Arg(2 << 20)->UseRealTime();

void ReadPackFooter(benchmark::State& state) {
  const PackDir dir;
  WritePack(dir.pack(), 64 << 10);
  auto file = FileIo().Open(dir.pack(), OpenMode::kRead);
  SF_ASSERT(file);
  for (auto _ : state) SF_ASSERT(ReadPack(*file));
}
BENCHMARK(ReadPackFooter);

void VerifyPack64MiB(benchmark::State& state) {
  const PackDir dir;
  WritePack(dir.pack(), static_cast<std::size_t>(state.range(0)));
  auto file = FileIo().Open(dir.pack(), OpenMode::kRead);
  SF_ASSERT(file);
  const auto contents = ReadPack(*file);
  SF_ASSERT(contents);
  ZstdDecompressor unzip;
  Bytes plain;
  for (auto _ : state)
    SF_ASSERT(ScanEntries(*file, contents->entries, [&](const PackEntry& entry, ByteSpan stored) {
      return VerifyEntry(entry, stored, unzip, plain);
    }));
  state.SetBytesProcessed(state.iterations() * (64 << 20));
}
BENCHMARK(VerifyPack64MiB)->Arg(64 << 10)->Arg(2 << 20);

}  // namespace
}  // namespace stateferry::bench
