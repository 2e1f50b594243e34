#include "base/copy_past_cache.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace stateferry {

void CopyPastCache(std::byte* to, ByteSpan from) {
#if defined(__SSE2__)
  constexpr std::size_t kLine = 64;
  const auto misaligned = reinterpret_cast<std::uintptr_t>(to) % kLine;
  const std::size_t head = std::min(misaligned == 0 ? 0 : kLine - misaligned, from.size());
  if (head > 0) std::memcpy(to, from.data(), head);
  to += head;
  from = from.subspan(head);
  for (; from.size() >= kLine; to += kLine, from = from.subspan(kLine)) {
    const auto* source = reinterpret_cast<const __m128i*>(from.data());
    auto* line = reinterpret_cast<__m128i*>(to);
    const __m128i a = _mm_loadu_si128(source), b = _mm_loadu_si128(source + 1);
    const __m128i c = _mm_loadu_si128(source + 2), d = _mm_loadu_si128(source + 3);
    _mm_stream_si128(line, a);
    _mm_stream_si128(line + 1, b);
    _mm_stream_si128(line + 2, c);
    _mm_stream_si128(line + 3, d);
  }
  _mm_sfence();  // before whatever tells another thread of them
#endif
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

}  // namespace stateferry
