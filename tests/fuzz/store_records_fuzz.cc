// Any bytes as the records and rows of a managed store.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/managed/chunk_index.h"
#include "storage/managed/file_record.h"
#include "storage/managed/file_table.h"

using namespace stateferry;
using namespace stateferry::storage::managed;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 6) {
    case 0:
      if (auto record = DecodeFileRecord(bytes)) {
        SF_ASSERT(EncodeFileRecord(*record) == bytes);
        SF_ASSERT(DecodeFileRecordHead(bytes).has_value());
      }
      return 0;
    case 1:
      if (auto tombstone = DecodeTombstone(bytes)) SF_ASSERT(EncodeTombstone(*tombstone) == bytes);
      return 0;
    case 2:
      if (auto chunks = DecodeChunkList(bytes)) SF_ASSERT(EncodeChunkList(*chunks) == bytes);
      return 0;
    case 3:
      if (auto head = DecodeUploadHead(bytes)) SF_ASSERT(EncodeUploadHead(*head) == bytes);
      return 0;
    case 4:
      if (auto row = DecodePackRow(bytes)) SF_ASSERT(EncodePackRow(*row) == bytes);
      return 0;
    default: {
      // The first byte is the length of the key.
      if (bytes.empty()) return 0;
      const std::size_t key_bytes = static_cast<std::uint8_t>(bytes[0]) % bytes.size();
      const std::string_view key = bytes.substr(1, key_bytes);
      auto row = DecodeChunkRow(key, bytes.substr(1 + key.size()));
      if (row) SF_ASSERT(ChunkKey(row->project, row->id) == key);
      SplitFileKey(key);
      return 0;
    }
  }
}
