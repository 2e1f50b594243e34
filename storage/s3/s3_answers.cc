#include "storage/s3/s3_answers.h"

#include <algorithm>

#include "storage/s3/digest.h"
#include "storage/s3/xml_document.h"

namespace stateferry::storage::s3 {
namespace {

constexpr std::size_t kMaxShownBytes = 512;

/// The server's words, so that they can stand in a message of ours.
std::string Shown(std::string text) {
  if (text.size() > kMaxShownBytes) text.resize(kMaxShownBytes);
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

std::string WithoutQuotedRequest(std::string message) {
  constexpr std::string_view kQuotes[] = {
      "canonical string", "canonicalstring", "canonical request",
      "canonicalrequest", "string to sign",  "stringtosign",
      "security-token:",  "securitytoken=",  "securitytoken%3d"};
  const std::string lower = LowerCase(message);
  std::size_t end = std::string::npos;
  for (const auto quote : kQuotes) end = std::min(end, lower.find(quote));
  if (end == std::string::npos) return message;
  // Back to the end of the sentence before: "Check your key. The Canonical String ...".
  const auto before = message.find_last_of(".:\n", end);
  message.resize(before == std::string::npos ? 0 : before + 1);
  message.resize(message.find_last_not_of(" \t\r\n") + 1);
  return message;
}

std::optional<ErrorBody> ParseErrorBody(std::string_view xml) {
  const auto document = XmlDocument::Parse(xml);
  if (!document) return std::nullopt;
  const pugi::xml_node root = document->root();
  // STS wraps it: <ErrorResponse><Error>...</Error><RequestId>.
  const bool is_wrapped = std::string_view(root.name()) == "ErrorResponse";
  const pugi::xml_node error = is_wrapped ? root.child("Error") : root;
  if (std::string_view(error.name()) != "Error") return std::nullopt;
  const auto text = [&](const char* name) { return Shown(ChildTextOr(error, name)); };
  ErrorBody body;
  body.code = text("Code");
  body.message = Shown(WithoutQuotedRequest(ChildTextOr(error, "Message")));
  body.request_id = is_wrapped ? Shown(ChildTextOr(root, "RequestId")) : text("RequestId");
  body.host_id = text("HostId");
  body.region = text("Region");
  body.endpoint = text("Endpoint");
  body.ec = text("EC");
  body.server_time = text("ServerTime");
  return body;
}

std::optional<ErrorBody> ParseOssErrHeader(std::string_view value) {
  const auto xml = Base64Decode(value);
  return xml ? ParseErrorBody(*xml) : std::nullopt;
}

Result<std::string> WriteDelete(std::span<const std::string> keys, std::string_view xmlns) {
  std::string xml = "<Delete";
  if (!xmlns.empty()) xml += " xmlns=\"" + std::string(xmlns) + '"';
  xml += "><Quiet>true</Quiet>";
  for (const std::string& key : keys) {
    const bool fits = std::all_of(key.begin(), key.end(), [](char c) {
      return static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    });
    if (!fits) {
      return Error(ErrorCode::kRefused, "a key with control characters cannot stand in XML");
    }
    xml += "<Object><Key>" + XmlEscaped(key) + "</Key></Object>";
  }
  return xml + "</Delete>";
}

Result<std::vector<NotDeleted>> ParseDeleteResult(std::string_view xml) {
  SF_TRY(const auto document, XmlDocument::Parse(xml));
  const pugi::xml_node root = document.root();
  if (std::string_view(root.name()) != "DeleteResult") return BadAnswer("no DeleteResult");
  std::vector<NotDeleted> left;
  for (const pugi::xml_node error : root.children("Error")) {
    left.push_back({ChildTextOr(error, "Key"), Shown(ChildTextOr(error, "Code")),
                    Shown(ChildTextOr(error, "Message"))});
  }
  return left;
}

Result<std::string> ParseLocation(std::string_view xml) {
  SF_TRY(const auto document, XmlDocument::Parse(xml));
  const pugi::xml_node root = document.root();
  if (std::string_view(root.name()) != "LocationConstraint") {
    return BadAnswer("no LocationConstraint");
  }
  std::string region = root.child_value();
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  std::erase_if(region, blank);
  if (region.empty()) return std::string("us-east-1");
  if (region == "EU") return std::string("eu-west-1");
  return region.starts_with("oss-") ? region.substr(4) : region;
}

std::string StripEtag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

}  // namespace stateferry::storage::s3
