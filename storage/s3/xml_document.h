#pragma once
// XML from a server that may be hostile or broken: pugixml behind limits.

#include <cstdint>
#include <memory>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/s3/http_request.h"

namespace stateferry::storage::s3 {

/// A page of 1,000 keys of 1,024 bytes, each byte percent-encoded, stays below 4 MiB.
inline constexpr std::uint64_t kMaxXmlBytes = 16 << 20;
/// A node takes about 64 bytes of memory, whatever it takes in the text.
inline constexpr std::uint64_t kMaxXmlMarks = 400'000;

class XmlDocument {
 public:
  /// Errors: kCorruption (retry may help: answers are cut short) for anything that is not one whole
  /// document in UTF-8, has a document type, an entity of its own or a NUL in it, or is too large.
  static Result<XmlDocument> Parse(std::string_view text);

  /// The one element at the top.
  pugi::xml_node root() const { return document_->document_element(); }

 private:
  std::unique_ptr<pugi::xml_document> document_;
};

/// Text of the child element of that name; nothing when there is no such child.
std::optional<std::string> ChildText(pugi::xml_node parent, const char* name);
/// The same, "" when there is none.
std::string ChildTextOr(pugi::xml_node parent, const char* name);
/// Errors: kCorruption: not there, or not an unsigned decimal number.
Result<std::uint64_t> ChildNumber(pugi::xml_node parent, const char* name);
/// Errors: kCorruption: not there, or neither "true" nor "false".
Result<bool> ChildFlag(pugi::xml_node parent, const char* name);

/// Nanoseconds since the epoch of an ISO 8601 time; 0 when there is none.
std::int64_t ChildTimeNs(pugi::xml_node parent, const char* name);
/// The children named "Checksum...": name and Base64 text.
NameValues ChecksumsOf(pugi::xml_node node);

/// kCorruption: "<what> in an answer of the service", retry may help.
Error BadAnswer(std::string what);

/// `text` with & < > " ' and carriage returns escaped.
std::string XmlEscaped(std::string_view text);

}  // namespace stateferry::storage::s3
