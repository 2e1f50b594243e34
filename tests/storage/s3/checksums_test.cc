#include "storage/s3/checksums.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "base/hash.h"
#include "storage/s3/digest.h"
#include "tests/storage/s3/vectors.h"

namespace stateferry::storage::s3 {
namespace {

/// One CRC in all its forms, widened so that all four run through the same tests.
struct Kind {
  const char* name;
  std::uint64_t check;  ///< of "123456789"
  std::uint64_t poly;   ///< reflected
  int bits;
  std::function<std::uint64_t(ByteSpan, std::uint64_t)> fast;
  std::function<std::uint64_t(ByteSpan, std::uint64_t)> portable;
  std::function<std::uint64_t(std::uint64_t, std::uint64_t, std::uint64_t)> combine;
};

std::uint32_t Narrow(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

std::vector<Kind> AllKinds() {
  return {
      {"crc64nvme", 0xae8b14860a799888, 0x9a6c9329ac4bc9b5, 64, Crc64Nvme,
       internal::PortableCrc64Nvme, CombineCrc64Nvme},
      {"crc64ecma", 0x995dc9bbdf1939fa, 0xc96c5795d7870f42, 64, Crc64Ecma,
       internal::PortableCrc64Ecma, CombineCrc64Ecma},
      {"crc32c", 0xe3069283, 0x82f63b78, 32,
       [](ByteSpan b, std::uint64_t c) { return Crc32c(b, Narrow(c)); },
       [](ByteSpan b, std::uint64_t c) { return internal::PortableCrc32c(b, Narrow(c)); },
       [](std::uint64_t a, std::uint64_t b, std::uint64_t n) {
         return CombineCrc32c(Narrow(a), Narrow(b), n);
       }},
      {"crc32", 0xcbf43926, 0xedb88320, 32,
       [](ByteSpan b, std::uint64_t c) { return Crc32(b, Narrow(c)); },
       [](ByteSpan b, std::uint64_t c) { return internal::PortableCrc32(b, Narrow(c)); },
       [](std::uint64_t a, std::uint64_t b, std::uint64_t n) {
         return CombineCrc32(Narrow(a), Narrow(b), n);
       }},
  };
}

/// Bit by bit, from the definition.
std::uint64_t ByDefinition(const Kind& kind, ByteSpan bytes) {
  const std::uint64_t ones = kind.bits == 64 ? ~0ULL : 0xffffffffULL;
  std::uint64_t state = ones;
  for (const std::byte byte : bytes) {
    state ^= static_cast<std::uint64_t>(byte);
    for (int i = 0; i < 8; ++i) state = (state >> 1) ^ ((state & 1) != 0 ? kind.poly : 0);
  }
  return state ^ ones;
}

Bytes RandomBytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(Checksums, GiveTheCatalogueValues) {
  for (const Kind& kind : AllKinds()) {
    EXPECT_EQ(kind.fast(AsBytes("123456789"), 0), kind.check) << kind.name;
    EXPECT_EQ(kind.portable(AsBytes("123456789"), 0), kind.check) << kind.name;
    EXPECT_EQ(kind.fast({}, 0), 0U) << kind.name;
  }
}

TEST(Checksums, EveryLengthAndAlignmentIsAsDefined) {
  const Bytes bytes = RandomBytes(2700, 7);
  for (const Kind& kind : AllKinds()) {
    for (std::size_t size = 0; size < 2600; size += size < 300 ? 1 : 37) {
      for (const std::size_t offset : {0U, 1U, 7U}) {
        const ByteSpan span = ByteSpan(bytes).subspan(offset, size);
        const std::uint64_t expected = ByDefinition(kind, span);
        ASSERT_EQ(kind.fast(span, 0), expected) << kind.name << " " << size << "+" << offset;
        ASSERT_EQ(kind.portable(span, 0), expected) << kind.name << " " << size;
      }
    }
  }
}

TEST(Checksums, GoOnFromAnyCut) {
  const Bytes bytes = RandomBytes(5000, 8);
  const ByteSpan all(bytes);
  for (const Kind& kind : AllKinds()) {
    const std::uint64_t whole = kind.fast(all, 0);
    for (const std::size_t cut : {0U, 1U, 15U, 16U, 255U, 256U, 257U, 2500U, 4999U, 5000U}) {
      EXPECT_EQ(kind.fast(all.subspan(cut), kind.fast(all.first(cut), 0)), whole);
      EXPECT_EQ(kind.portable(all.subspan(cut), kind.fast(all.first(cut), 0)), whole);
    }
  }
}

TEST(Checksums, CombineAnyPieces) {
  const Bytes bytes = RandomBytes(4096, 9);
  const ByteSpan all(bytes);
  for (const Kind& kind : AllKinds()) {
    const std::uint64_t whole = kind.fast(all, 0);
    for (std::size_t cut = 0; cut <= all.size(); cut += 64) {
      const std::uint64_t first = kind.fast(all.first(cut), 0);
      const std::uint64_t second = kind.fast(all.subspan(cut), 0);
      const std::uint64_t size = all.size() - cut;
      EXPECT_EQ(kind.combine(first, second, size), whole) << kind.name << " " << cut;
      // Of nothing, any number of bytes later, is nothing.
      if (cut == 0) continue;
      EXPECT_NE(kind.combine(first, second, size + 1), whole) << kind.name << " " << cut;
    }
  }
}

TEST(Checksums, CombineBeyondWhatFitsInMemory) {
  // The CRC of 2^40 zero bytes, by doubling.
  for (const Kind& kind : AllKinds()) {
    const Bytes zeros(1024);
    std::uint64_t crc = kind.fast(zeros, 0);
    std::uint64_t size = 1024;
    for (; size < (1ULL << 40); size *= 2) crc = kind.combine(crc, crc, size);
    // The same in another order: 2^40 = 3 * 2^38 + 2^38.
    std::uint64_t quarter = kind.fast(zeros, 0);
    for (std::uint64_t n = 1024; n < (1ULL << 38); n *= 2) {
      quarter = kind.combine(quarter, quarter, n);
    }
    std::uint64_t sum = quarter;
    for (int i = 0; i < 3; ++i) sum = kind.combine(sum, quarter, 1ULL << 38);
    EXPECT_EQ(sum, crc) << kind.name;
  }
}

TEST(Checksums, EveryFlippedBitShows) {
  Bytes bytes = RandomBytes(700, 10);
  for (const Kind& kind : AllKinds()) {
    const std::uint64_t right = kind.fast(bytes, 0);
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
      bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
      EXPECT_NE(kind.fast(bytes, 0), right) << kind.name << " bit " << bit;
      bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    }
  }
}

TEST(Checksums, EveryRowOfTheVectorFile) {
  std::size_t rows = 0;
  for (const Json& row : SigningData("chunked-and-crc.json")) {
    if (TextOf(row, "name") != "checksums") continue;
    const std::string data = Base64Decode(TextOf(row, "data_base64")).value();
    EXPECT_EQ(ChecksumText(Crc64Nvme(AsBytes(data))), TextOf(row, "crc64nvme"));
    EXPECT_EQ(ChecksumText(Crc32c(AsBytes(data))), TextOf(row, "crc32c"));
    EXPECT_EQ(ChecksumText(Crc32(AsBytes(data))), TextOf(row, "crc32"));
    const Json& check = row["check_123456789"];
    const std::string digits = "123456789";
    EXPECT_EQ(fmt::format("{:016x}", Crc64Nvme(AsBytes(digits))), TextOf(check, "crc64nvme"));
    EXPECT_EQ(fmt::format("{:08x}", Crc32c(AsBytes(digits))), TextOf(check, "crc32c"));
    for (const auto& [name, value] : check.items()) {
      if (!name.starts_with("crc64ecma")) continue;
      EXPECT_EQ(fmt::format("{:016x}", Crc64Ecma(AsBytes(digits))), value[0].get<std::string>());
      EXPECT_EQ(std::to_string(Crc64Ecma(AsBytes(digits))), value[1].get<std::string>());
      ++rows;
    }
    const Json& combine = row["crc64ecma_combine"];
    const std::uint64_t a = ParseOssCrc64(TextOf(combine, "crc_a")).value();
    const std::uint64_t b = ParseOssCrc64(TextOf(combine, "crc_b")).value();
    EXPECT_EQ(Crc64Ecma(AsBytes(TextOf(combine, "a"))), a);
    EXPECT_EQ(Crc64Ecma(AsBytes(TextOf(combine, "b"))), b);
    EXPECT_EQ(std::to_string(CombineCrc64Ecma(a, b, TextOf(combine, "b").size())),
              TextOf(combine, "combined"));
    ++rows;
  }
  EXPECT_EQ(rows, 2U);
}

TEST(Checksums, TextsAreReadStrictly) {
  EXPECT_EQ(ParseChecksum64(ChecksumText(std::uint64_t{0x0123456789abcdef})), 0x0123456789abcdefU);
  EXPECT_EQ(ParseChecksum32(ChecksumText(std::uint32_t{0xe3069283})), 0xe3069283U);
  for (const char* bad : {"", "AAAA", "AAAAAAAAAAA", "AAAAAAAAAAA=-3", "AAAAAAAAAA=A",
                          " AAAAAAAAAAA=", "AAAAAAAAAAB=", "kM3zbg=="}) {
    EXPECT_FALSE(ParseChecksum64(bad).has_value()) << bad;
  }
  EXPECT_FALSE(ParseChecksum32("kM3zbh==").has_value());  // stray bits
  EXPECT_EQ(ParseOssCrc64("18446744073709551615"), ~0ULL);
  for (const char* bad : {"", "-1", "+1", "18446744073709551616", "1 ", "0x1"}) {
    EXPECT_FALSE(ParseOssCrc64(bad).has_value()) << bad;
  }
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(ToHex(DigestBytes(Md5(AsBytes("abc")))), "900150983cd24fb0d6963f7d28e17f72");
  const char* sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(ToHex(DigestBytes(Sha256(AsBytes("abc")))), sha);
  Sha256Stream stream;
  stream.Update(AsBytes("a"));
  EXPECT_NE(ToHex(DigestBytes(stream.Digest())), sha);
  stream.Update(AsBytes("bc"));
  EXPECT_EQ(ToHex(DigestBytes(stream.Digest())), sha);
  // RFC 4231, case 2; RFC 2202, case 2.
  EXPECT_EQ(ToHex(DigestBytes(HmacSha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(ToHex(DigestBytes(HmacSha1("Jefe", "what do ya want for nothing?"))),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST(Digest, MultipartEtagIsTheMd5OfMd5s) {
  // md5(md5("hello") + md5("world")), by Python's hashlib.
  const std::vector<Md5Digest> parts = {Md5(AsBytes("hello")), Md5(AsBytes("world"))};
  EXPECT_EQ(MultipartEtag(parts), "065947336a2f2a95ba8899f3675c3be6-2");
}

TEST(Base64, ComesBackAndRefusesAllElse) {
  for (std::size_t size = 0; size < 70; ++size) {
    const Bytes bytes = RandomBytes(size, size);
    const std::string text = Base64Encode(bytes);
    EXPECT_EQ(Base64Decode(text), std::string(AsText(bytes)));
  }
  EXPECT_EQ(Base64Encode(AsBytes("foob")), "Zm9vYg==");
  for (const char* bad :
       {"Z", "Zm9v\n", "Zm9vYg=", "Zm9vYh==", "Zm 9vYg=", "====", "Zm9v====", "Zm9-", "=Zm9"}) {
    EXPECT_FALSE(Base64Decode(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace stateferry::storage::s3
