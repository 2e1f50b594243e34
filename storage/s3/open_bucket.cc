#include "storage/s3/open_bucket.h"

#include "storage/http/client.h"
#include "storage/s3/http_caller.h"
#include "storage/s3/s3_backend.h"

namespace stateferry::storage::s3 {

namespace {

std::string ValueOf(const Variables& environment, const char* name) {
  const auto it = environment.find(name);
  return it == environment.end() ? "" : it->second;
}

std::shared_ptr<CredentialsProvider> CredentialsOf(const Location& location, const Bucket& bucket,
                                                   Clock& clock, const Variables& environment,
                                                   std::shared_ptr<http::Client> http) {
  CredentialSurroundings around = RealSurroundings(CallOver(std::move(http)));
  around.variables = environment;
  around.home = ValueOf(environment, "HOME");
  around.clock = &clock;
  const CredentialOptions options{.profile = bucket.profile};
  return location.scheme == "oss" ? MakeOssCredentials(std::move(around), options)
                                  : MakeS3Credentials(std::move(around), options);
}

}  // namespace

Result<std::shared_ptr<Session>> OpenSession(const Location& location, Clock& clock,
                                             const OpenOptions& options) {
  SF_TRY(auto bucket, ResolveBucket(location, options.environment));
  const Variables& environment = options.environment;
  SessionOptions session{.stop = options.stop};
  session.http = std::make_shared<http::Client>(
      http::ClientOptions{.ca_file = ValueOf(environment, "SSL_CERT_FILE"),
                          .ca_directory = ValueOf(environment, "SSL_CERT_DIR")});
  session.credentials = CredentialsOf(location, bucket, clock, environment, session.http);
  return std::make_shared<Session>(std::move(bucket), clock, std::move(session));
}

Result<std::shared_ptr<Backend>> OpenBucket(const Location& location, Clock& clock,
                                            const OpenOptions& options) {
  SF_TRY(auto session, OpenSession(location, clock, options));
  return MakeS3Backend(std::make_shared<Client>(std::move(session)));
}

}  // namespace stateferry::storage::s3
