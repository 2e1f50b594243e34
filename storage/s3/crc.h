#pragma once
// The arithmetic of reflected CRCs, made at compile time for one polynomial.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace stateferry::storage::s3::crc {

/// A polynomial over GF(2) of degree < the width of T.  Reflected: the top bit is the coefficient
/// of x^0.  `kPoly` is the generator without its highest term, reflected too.
template <std::unsigned_integral T, T kPoly>
struct Field {
  static constexpr unsigned kBits = sizeof(T) * 8;
  static constexpr T kOne = T{1} << (kBits - 1);

  static constexpr T TimesX(T a) { return static_cast<T>((a >> 1) ^ ((a & 1) != 0 ? kPoly : 0)); }

  static constexpr T Multiply(T a, T b) {
    T product = 0;
    for (T bit = kOne; bit != 0; bit >>= 1) {
      if ((a & bit) != 0) product ^= b;
      b = TimesX(b);
    }
    return product;
  }

  /// x^exponent
  static constexpr T Power(std::uint64_t exponent) {
    T result = kOne;
    T square = kOne >> 1;
    for (; exponent != 0; exponent >>= 1) {
      if ((exponent & 1) != 0) result = Multiply(result, square);
      square = Multiply(square, square);
    }
    return result;
  }

  /// The CRC of two pieces: the first is moved up by the bits of the second.
  static constexpr T Combine(T first, T second, std::uint64_t second_bytes) {
    // x^(8n), with the 8 taken out of the exponent, which could overflow.
    T shift = Power(second_bytes);
    for (int i = 0; i < 3; ++i) shift = Multiply(shift, shift);
    return Multiply(first, shift) ^ second;
  }
};

/// Slicing by eight: table k is the effect of a byte with k more bytes behind it.
template <std::unsigned_integral T, T kPoly>
constexpr std::array<std::array<T, 256>, 8> MakeTables() {
  std::array<std::array<T, 256>, 8> tables{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    T value = static_cast<T>(byte);
    for (int bit = 0; bit < 8; ++bit) value = Field<T, kPoly>::TimesX(value);
    tables[0][byte] = value;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const T before = tables[k - 1][byte];
      tables[k][byte] = static_cast<T>((before >> 8) ^ tables[0][before & 0xff]);
    }
  }
  return tables;
}

template <std::unsigned_integral T, T kPoly>
inline constexpr auto kTables = MakeTables<T, kPoly>();

/// Moves the register over the bytes; no inversion at either end.
template <std::unsigned_integral T, T kPoly>
T UpdateByTable(T state, ByteSpan bytes) {
  const auto& tables = kTables<T, kPoly>;
  while (bytes.size() >= 8) {
    const std::uint64_t word = LoadLittle<std::uint64_t>(bytes.data()) ^ state;
    state = [&]<std::size_t... kByte>(std::index_sequence<kByte...>) {
      return static_cast<T>((tables[7 - kByte][(word >> (8 * kByte)) & 0xff] ^ ...));
    }
    (std::make_index_sequence<8>());
    bytes = bytes.subspan(8);
  }
  for (const std::byte byte : bytes) {
    const auto index = static_cast<std::size_t>((state ^ static_cast<T>(byte)) & 0xff);
    state = static_cast<T>((state >> 8) ^ tables[0][index]);
  }
  return state;
}

}  // namespace stateferry::storage::s3::crc
