// Any bytes as a pack's header, trailer and footer.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "storage/managed/pack_format.h"

using namespace stateferry;
using namespace stateferry::storage::managed;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 3) {
    case 0: {
      // With the high bit a right checksum is added, or no mutation would ever get behind it.
      std::string summed(bytes);
      if (data[0] >= 128) AppendLittle<std::uint64_t>(summed, Xxh3_64(AsBytes(bytes)));
      std::uint64_t header_bytes = 0;
      auto header = DecodePackHeader(summed, header_bytes);
      if (!header) return 0;
      SF_ASSERT(header_bytes <= summed.size());
      SF_ASSERT(EncodePackHeader(*header) == summed.substr(0, header_bytes));
      return 0;
    }
    case 1: {
      // File lengths near the limits of 64 bits, too.
      const std::uint64_t file_bytes = data[0] < 128 ? 1 << 20 : ~std::uint64_t{0} - data[0];
      auto trailer = DecodeTrailer(bytes, file_bytes);
      if (!trailer) return 0;
      SF_ASSERT(trailer->footer_bytes <= kMaxFooterBytes);
      SF_ASSERT(trailer->footer_offset <= file_bytes);
      SF_ASSERT(EncodeTrailer(*trailer) == bytes);
      return 0;
    }
    default: {
      // The corpus files hold entries from byte 60 to 1060.
      auto entries = DecodeFooter(bytes, 60, 1060);
      if (!entries) return 0;
      std::uint64_t at = 60;
      for (const PackEntry& entry : *entries) {
        SF_ASSERT(entry.offset == at);
        at += entry.stored_bytes;
      }
      SF_ASSERT(at == 1060);
      SF_ASSERT(EncodeFooter(*entries) == bytes);
      return 0;
    }
  }
}
