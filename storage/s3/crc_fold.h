#pragma once
// Reflected CRCs by carry-less multiplication: Gopal et al., "Fast CRC Computation for Generic
// Polynomials Using PCLMULQDQ Instruction" (Intel, 2009).  x86-64 only; callers ask HasPclmul().

#include "storage/s3/crc.h"

#if defined(__x86_64__)
#define SF_CRC_FOLD 1
#include <immintrin.h>

namespace stateferry::storage::s3::crc {

inline bool HasPclmul() {
  static const bool has = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  return has;
}

/// What moves 128 bits of the message up by `kDistance` bits: x^(distance + 64) for the half that
/// comes first and x^distance for the other, mod P.  One power less, for the product of two
/// reflected 64-bit values comes out multiplied by x.
template <std::unsigned_integral T, T kPoly, std::uint64_t kDistance>
struct FoldBy {
  static constexpr unsigned kShift = 64 - sizeof(T) * 8;
  static constexpr std::uint64_t kFirst = std::uint64_t{Field<T, kPoly>::Power(kDistance + 64 - 1)}
                                          << kShift;
  static constexpr std::uint64_t kSecond = std::uint64_t{Field<T, kPoly>::Power(kDistance - 1)}
                                           << kShift;
};

template <typename By>
__attribute__((target("pclmul,sse4.1"), always_inline)) inline __m128i FoldInto(__m128i lane,
                                                                                __m128i next) {
  const __m128i keys =
      _mm_set_epi64x(static_cast<long long>(By::kSecond), static_cast<long long>(By::kFirst));
  const __m128i first = _mm_clmulepi64_si128(lane, keys, 0x00);
  const __m128i second = _mm_clmulepi64_si128(lane, keys, 0x11);
  return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

/// The same as UpdateByTable.  Eight lanes keep the multiplier busy; the last 16 bytes of the fold
/// stand for everything before them and go through the table.
template <std::unsigned_integral T, T kPoly>
__attribute__((target("pclmul,sse4.1"))) T UpdateByFolding(T state, ByteSpan bytes) {
  constexpr std::size_t kLanes = 8;
  constexpr std::size_t kBlock = kLanes * sizeof(__m128i);
  if (bytes.size() < 2 * kBlock) return UpdateByTable<T, kPoly>(state, bytes);

  const auto load = [](const std::byte* at) __attribute__((target("pclmul,sse4.1"))) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  };
  __m128i lanes[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) lanes[i] = load(bytes.data() + i * sizeof(__m128i));
  lanes[0] = _mm_xor_si128(
      lanes[0], _mm_set_epi64x(0, static_cast<long long>(static_cast<std::uint64_t>(state))));
  bytes = bytes.subspan(kBlock);

  while (bytes.size() >= kBlock) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      lanes[i] = FoldInto<FoldBy<T, kPoly, kBlock * 8>>(lanes[i],
                                                        load(bytes.data() + i * sizeof(__m128i)));
    }
    bytes = bytes.subspan(kBlock);
  }
  __m128i all = lanes[0];
  for (std::size_t i = 1; i < kLanes; ++i) all = FoldInto<FoldBy<T, kPoly, 128>>(all, lanes[i]);
  while (bytes.size() >= sizeof(__m128i)) {
    all = FoldInto<FoldBy<T, kPoly, 128>>(all, load(bytes.data()));
    bytes = bytes.subspan(sizeof(__m128i));
  }
  std::byte folded[sizeof(__m128i)];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(folded), all);
  return UpdateByTable<T, kPoly>(UpdateByTable<T, kPoly>(0, folded), bytes);
}

#define SF_WIDE_TARGET __attribute__((target("avx2,vpclmulqdq,pclmul,sse4.1")))

inline bool HasWidePclmul() {
  static const bool has = __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx2");
  return has && HasPclmul();
}

/// Twice as much with each instruction.  The fold stands for everything before it and goes the
/// narrow way with what is left.
template <std::unsigned_integral T, T kPoly>
SF_WIDE_TARGET T UpdateByWideFolding(T state, ByteSpan bytes) {
  constexpr std::size_t kLanes = 8;
  constexpr std::size_t kBlock = kLanes * sizeof(__m256i);
  using By = FoldBy<T, kPoly, kBlock * 8>;
  if (bytes.size() < 2 * kBlock) return UpdateByFolding<T, kPoly>(state, bytes);

  const auto* next = reinterpret_cast<const __m256i*>(bytes.data());
  const __m256i keys = _mm256_broadcastsi128_si256(
      _mm_set_epi64x(static_cast<long long>(By::kSecond), static_cast<long long>(By::kFirst)));
  __m256i lanes[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) lanes[i] = _mm256_loadu_si256(next + i);
  lanes[0] = _mm256_xor_si256(
      lanes[0],
      _mm256_set_epi64x(0, 0, 0, static_cast<long long>(static_cast<std::uint64_t>(state))));

  while ((bytes = bytes.subspan(kBlock)).size() >= kBlock) {
    next += kLanes;
    for (std::size_t i = 0; i < kLanes; ++i) {
      const __m256i first = _mm256_clmulepi64_epi128(lanes[i], keys, 0x00);
      const __m256i second = _mm256_clmulepi64_epi128(lanes[i], keys, 0x11);
      lanes[i] = _mm256_xor_si256(_mm256_xor_si256(first, second), _mm256_loadu_si256(next + i));
    }
  }
  std::byte folded[kBlock];
  for (std::size_t i = 0; i < kLanes; ++i)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(folded + i * sizeof(__m256i)), lanes[i]);
  return UpdateByFolding<T, kPoly>(UpdateByFolding<T, kPoly>(0, folded), bytes);
}

#undef SF_WIDE_TARGET

}  // namespace stateferry::storage::s3::crc
#endif
