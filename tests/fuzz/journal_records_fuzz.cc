// Any bytes as the values of the journal's tables.  The first byte chooses the record; with its
// high bit the rest is framed with a right checksum first, or no mutation would ever get behind it;
// the next bit chooses the version.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "transfer/journal_records.h"

using namespace stateferry;
using namespace stateferry::transfer;

namespace {

std::string Frame(std::uint8_t version, std::string_view payload) {
  std::string out;
  AppendLittle<std::uint8_t>(out, version);
  AppendLengthPrefixed(out, payload);
  AppendLittle<std::uint64_t>(out, Xxh3_64(AsBytes(out)));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] >= 128) bytes = Frame(data[0] >= 192 ? 2 : 1, bytes);
  switch (data[0] % 3) {
    case 0:
      if (auto record = DecodeTransferRecord(bytes)) {
        const std::string encoded = EncodeTransferRecord(*record);
        auto again = DecodeTransferRecord(encoded);
        SF_ASSERT(again.has_value());
        SF_ASSERT(EncodeTransferRecord(*again) == encoded);
      }
      return 0;
    case 1:
      if (auto record = DecodeFileRecord(bytes)) {
        const std::string encoded = EncodeFileRecord(*record);
        auto again = DecodeFileRecord(encoded);
        SF_ASSERT(again.has_value());
        SF_ASSERT(EncodeFileRecord(*again) == encoded);
      }
      return 0;
    default:
      if (auto receipt = DecodeReceipt(bytes)) SF_ASSERT(EncodeReceipt(*receipt) == bytes);
      return 0;
  }
}
