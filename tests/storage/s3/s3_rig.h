#pragma once
// A client of a bucket that the test itself serves.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "storage/s3/open_bucket.h"
#include "storage/s3/s3_backend.h"
#include "tests/fakes/http_server.h"

namespace stateferry::storage::s3 {

using fakes::HttpServer;
using fakes::Reply;
using fakes::ServedRequest;

/// A bucket "b" at the server of `handler`; requests are not signed unless `options` say so.
class S3Rig {
 public:
  explicit S3Rig(HttpServer::Handler handler, const std::string& options = "&sign=no",
                 const std::string& scheme = "s3", Clock& clock = SystemClock())
      : server(std::move(handler)) {
    auto location = storage::ParseLocation(scheme + "://b/?endpoint=" + server.url() + options);
    auto opened = OpenSession(*location, clock,
                              {.environment = {{"AWS_ACCESS_KEY_ID", "KEY"},
                                               {"AWS_SECRET_ACCESS_KEY", "not-so-secret"},
                                               {"OSS_ACCESS_KEY_ID", "KEY"},
                                               {"OSS_ACCESS_KEY_SECRET", "not-so-secret"}}});
    if (!opened) throw std::runtime_error(opened.error().message());
    session = std::move(*opened);
    client = std::make_shared<Client>(session);
    backend = MakeS3Backend(client);
  }

  HttpServer server;
  std::shared_ptr<Session> session;
  std::shared_ptr<Client> client;
  std::shared_ptr<Backend> backend;
};

inline Reply ErrorReply(int status, const std::string& code) {
  return {.status = status,
          .headers = {{"Content-Type", "application/xml"}},
          .body = "<Error><Code>" + code + "</Code><Message>told so</Message></Error>"};
}

template <typename T>
void ExpectError(const Result<T>& result, ErrorCode code, Retry retry) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), code) << result.error().message();
  EXPECT_EQ(result.error().retry(), retry) << result.error().message();
}

}  // namespace stateferry::storage::s3
