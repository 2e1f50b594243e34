#include "state/manifest/yaml_scalar.h"

#include <cctype>

namespace stateferry::state::manifest {

namespace {

bool IsScalarDigit(char c) { return c >= '0' && c <= '9'; }

std::size_t Digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && IsScalarDigit(text[count])) ++count;
  return count;
}

/// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
bool IsJsonNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t whole = Digits(text);
  if (whole == 0 || (whole > 1 && text[0] == '0')) return false;
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const std::size_t fraction = Digits(text.substr(1));
    if (fraction == 0) return false;
    text.remove_prefix(1 + fraction);
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    const std::size_t exponent = Digits(text);
    if (exponent == 0) return false;
    text.remove_prefix(exponent);
  }
  return text.empty();
}

/// Bytes of the well-formed code point at the front; 0 when there is none.
std::size_t CodePointBytes(std::string_view text, std::uint32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) {
    code = first;
    return 1;
  }
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  code = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kSmallest[size] || code > 0x10FFFF || surrogate ? 0 : size;
}

}  // namespace

Json PlainScalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (IsJsonNumber(text)) {
    // Whole numbers that need more than 64 bits stay text: as a number they would lose digits.
    auto number = ParseJson(text);
    const bool whole = text.find_first_of(".eE") == std::string_view::npos;
    if (number && (number->is_number_integer() || !whole)) return *std::move(number);
  }
  return std::string(text);
}

std::optional<std::size_t> FirstUnprintable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::uint32_t code = 0;
    const std::size_t size = CodePointBytes(text.substr(at), code);
    const bool layout = code == '\t' || code == '\n' || code == '\r';
    if (size == 0 || (code < 0x20 && !layout) || code == 0x7F || (code >= 0x80 && code < 0xA0))
      return at;
    at += size;
  }
  return {};
}

}  // namespace stateferry::state::manifest
