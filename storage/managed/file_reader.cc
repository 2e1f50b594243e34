#include "storage/managed/file_reader.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"

namespace stateferry::storage::managed {

namespace {
constexpr std::size_t kRememberedFiles = 16;
constexpr std::size_t kRememberedChunks = 4;
/// Neighbouring frames are read together up to this length.
constexpr std::uint64_t kMaxRunBytes = 8u << 20;

/// Keeps the front of a list that is used as a small cache.
template <typename T>
void Remember(std::list<T>& list, T item, std::size_t limit) {
  list.push_front(std::move(item));
  if (list.size() > limit) list.pop_back();
}
}  // namespace

Result<std::shared_ptr<const FileReader::OpenFile>> FileReader::Find(const std::string& project,
                                                                     std::string_view key) {
  const std::uint64_t version = core_.files_version();
  std::string file_key = FileKey(project, key);
  {
    std::lock_guard lock(mutex_);
    const auto found = std::find_if(files_.begin(), files_.end(), [&](const auto& file) {
      return file->version == version && file->file_key == file_key;
    });
    if (found != files_.end()) {
      files_.splice(files_.begin(), files_, found);
      return files_.front();
    }
  }
  SF_TRY(auto bytes, core_.index()->Get(Family::kFiles, file_key));
  if (!bytes)
    return Error(ErrorCode::kNotFound,
                 core_.uri() + "/" + project + "/" + std::string(key) + " does not exist");
  auto file = std::make_shared<OpenFile>();
  SF_TRY(file->record, DecodeFileRecord(*bytes));
  file->file_key = std::move(file_key);
  file->version = version;
  std::uint64_t end = 0;
  for (const auto& chunk : file->record.chunks) file->ends.push_back(end += chunk.length);
  std::lock_guard lock(mutex_);
  Remember<std::shared_ptr<const OpenFile>>(files_, file, kRememberedFiles);
  return std::shared_ptr<const OpenFile>(std::move(file));
}

Result<ChunkPlace> FileReader::Locate(const std::string& project, const OpenFile& file,
                                      Attempt& attempt) {
  const ChunkId& id = file.record.chunks[attempt.chunk];
  const auto index = core_.index();
  attempt.version = core_.files_version();  // of this index or a later one
  SF_TRY(attempt.place, FindChunk(*index, project, id));
  if (!attempt.place)
    return Error(ErrorCode::kNotFound, file.record.key + " needs chunk " + id.hash.ToHex() +
                                           ", which is not in the store");
  return *attempt.place;
}

Result<void> FileReader::ReadRun(const std::string& project, const OpenFile& file,
                                 std::size_t first, const std::vector<ChunkPlace>& places,
                                 MutableByteSpan out) {
  auto read = ReadRunOnce(project, file, first, places, out);
  const bool through_a_network = core_.pack_store->shared() != nullptr;
  if (read || read.error().code() != ErrorCode::kCorruption || !through_a_network) return read;
  // No checksum goes with a range of an object: the bytes may be damaged on their way alone.
  SF_TRY(ReadRunOnce(project, file, first, places, out));
  LogWarning("storage", "{}; read again, it is right", read.error().message());
  return {};
}

Result<void> FileReader::ReadRunOnce(const std::string& project, const OpenFile& file,
                                     std::size_t first, const std::vector<ChunkPlace>& places,
                                     MutableByteSpan out) {
  auto pack = core_.pack_store->Open(project, places.front().pack);
  if (!pack)
    return std::move(pack).error().WithContext("a pack that " + file.record.key + " needs");
  auto damaged = [&](std::uint64_t offset, const std::string& what) {
    return Error(ErrorCode::kCorruption, (*pack)->path() + ": chunk at offset " +
                                             std::to_string(offset) + " of file " +
                                             file.record.key + " is damaged: " + what)
        .WithHint("run: stateferry store check --level deep " + core_.name());
  };
  const std::uint64_t begin = places.front().offset;
  const std::uint64_t size = places.back().offset + places.back().stored_bytes - begin;
  // A run is of one codec: raw bytes go straight to their place.
  const bool raw = places.front().codec == Codec::kRaw;
  auto frames = core_.scratch.Take();
  if (!raw && frames->size() < size) frames->resize(size);
  const MutableByteSpan stored = raw ? out : MutableByteSpan(*frames).first(size);
  if (raw && size != out.size()) return damaged(begin, "its lengths do not agree");
  SF_TRY(auto read, (*pack)->ReadAt(begin, stored));
  if (read != stored.size()) return damaged(begin, "the pack is cut off");
  auto unzip = core_.decompressors.Take();
  std::size_t at = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const ChunkId& id = file.record.chunks[first + i];
    const MutableByteSpan plain = out.subspan(at, id.length);
    at += id.length;
    if (!raw) {
      auto unzipped = unzip->Decompress(
          stored.subspan(places[i].offset - begin, places[i].stored_bytes), plain);
      if (!unzipped) return damaged(places[i].offset, unzipped.error().message());
    }
    if (Xxh3_128(plain) != id.hash) return damaged(places[i].offset, "its hash is another");
  }
  return {};
}

