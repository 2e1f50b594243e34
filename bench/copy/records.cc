#include "bench/copy/records.h"

#include <algorithm>
#include <cmath>

namespace stateferry::bench {

namespace {

constexpr std::size_t kWords = 4096;

void AppendBig(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((number >> shift) & 0xff));
}

void AppendRandom(std::string& out, Random& random, std::size_t bytes) {
  for (; bytes >= 8; bytes -= 8) {
    const std::uint64_t word = random.Next();
    out.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  const std::uint64_t word = random.Next();
  out.append(reinterpret_cast<const char*>(&word), bytes);
}

void AppendUuid(std::string& out, Random& random) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::uint64_t bits = 0;
  for (int i = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      out.push_back('-');
      continue;
    }
    if (i % 16 == 0 || i == 9) bits = random.Next();
    out.push_back(kDigits[bits & 15]);
    bits >>= 4;
  }
}

}  // namespace

Vocabulary::Vocabulary(std::uint64_t seed) {
  Random random(seed ^ 0x766f6361u);
  words_.reserve(kWords);
  for (std::size_t i = 0; i < kWords; ++i) {
    std::string word;
    const std::uint64_t length = random.Between(2, 10);
    for (std::uint64_t j = 0; j < length; ++j)
      word.push_back(static_cast<char>('a' + random.Below(26)));
    words_.push_back(std::move(word));
  }
}

std::string_view Vocabulary::Pick(Random& random) const {
  // The product of two uniform numbers is dense near 0: the first words come much more often.
  const std::uint64_t bits = random.Next();
  const std::uint64_t index = ((bits & 0xffff) * ((bits >> 16) & 0xffff) * kWords) >> 32;
  return words_[index];
}

RecordSource::RecordSource(const Vocabulary& vocabulary, std::uint64_t seed,
                           std::uint16_t first_key_group, std::uint16_t key_groups,
                           std::uint64_t expected_records)
    : vocabulary_(vocabulary),
      random_(seed),
      string_keys_(random_.Below(3) == 0),
      first_key_group_(first_key_group),
      key_groups_(key_groups),
      records_per_group_(std::max<std::uint64_t>(1, expected_records / key_groups)),
      clock_ms_(1'700'000'000'000u + random_.Below(1'000'000'000)) {}

RecordSource::Record RecordSource::Next() {
  MakeKey();
  MakeValue();
  ++made_;
  return {key_, value_};
}

void RecordSource::MakeKey() {
  // The last key group takes what is left, so that keys keep growing however many are asked for.
  const std::uint64_t group = std::min<std::uint64_t>(made_ / records_per_group_, key_groups_ - 1u);
  if (made_ % records_per_group_ == 0 && group == made_ / records_per_group_) id_ = 0;
  id_ += random_.Between(1, 1u << 20);
  key_.clear();
  AppendBig(key_, first_key_group_ + group, 2);
  if (string_keys_) {
    std::string number = std::to_string(id_);
    const std::string name =
        "user-" + std::string(15 - std::min<std::size_t>(15, number.size()), '0') + number;
    key_.push_back(static_cast<char>(name.size() + 1));
    key_ += name;
  } else {
    AppendBig(key_, id_, 8);
  }
  key_.push_back('\0');  // VoidNamespace
}

void RecordSource::MakeValue() {
  value_.clear();
  clock_ms_ += random_.Below(5000);
  AppendBig(value_, clock_ms_, 8);
  const std::uint64_t words = random_.Between(4, 20);
  for (std::uint64_t i = 0; i < words; ++i) {
    value_ += vocabulary_.Pick(random_);
    value_.push_back(' ');
  }
  if (random_.Below(2) == 0) {
    value_ += "\"session\":\"";
    AppendUuid(value_, random_);
    value_ += "\"";
  }
  const std::uint64_t numbers = random_.Between(1, 6);
  for (std::uint64_t i = 0; i < numbers; ++i) AppendBig(value_, random_.Below(100'000), 8);
  // Sketches, hashes, doubles: nothing compresses these.
  AppendRandom(value_, random_, random_.Between(60, 245));
}

}  // namespace stateferry::bench
