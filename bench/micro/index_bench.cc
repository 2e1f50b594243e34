#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "bench/copy/random.h"
#include "storage/managed/chunk_index.h"

namespace stateferry::bench {
namespace {

using namespace storage::managed;

ChunkId NthChunk(std::uint64_t n) {
  ChunkId id;
  Random random(n);
  StoreLittle(id.hash.bytes.data(), random.Next());
  StoreLittle(id.hash.bytes.data() + 8, random.Next());
  id.length = 2u << 20;
  return id;
}

/// An index with a million chunks: 2 TB of SSTs, or 64 GB of savepoints.
class FilledIndex {
 public:
  static constexpr std::uint64_t kChunks = 1'000'000;

  FilledIndex() {
    path_ = std::filesystem::temp_directory_path().string() + "/bench-index-XXXXXX";
    SF_ASSERT(mkdtemp(path_.data()) != nullptr);
    auto opened = IndexDb::Open(FileIo(), path_ + "/index", IndexDb::Mode::kCreate);
    SF_ASSERT(opened);
    db_ = *opened;
    for (std::uint64_t at = 0; at < kChunks; at += 50'000) {
      const auto batch = db_->NewBatch();
      for (std::uint64_t n = at; n < at + 50'000; ++n)
        PutChunk(*batch, "bench", NthChunk(n), {.pack = {}, .offset = n, .stored_bytes = 1 << 20});
      SF_ASSERT(db_->Commit(*batch));
    }
  }
  ~FilledIndex() {
    db_.reset();
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  const IndexDb& db() const { return *db_; }

 private:
  std::string path_;
  std::shared_ptr<IndexDb> db_;
};

void FindKnownChunk(benchmark::State& state) {
  const FilledIndex index;
  Random random(3);
  for (auto _ : state) {
    const auto found = FindChunk(index.db(), "bench", NthChunk(random.Below(FilledIndex::kChunks)));
    SF_ASSERT(found && *found);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(FindKnownChunk);

void FindUnknownChunk(benchmark::State& state) {
  const FilledIndex index;
  Random random(3);
  for (auto _ : state) {
    const auto found =
        FindChunk(index.db(), "bench", NthChunk(FilledIndex::kChunks + random.Below(1u << 30)));
    SF_ASSERT(found && !*found);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(FindUnknownChunk);

}  // namespace
}  // namespace stateferry::bench