Result<std::shared_ptr<const Bytes>> FileReader::DecodeOne(const std::string& project,
                                                           const OpenFile& file, Attempt& attempt) {
  const ChunkId& id = file.record.chunks[attempt.chunk];
  std::string key = ChunkKey(project, id);
  {
    std::lock_guard lock(mutex_);
    const auto found = std::find_if(decoded_.begin(), decoded_.end(),
                                    [&](const auto& one) { return one.chunk_key == key; });
    if (found != decoded_.end()) {
      decoded_.splice(decoded_.begin(), decoded_, found);
      return decoded_.front().plain;
    }
  }
  if (id.length > kMaxChunkBytes)
    return Error(ErrorCode::kCorruption, file.record.key + " names a chunk above the limit");
  SF_TRY(auto place, Locate(project, file, attempt));
  auto plain = std::make_shared<Bytes>(id.length);
  SF_TRY(ReadRun(project, file, attempt.chunk, {place}, *plain));
  std::lock_guard lock(mutex_);
  Remember<Decoded>(decoded_, {std::move(key), plain}, kRememberedChunks);
  return std::shared_ptr<const Bytes>(std::move(plain));
}

Result<void> FileReader::Fill(const std::string& project, const OpenFile& file,
                              std::uint64_t offset, MutableByteSpan out, Attempt& attempt) {
  const auto& chunks = file.record.chunks;
  std::size_t& done = attempt.done;
  std::size_t& chunk = attempt.chunk;
  chunk = static_cast<std::size_t>(
      std::upper_bound(file.ends.begin(), file.ends.end(), offset + done) - file.ends.begin());
  while (done < out.size()) {
    const std::uint64_t start = file.ends[chunk] - chunks[chunk].length;
    const std::uint64_t skip = offset + done - start;
    if (skip > 0 || out.size() - done < chunks[chunk].length) {
      SF_TRY(auto plain, DecodeOne(project, file, attempt));
      const std::size_t count = std::min<std::size_t>(plain->size() - skip, out.size() - done);
      std::memcpy(out.data() + done, plain->data() + skip, count);
      done += count;
      ++chunk;
      continue;
    }
    // As many wholly wanted neighbours as lie back to back.
    SF_TRY(auto place, Locate(project, file, attempt));
    std::vector<ChunkPlace> run{place};
    std::size_t plain_bytes = chunks[chunk].length;
    std::uint64_t stored_bytes = place.stored_bytes;
    while (chunk + run.size() < chunks.size() &&
           out.size() - done - plain_bytes >= chunks[chunk + run.size()].length) {
      SF_TRY(auto next, FindChunk(*core_.index(), project, chunks[chunk + run.size()]));
      const auto& last = run.back();
      if (!next || next->pack != last.pack || next->offset != last.offset + last.stored_bytes ||
          next->codec != last.codec || stored_bytes + next->stored_bytes > kMaxRunBytes)
        break;
      plain_bytes += chunks[chunk + run.size()].length;
      stored_bytes += next->stored_bytes;
      run.push_back(*next);
    }
    SF_TRY(ReadRun(project, file, chunk, run, out.subspan(done, plain_bytes)));
    done += plain_bytes;
    chunk += run.size();
  }
  return {};
}

Result<std::size_t> FileReader::Read(const std::string& project, std::string_view key,
                                     std::uint64_t offset, MutableByteSpan out) {
  constexpr int kTries = 10;
  SF_TRY(auto file, Find(project, key));
  Attempt attempt;
  for (int i = 1;; ++i) {
    if (offset >= file->record.size_bytes) return std::size_t{0};
    const auto count = std::min<std::uint64_t>(out.size(), file->record.size_bytes - offset);
    auto filled = Fill(project, *file, offset, out.first(count), attempt);
    if (filled) return static_cast<std::size_t>(count);
    if (filled.error().code() != ErrorCode::kNotFound) return std::move(filled).error();
    // Gc may have moved the chunk between the look into the index and the read of the pack; during
    // a long read more than once.
    if (core_.options.read_only)
      SF_TRY(core_.RefreshViewSince(attempt.version));
    else if (core_.pack_store->shared() && i == 1)
      SF_TRY(core_.HearOfOthers());
    SF_TRY(auto now, Find(project, key));
    const bool changed = now->record.content != file->record.content;
    SF_TRY(auto place, FindChunk(*core_.index(), project, file->record.chunks[attempt.chunk]));
    if (core_.pack_store->shared() && !changed && place && place == attempt.place)
      return Error(ErrorCode::kConflict, filled.error().message())
          .WithHint(
              "a gc of another machine may have removed it since this one looked at the store: "
              "repeat the command; if that does not help: stateferry store check " +
              core_.name());
    if (i == kTries || (!changed && place == attempt.place))
      return Error(ErrorCode::kCorruption, filled.error().message())
          .WithHint("run: stateferry store check " + core_.name());
    if (changed) attempt = {};
    file = std::move(now);
  }
}

}  // namespace stateferry::storage::managed
