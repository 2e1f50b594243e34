#include "storage/s3/credential_answers.h"

#include <algorithm>

#include "base/json.h"
#include "storage/s3/s3_answers.h"
#include "storage/s3/time_text.h"
#include "storage/s3/uri_encode.h"
#include "storage/s3/xml_document.h"

namespace stateferry::storage::s3 {
namespace {

Error Bad(std::string what) { return Error(ErrorCode::kPermission, std::move(what)); }

Result<Credentials> Checked(Credentials credentials, const std::string& expires) {
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return Bad("an answer without an access key");
  }
  if (!expires.empty()) {
    credentials.expires = ParseIso8601(expires);
    // Programs leave the zone out, and the SDKs take it for UTC.
    if (!credentials.expires) credentials.expires = ParseIso8601(expires + "Z");
    if (!credentials.expires) return Bad("an expiry that is no time");
  }
  return credentials;
}

/// The "Code" and "Message" of a JSON error (Alibaba STS, container services).
std::string JsonProblem(const Secret& body) {
  const auto json = ParseJson(body.Reveal());
  if (!json || !json->is_object()) return "";
  const auto code = JsonString(*json, "Code").value_or(JsonString(*json, "code").value_or(""));
  const auto text = WithoutQuotedRequest(
      JsonString(*json, "Message").value_or(JsonString(*json, "message").value_or("")));
  return code + (code.empty() || text.empty() ? "" : ": ") + text;
}

std::string Problem(const Secret& body) {
  std::string problem;
  if (const auto error = ParseErrorBody(body.Reveal())) {
    problem = error->code + (error->message.empty() ? "" : ": " + error->message);
  } else {
    problem = JsonProblem(body);
  }
  if (problem.size() > 512) problem.resize(512);
  std::replace_if(
      problem.begin(), problem.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return problem;
}

}  // namespace

Result<Credentials> ParseCredentialsJson(const Secret& json, const CredentialFields& fields) {
  const auto parsed = ParseJson(json.Reveal());
  // The parser's message could quote the text.
  if (!parsed || !parsed->is_object()) return Bad("an answer that is no JSON object");
  const std::string code = JsonString(*parsed, "Code").value_or("Success");
  if (code != "Success") return Bad("the answer " + code.substr(0, 100));
  const auto text = [&](std::string_view field) { return JsonString(*parsed, field).value_or(""); };
  Credentials credentials;
  credentials.access_key_id = text(fields.id);
  credentials.secret_access_key = Secret(text(fields.secret));
  credentials.session_token = Secret(text(fields.token));
  return Checked(std::move(credentials), text(fields.expires));
}

Result<Credentials> ParseStsXml(const Secret& xml) {
  const auto document = XmlDocument::Parse(xml.Reveal());
  if (!document) return Bad("an answer that is no XML");
  pugi::xml_node found;
  for (const char* action : {"AssumeRoleResult", "AssumeRoleWithWebIdentityResult"}) {
    if (!found) found = document->root().child(action).child("Credentials");
  }
  if (!found) return Bad("an answer without credentials");
  Credentials credentials;
  credentials.access_key_id = ChildTextOr(found, "AccessKeyId");
  credentials.secret_access_key = Secret(ChildTextOr(found, "SecretAccessKey"));
  credentials.session_token = Secret(ChildTextOr(found, "SessionToken"));
  if (credentials.session_token.empty()) return Bad("an answer without a session token");
  return Checked(std::move(credentials), ChildTextOr(found, "Expiration"));
}

Result<HttpRequest> RequestForUrl(std::string_view url) {
  const auto wrong = [](std::string what) {
    return Error(ErrorCode::kInvalidArgument, std::move(what));
  };
  HttpRequest request;
  const std::size_t colon = url.find("://");
  request.scheme = LowerCase(url.substr(0, colon));
  if (colon == std::string_view::npos || (request.scheme != "http" && request.scheme != "https")) {
    return wrong("a URL that begins with neither http:// nor https://");
  }
  url.remove_prefix(colon + 3);
  url = url.substr(0, url.find('#'));
  const std::size_t host_end = std::min(url.find_first_of("/?"), url.size());
  request.host = url.substr(0, host_end);
  if (request.host.empty()) return wrong("a URL without a host");
  if (request.host.find('@') != std::string::npos) return wrong("a URL with a user name in it");
  url.remove_prefix(host_end);
  const std::size_t mark = std::min(url.find('?'), url.size());
  SF_TRY(request.path, DecodeUri(mark == 0 ? "/" : url.substr(0, mark), Plus::kIsPlus));
  url.remove_prefix(std::min(mark + 1, url.size()));
  while (!url.empty()) {
    const std::string_view pair = url.substr(0, url.find('&'));
    url.remove_prefix(std::min(pair.size() + 1, url.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    SF_TRY(auto name, DecodeUri(pair.substr(0, equals), Plus::kIsSpace));
    SF_TRY(auto value, DecodeUri(pair.substr(std::min(equals + 1, pair.size())), Plus::kIsSpace));
    request.query.emplace_back(std::move(name), std::move(value));
  }
  return request;
}

std::string TrimmedToken(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

Secret FormBody(const NameValues& fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += EncodeQueryPart(name) + '=' + EncodeQueryPart(value);
  }
  return Secret(body);
}

namespace {
/// Codes that services send with HTTP 400 and that pass.  Facts: the lists of errors of both STS,
/// and botocore's retries.
bool Passes(std::string_view problem) {
  constexpr std::string_view kPassing[] = {
      "IDPCommunicationError", "InternalError",      "InternalFailure", "RequestLimitExceeded",
      "RequestThrottled",      "ServiceUnavailable", "SlowDown",        "Throttling",
      "TooManyRequests"};
  return std::any_of(std::begin(kPassing), std::end(kPassing),
                     [&](std::string_view code) { return problem.starts_with(code); });
}
}  // namespace

Result<void> CheckStatus(const HttpCallAnswer& answer, std::string_view service) {
  if (answer.status >= 200 && answer.status < 300) return {};
  const std::string problem = Problem(answer.body);
  std::string message = std::string(service) + " answers " + std::to_string(answer.status) +
                        (problem.empty() ? "" : " " + problem);
  if (answer.status == 408 || answer.status == 429 || answer.status >= 500 || Passes(problem)) {
    return Error(ErrorCode::kUnavailable, std::move(message), Retry::kMayHelp);
  }
  return Bad(std::move(message));
}

}  // namespace stateferry::storage::s3
