// Pages of ListObjects, ListParts and ListMultipartUploads.

#include <algorithm>

#include "storage/s3/checksums.h"
#include "storage/s3/s3_answers.h"
#include "storage/s3/uri_encode.h"
#include "storage/s3/xml_document.h"

namespace stateferry::storage::s3 {
namespace {

constexpr std::uint32_t kMaxPartNumber = 10'000;

/// Keys are encoded only if the answer says so: some servers ignore the wish (versitygw).
bool IsEncoded(pugi::xml_node root) { return ChildTextOr(root, "EncodingType") == "url"; }

Result<std::string> DecodedText(pugi::xml_node parent, const char* name, bool is_encoded) {
  auto text = ChildText(parent, name);
  if (!text) return BadAnswer(std::string("no ") + name);
  if (!is_encoded) return *std::move(text);
  auto decoded = DecodeUri(*text, Plus::kIsSpace);
  if (!decoded) return BadAnswer(std::string("a wrongly encoded ") + name);
  return decoded;
}

Result<pugi::xml_node> RootNamed(const XmlDocument& document, std::string_view name) {
  if (document.root().name() == name) return document.root();
  return BadAnswer("no " + std::string(name));
}

Result<ListedObject> ParseObject(pugi::xml_node node, bool is_encoded) {
  ListedObject object;
  SF_TRY(object.key, DecodedText(node, "Key", is_encoded));
  if (object.key.empty()) return BadAnswer("an empty key");
  SF_TRY(object.size_bytes, ChildNumber(node, "Size"));
  object.mtime_ns = ChildTimeNs(node, "LastModified");
  object.etag = StripEtag(ChildTextOr(node, "ETag"));
  object.storage_class = ChildTextOr(node, "StorageClass");
  object.type = ChildTextOr(node, "Type");
  return object;
}

/// The marker of a V1 listing: servers send it only with a delimiter; else it is the last name.
Result<std::string> NextMarker(pugi::xml_node root, const ListPage& page) {
  if (root.child("NextMarker")) return DecodedText(root, "NextMarker", page.was_encoded);
  std::string last;
  for (const ListedObject& object : page.objects) last = std::max(last, object.key);
  for (const std::string& prefix : page.common_prefixes) last = std::max(last, prefix);
  return last;
}

Result<ListedPart> ParsePart(pugi::xml_node node) {
  ListedPart part;
  SF_TRY(const auto number, ChildNumber(node, "PartNumber"));
  if (number < 1 || number > kMaxPartNumber) return BadAnswer("a part number out of range");
  part.part_number = static_cast<std::uint32_t>(number);
  SF_TRY(part.size_bytes, ChildNumber(node, "Size"));
  part.etag = StripEtag(ChildTextOr(node, "ETag"));
  part.checksums = ChecksumsOf(node);
  part.crc64_ecma = ParseOssCrc64(ChildTextOr(node, "HashCrc64ecma"));
  return part;
}

}  // namespace

Result<ListPage> ParseListPage(std::string_view xml, const ListParsing& parsing) {
  SF_TRY(const auto document, XmlDocument::Parse(xml));
  SF_TRY(const auto root, RootNamed(document, "ListBucketResult"));
  ListPage page;
  page.was_encoded = IsEncoded(root);
  SF_TRY(page.is_truncated, ChildFlag(root, "IsTruncated"));
  for (const pugi::xml_node node : root.children("Contents")) {
    SF_TRY(auto object, ParseObject(node, page.was_encoded));
    page.objects.push_back(std::move(object));
  }
  for (const pugi::xml_node node : root.children("CommonPrefixes")) {
    SF_TRY(auto prefix, DecodedText(node, "Prefix", page.was_encoded));
    page.common_prefixes.push_back(std::move(prefix));
  }
  if (!page.is_truncated) return page;
  if (parsing.version == ListVersion::kV1) {
    SF_TRY(page.next, NextMarker(root, page));
  } else {
    const bool is_encoded = parsing.token_is_encoded && page.was_encoded;
    SF_TRY(page.next, DecodedText(root, "NextContinuationToken", is_encoded));
  }
  // To go on from nothing would list the same page for ever.
  if (page.next.empty()) return BadAnswer("a truncated listing that does not say how to go on");
  return page;
}

Result<PartsPage> ParsePartsPage(std::string_view xml) {
  SF_TRY(const auto document, XmlDocument::Parse(xml));
  // moto calls it so.
  const bool other_name = std::string_view(document.root().name()) == "ListPartsResponse";
  SF_TRY(const auto root,
         RootNamed(document, other_name ? "ListPartsResponse" : "ListPartsResult"));
  PartsPage page;
  SF_TRY(page.key, DecodedText(root, "Key", IsEncoded(root)));
  page.upload_id = ChildTextOr(root, "UploadId");
  page.checksum_algorithm = ChildTextOr(root, "ChecksumAlgorithm");
  page.checksum_type = ChildTextOr(root, "ChecksumType");
  SF_TRY(page.is_truncated, ChildFlag(root, "IsTruncated"));
  for (const pugi::xml_node node : root.children("Part")) {
    SF_TRY(auto part, ParsePart(node));
    if (!page.parts.empty() && part.part_number <= page.parts.back().part_number) {
      return BadAnswer("parts out of order");
    }
    page.parts.push_back(std::move(part));
  }
  if (!page.is_truncated) return page;
  SF_TRY(const auto next, ChildNumber(root, "NextPartNumberMarker"));
  if (next < 1 || next > kMaxPartNumber) return BadAnswer("a part marker out of range");
  page.next_part_number = static_cast<std::uint32_t>(next);
  return page;
}

Result<UploadsPage> ParseUploadsPage(std::string_view xml) {
  SF_TRY(const auto document, XmlDocument::Parse(xml));
  SF_TRY(const auto root, RootNamed(document, "ListMultipartUploadsResult"));
  const bool is_encoded = IsEncoded(root);
  UploadsPage page;
  SF_TRY(page.is_truncated, ChildFlag(root, "IsTruncated"));
  for (const pugi::xml_node node : root.children("Upload")) {
    ListedUpload upload;
    SF_TRY(upload.key, DecodedText(node, "Key", is_encoded));
    upload.upload_id = ChildTextOr(node, "UploadId");
    if (upload.upload_id.empty()) return BadAnswer("an upload without id");
    upload.initiated_ns = ChildTimeNs(node, "Initiated");
    page.uploads.push_back(std::move(upload));
  }
  if (!page.is_truncated) return page;
  SF_TRY(page.next_key, DecodedText(root, "NextKeyMarker", is_encoded));
  page.next_upload_id = ChildTextOr(root, "NextUploadIdMarker");
  if (page.next_key.empty()) return BadAnswer("a truncated listing that does not say how to go on");
  return page;
}

}  // namespace stateferry::storage::s3
