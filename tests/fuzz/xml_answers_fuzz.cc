// Any bytes as an answer of S3 or OSS: an error, or values that keep what the headers promise.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/s3/digest.h"
#include "storage/s3/s3_answers.h"
#include "storage/s3/xml_document.h"

using namespace stateferry;
using namespace stateferry::storage::s3;

namespace {

void CheckShown(std::string_view text) {
  SF_ASSERT(text.size() <= 512);
  for (const char c : text) SF_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void CheckError(const ErrorBody& body) {
  for (const auto& text : {body.code, body.message, body.request_id, body.host_id, body.region,
                           body.endpoint, body.ec, body.server_time}) {
    CheckShown(text);
  }
}

/// A key that came out of a listing must go back in unchanged, or another object is deleted.
void CheckKeyGoesBack(const std::string& key) {
  const std::vector<std::string> keys = {key};
  const auto body = WriteDelete(keys, kS3Namespace);
  if (!body) return;
  const auto document = XmlDocument::Parse(*body);
  SF_ASSERT(document.has_value());
  SF_ASSERT(ChildTextOr(document->root().child("Object"), "Key") == key);
}

void CheckLists(std::string_view xml) {
  for (const ListVersion version : {ListVersion::kV1, ListVersion::kV2}) {
    const auto page = ParseListPage(xml, {.version = version, .token_is_encoded = true});
    if (!page) {
      SF_ASSERT(page.error().code() == ErrorCode::kCorruption);
      continue;
    }
    SF_ASSERT(page->is_truncated == !page->next.empty());
    for (const ListedObject& object : page->objects) {
      SF_ASSERT(!object.key.empty());
      CheckKeyGoesBack(object.key);
    }
  }
  if (const auto page = ParsePartsPage(xml)) {
    std::uint32_t last = 0;
    for (const ListedPart& part : page->parts) {
      SF_ASSERT(part.part_number > last && part.part_number <= 10'000);
      last = part.part_number;
    }
  }
  if (const auto page = ParseUploadsPage(xml)) {
    SF_ASSERT(page->is_truncated == !page->next_key.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml{reinterpret_cast<const char*>(data), size};
  CheckLists(xml);
  const auto error = ParseErrorBody(xml);
  if (error) CheckError(*error);
  if (const auto header = ParseOssErrHeader(Base64Encode(AsBytes(xml)))) {
    SF_ASSERT(error.has_value() && header->code == error->code);
  }
  const auto completed = ParseCompletedUpload(xml);
  if (completed) {
    // Never both, whatever the bytes are.
    SF_ASSERT(std::holds_alternative<ErrorBody>(*completed) !=
              std::holds_alternative<CompletedUpload>(*completed));
    if (std::holds_alternative<CompletedUpload>(*completed)) SF_ASSERT(!error.has_value());
  } else {
    SF_ASSERT(completed.error().code() == ErrorCode::kUnavailable);
  }
  const auto copied = ParseCopiedObject(xml);
  if (copied && std::holds_alternative<CopiedObject>(*copied)) {
    SF_ASSERT(!std::get<CopiedObject>(*copied).etag.empty());
  }
  if (const auto id = ParseInitiatedUpload(xml)) SF_ASSERT(!id->empty());
  if (const auto left = ParseDeleteResult(xml)) {
    for (const NotDeleted& one : *left) CheckShown(one.message);
  }
  if (const auto region = ParseLocation(xml)) SF_ASSERT(!region->empty());
  return 0;
}
