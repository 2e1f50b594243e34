#pragma once
// Rows of tests/data/signing, made by the official SDKs.

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/json.h"
#include "storage/s3/signer.h"
#include "storage/s3/uri_encode.h"
#include "tests/fakes/source_dir.h"

namespace stateferry::storage::s3 {

inline Json ReadJsonFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  auto json = ParseJson(text);
  EXPECT_TRUE(json.has_value()) << path;
  return json ? *json : Json();
}

inline Json SigningData(const std::string& file) {
  return ReadJsonFile(fakes::SourceDir() + "/tests/data/signing/" + file);
}

/// "20250102T030405Z"
inline SystemTime TimeOf(const std::string& compact) {
  using std::chrono::sys_days;
  const auto number = [&](std::size_t at, std::size_t size) {
    return std::stoi(compact.substr(at, size));
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(4, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(6, 2)))};
  return sys_days(day) + std::chrono::hours(number(9, 2)) + std::chrono::minutes(number(11, 2)) +
         std::chrono::seconds(number(13, 2));
}

inline std::string Decoded(std::string_view text) {
  auto decoded = DecodeUri(text, Plus::kIsPlus);
  EXPECT_TRUE(decoded.has_value()) << text;
  return decoded ? *decoded : std::string();
}

/// The decoded parameters of a query on the wire.
inline NameValues QueryOf(std::string_view wire) {
  NameValues query;
  while (!wire.empty()) {
    const std::string_view one = wire.substr(0, wire.find('&'));
    wire.remove_prefix(std::min(wire.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    query.emplace_back(Decoded(one.substr(0, equals)), equals == std::string_view::npos
                                                           ? std::string()
                                                           : Decoded(one.substr(equals + 1)));
  }
  return query;
}

inline std::string TextOf(const Json& row, const char* field) {
  return JsonString(row, field).value_or("");
}

inline Credentials CredentialsOf(const Json& row) {
  Credentials credentials;
  credentials.access_key_id = TextOf(row, "access_key");
  credentials.secret_access_key = Secret(TextOf(row, "secret_key"));
  credentials.session_token = Secret(TextOf(row, "session_token"));
  return credentials;
}

inline NameValues HeadersOf(const Json& row) {
  NameValues headers;
  for (const auto& header : row["headers"]) {
    headers.emplace_back(header[0].get<std::string>(), header[1].get<std::string>());
  }
  return headers;
}

/// Method, scheme, host and decoded path and query as the row's URL has them.
inline HttpRequest RequestOf(const Json& row) {
  HttpRequest request;
  request.method = TextOf(row, "method");
  request.scheme = TextOf(row, "scheme");
  const std::string url = TextOf(row, "url");
  const std::size_t host_at = url.find("://") + 3;
  request.host = url.substr(host_at, url.find_first_of("/?", host_at) - host_at);
  request.path = Decoded(TextOf(row, "wire_path"));
  request.query = QueryOf(TextOf(row, "wire_query"));
  return request;
}

}  // namespace stateferry::storage::s3
