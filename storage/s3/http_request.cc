#include "storage/s3/http_request.h"

#include <algorithm>

#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  return lower;
}

bool IsSameHeader(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string HostHeader(const HttpRequest& request) {
  std::string host = LowerCase(request.host);
  const std::string_view port = request.scheme == "http" ? ":80" : ":443";
  if (host.ends_with(port)) host.resize(host.size() - port.size());
  return host;
}

std::string Target(const HttpRequest& request) {
  std::string target = EncodePath(request.path);
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    target += separator;
    target += EncodeQueryPart(name);
    if (!value.empty()) target += '=' + EncodeQueryPart(value);
    separator = '&';
  }
  return target;
}

std::string Url(const HttpRequest& request) {
  return request.scheme + "://" + HostHeader(request) + Target(request);
}

void RemoveHeader(NameValues& headers, std::string_view name) {
  std::erase_if(headers, [&](const auto& header) { return IsSameHeader(header.first, name); });
}

void SetHeader(NameValues& headers, std::string_view name, std::string value) {
  RemoveHeader(headers, name);
  headers.emplace_back(name, std::move(value));
}

std::optional<std::string> FindHeader(const NameValues& headers, std::string_view name) {
  for (const auto& header : headers) {
    if (IsSameHeader(header.first, name)) return header.second;
  }
  return std::nullopt;
}

}  // namespace stateferry::storage::s3
