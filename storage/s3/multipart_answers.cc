// From the start of a multipart upload to its end, and copies.

#include "storage/s3/s3_answers.h"
#include "storage/s3/xml_document.h"

namespace stateferry::storage::s3 {
namespace {

/// These calls answer 200 at once, send blanks while they work and only then say how it went.
Error OutcomeUnknown() {
  return Error(ErrorCode::kUnavailable,
               "the answer of the service ended before it said whether the object exists",
               Retry::kMayHelp);
}

/// The root when the answer is a success; what the service says when it is not.
Result<AnswerOrError<XmlDocument>> SuccessOrError(std::string_view xml,
                                                  std::initializer_list<std::string_view> names) {
  // Blanks before the XML declaration are what kept the connection alive; XML forbids them there.
  const std::size_t start = xml.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return OutcomeUnknown();
  xml.remove_prefix(start);
  auto document = XmlDocument::Parse(xml);
  if (!document) return OutcomeUnknown();
  const std::string_view root = document->root().name();
  for (const std::string_view name : names) {
    if (root == name) return AnswerOrError<XmlDocument>(std::move(*document));
  }
  if (auto error = ParseErrorBody(xml)) return AnswerOrError<XmlDocument>(std::move(*error));
  return OutcomeUnknown();
}

}  // namespace

Result<std::string> ParseInitiatedUpload(std::string_view xml) {
  SF_TRY(const auto document, XmlDocument::Parse(xml));
  // The second name is the one that `rclone serve s3` gives it (1.76).
  const std::string_view root = document.root().name();
  if (root != "InitiateMultipartUploadResult" && root != "InitiateMultipartUpload")
    return BadAnswer("no InitiateMultipartUploadResult");
  std::string upload_id = ChildTextOr(document.root(), "UploadId");
  if (upload_id.empty()) return BadAnswer("an upload without id");
  return upload_id;
}

Result<AnswerOrError<CompletedUpload>> ParseCompletedUpload(std::string_view xml) {
  SF_TRY(auto answer, SuccessOrError(xml, {"CompleteMultipartUploadResult"}));
  if (auto* error = std::get_if<ErrorBody>(&answer)) {
    return AnswerOrError<CompletedUpload>(std::move(*error));
  }
  const pugi::xml_node root = std::get<XmlDocument>(answer).root();
  CompletedUpload completed;
  completed.etag = StripEtag(ChildTextOr(root, "ETag"));
  completed.checksums = ChecksumsOf(root);
  completed.checksum_type = ChildTextOr(root, "ChecksumType");
  return AnswerOrError<CompletedUpload>(std::move(completed));
}

Result<AnswerOrError<CopiedObject>> ParseCopiedObject(std::string_view xml) {
  SF_TRY(auto answer, SuccessOrError(xml, {"CopyObjectResult", "CopyPartResult"}));
  if (auto* error = std::get_if<ErrorBody>(&answer)) {
    return AnswerOrError<CopiedObject>(std::move(*error));
  }
  const pugi::xml_node root = std::get<XmlDocument>(answer).root();
  CopiedObject copied;
  copied.etag = StripEtag(ChildTextOr(root, "ETag"));
  if (copied.etag.empty()) return OutcomeUnknown();
  copied.mtime_ns = ChildTimeNs(root, "LastModified");
  copied.checksums = ChecksumsOf(root);
  return AnswerOrError<CopiedObject>(std::move(copied));
}

std::string WriteCompleteUpload(std::span<const PartToComplete> parts, std::string_view xmlns) {
  std::string xml = "<CompleteMultipartUpload";
  if (!xmlns.empty()) xml += " xmlns=\"" + std::string(xmlns) + '"';
  xml += '>';
  for (const PartToComplete& part : parts) {
    xml += "<Part><PartNumber>" + std::to_string(part.part_number) + "</PartNumber><ETag>&quot;" +
           XmlEscaped(part.etag) + "&quot;</ETag>";
    for (const auto& [name, value] : part.checksums) {
      xml += '<' + name + '>' + XmlEscaped(value) + "</" + name + '>';
    }
    xml += "</Part>";
  }
  return xml + "</CompleteMultipartUpload>";
}

}  // namespace stateferry::storage::s3
