#include "storage/s3/xml_document.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "storage/s3/time_text.h"

namespace stateferry::storage::s3 {
namespace {

/// "#65;" or "#x41;" behind an ampersand: a character that a text may hold.
bool IsGoodCharacter(std::string_view reference) {
  const bool is_hex = reference.starts_with("#x");
  const std::string_view digits = reference.substr(is_hex ? 2 : 1);
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, is_hex ? 16 : 10);
  const bool is_whole = error == std::errc() && end != digits.data() + digits.size() && *end == ';';
  // pugixml keeps texts as C strings: a NUL would cut a key short without a word.
  return is_whole && value != 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

bool IsGoodReference(std::string_view behind) {
  static constexpr std::array<std::string_view, 5> kNames = {"amp;", "lt;", "gt;", "quot;",
                                                             "apos;"};
  if (behind.starts_with('#')) return IsGoodCharacter(behind.substr(0, 12));
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view name) { return behind.starts_with(name); });
}

/// pugixml copies references that it does not know into the text; here they are an error.
bool AllReferencesAreGood(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    // Not find_first_of, which makes a call for each character: pages of listings are long.
    while (at < text.size() && text[at] != '&' && text[at] != '<') ++at;
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("<![CDATA[") || rest.starts_with("<!--")) {
      at = text.find(rest[2] == '[' ? "]]>" : "-->", at + 4);
      if (at == std::string_view::npos) return false;
    } else if (rest.starts_with('&') && !IsGoodReference(rest.substr(1))) {
      return false;
    }
  }
  return true;
}

}  // namespace

Error BadAnswer(std::string what) {
  return Error(ErrorCode::kCorruption, std::move(what) + " in an answer of the service",
               Retry::kMayHelp);
}

Result<XmlDocument> XmlDocument::Parse(std::string_view text) {
  if (text.size() > kMaxXmlBytes) return BadAnswer("too much XML");
  if (text.find('\0') != std::string_view::npos) return BadAnswer("a NUL byte");
  if (std::count(text.begin(), text.end(), '<') > static_cast<std::ptrdiff_t>(kMaxXmlMarks)) {
    return BadAnswer("too many XML elements");
  }
  if (!AllReferencesAreGood(text)) return BadAnswer("an entity that XML does not define");
  XmlDocument parsed;
  parsed.document_ = std::make_unique<pugi::xml_document>();
  // Text stays as it was sent: a key may be all blanks or hold a carriage return.
  constexpr unsigned kKeepText =
      pugi::parse_escapes | pugi::parse_cdata | pugi::parse_ws_pcdata_single | pugi::parse_doctype;
  const auto result =
      parsed.document_->load_buffer(text.data(), text.size(), kKeepText, pugi::encoding_utf8);
  if (!result) return BadAnswer(std::string("XML that ends or breaks early"));
  std::size_t roots = 0;
  for (const pugi::xml_node node : parsed.document_->children()) {
    if (node.type() == pugi::node_doctype) return BadAnswer("a document type");
    if (node.type() == pugi::node_element) ++roots;
  }
  if (roots != 1) return BadAnswer("no XML document, or several,");
  return parsed;
}

std::optional<std::string> ChildText(pugi::xml_node parent, const char* name) {
  const pugi::xml_node child = parent.child(name);
  if (!child) return std::nullopt;
  std::string text;
  for (const pugi::xml_node part : child.children()) {
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) text += part.value();
  }
  return text;
}

std::string ChildTextOr(pugi::xml_node parent, const char* name) {
  return ChildText(parent, name).value_or("");
}

Result<std::uint64_t> ChildNumber(pugi::xml_node parent, const char* name) {
  const std::string text = ChildTextOr(parent, name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return BadAnswer(std::string("no number ") + name);
  }
  return value;
}

Result<bool> ChildFlag(pugi::xml_node parent, const char* name) {
  const std::string text = ChildTextOr(parent, name);
  if (text == "true") return true;
  if (text == "false") return false;
  return BadAnswer(std::string("no true or false ") + name);
}

std::int64_t ChildTimeNs(pugi::xml_node parent, const char* name) {
  const auto time = ParseIso8601(ChildTextOr(parent, name));
  if (!time) return 0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time->time_since_epoch()).count();
}

NameValues ChecksumsOf(pugi::xml_node node) {
  NameValues checksums;
  for (const pugi::xml_node child : node.children()) {
    const std::string_view name = child.name();
    // ChecksumType and ChecksumAlgorithm are none.
    if (!name.starts_with("Checksum") || name == "ChecksumType" || name == "ChecksumAlgorithm") {
      continue;
    }
    checksums.emplace_back(name, ChildTextOr(node, child.name()));
  }
  return checksums;
}

std::string XmlEscaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&apos;"; break;
      case '\r': out += "&#13;"; break;  // a parser would make a line feed of it
      default: out += c;
    }
  }
  return out;
}

}  // namespace stateferry::storage::s3
