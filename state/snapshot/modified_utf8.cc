#include "state/snapshot/modified_utf8.h"

#include <array>
#include <cstdint>

namespace stateferry::state::snapshot {
namespace {

constexpr char32_t kReplacement = 0xfffd;

std::uint8_t ByteAt(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

bool IsContinuation(std::string_view bytes, std::size_t at) {
  return at < bytes.size() && (ByteAt(bytes, at) & 0xc0) == 0x80;
}

void AppendUtf8(std::string& out, char32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
    return;
  }
  const int continuations = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr std::array<std::uint8_t, 4> kLead = {0, 0xc0, 0xe0, 0xf0};
  out.push_back(static_cast<char>(kLead[static_cast<std::size_t>(continuations)] |
                                  (code >> (6 * continuations))));
  for (int i = continuations - 1; i >= 0; --i) {
    out.push_back(static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f)));
  }
}

struct Decoded {
  char32_t code = 0;
  std::size_t length = 0;  ///< 0: not valid UTF-8 here
};

/// One code point of strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded DecodeUtf8(std::string_view text, std::size_t at) {
  const std::uint8_t lead = ByteAt(text, at);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (length == 0) return {};
  char32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text, at + i)) return {};
    code = (code << 6) | (ByteAt(text, at + i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, length};
}

/// Control characters, and those that reorder or break a line of text on a terminal.
bool IsDangerousToPrint(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x200e || code == 0x200f || code == 0xfeff;
}

void AppendHex(std::string& out, std::uint32_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int i = digits - 1; i >= 0; --i) out.push_back(kDigits[(value >> (4 * i)) & 0xf]);
}

void AppendEscaped(std::string& out, char32_t code) {
  switch (code) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: out += code < 0x100 ? "\\x" : "\\u"; AppendHex(out, code, code < 0x100 ? 2 : 4);
  }
}

}  // namespace

std::optional<std::size_t> FindBadModifiedUtf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::uint8_t lead = ByteAt(bytes, at);
    std::size_t length = 0;
    if (lead < 0x80) length = 1;
    if ((lead & 0xe0) == 0xc0) length = 2;
    if ((lead & 0xf0) == 0xe0) length = 3;
    if (length == 0) return at;
    for (std::size_t i = 1; i < length; ++i) {
      if (!IsContinuation(bytes, at + i)) return at;
    }
    at += length;
  }
  return std::nullopt;
}

std::string ModifiedToUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  char32_t high = 0;  // a high surrogate that waits for its low one
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::uint8_t lead = ByteAt(bytes, at);
    char32_t unit = lead;
    std::size_t length = 1;
    if (lead >= 0xe0 && at + 2 < bytes.size()) {
      unit = static_cast<char32_t>(((lead & 0x0f) << 12) | ((ByteAt(bytes, at + 1) & 0x3f) << 6) |
                                   (ByteAt(bytes, at + 2) & 0x3f));
      length = 3;
    } else if (lead >= 0xc0 && lead < 0xe0 && at + 1 < bytes.size()) {
      unit = static_cast<char32_t>(((lead & 0x1f) << 6) | (ByteAt(bytes, at + 1) & 0x3f));
      length = 2;
    }
    at += length;
    const bool is_high = unit >= 0xd800 && unit <= 0xdbff;
    const bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
    if (high != 0 && is_low) {
      AppendUtf8(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
      high = 0;
      continue;
    }
    if (high != 0) AppendUtf8(out, kReplacement);
    high = is_high ? unit : 0;
    if (!is_high) AppendUtf8(out, is_low ? kReplacement : unit);
  }
  if (high != 0) AppendUtf8(out, kReplacement);
  return out;
}

std::optional<std::string> Utf8ToModified(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Decoded next = DecodeUtf8(text, at);
    if (next.length == 0) return std::nullopt;
    if (next.code == 0) {
      out += "\xc0\x80";
    } else if (next.code < 0x10000) {
      out.append(text.substr(at, next.length));
    } else {
      AppendUtf8(out, 0xd800 + ((next.code - 0x10000) >> 10));
      AppendUtf8(out, 0xdc00 + ((next.code - 0x10000) & 0x3ff));
    }
    at += next.length;
  }
  return out;
}

std::string PrintableText(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (at >= limit) return out + "...";
    const Decoded next = DecodeUtf8(text, at);
    if (next.length == 0) {
      out += "\\x";
      AppendHex(out, ByteAt(text, at), 2);
      ++at;
      continue;
    }
    if (IsDangerousToPrint(next.code)) {
      AppendEscaped(out, next.code);
    } else {
      out.append(text.substr(at, next.length));
    }
    at += next.length;
  }
  return out;
}

}  // namespace stateferry::state::snapshot
