#include "storage/s3/open_bucket.h"

#include "storage/http/client.h"
#include "storage/s3/alibaba_profile.h"
#include "storage/s3/aws_profile.h"
#include "storage/s3/http_caller.h"
#include "storage/s3/s3_backend.h"

namespace stateferry::storage::s3 {

namespace {

std::string ValueOf(const Variables& environment, const char* name) {
  const auto it = environment.find(name);
  return it == environment.end() ? "" : it->second;
}

CredentialSurroundings Around(const Variables& environment, Clock& clock,
                              std::shared_ptr<http::Client> http) {
  CredentialSurroundings around = RealSurroundings(CallOver(std::move(http)));
  around.variables = environment;
  around.home = ValueOf(environment, "HOME");
  around.clock = &clock;
  return around;
}

/// Where the profile of the vendor's tools says that its buckets are.
Result<BucketProfile> ProfileOf(const Location& location, const CredentialSurroundings& around) {
  const auto named = location.options.find("profile");
  const std::string profile = named == location.options.end() ? "" : named->second;
  if (location.scheme == "oss") {
    SF_TRY(const auto settings, ReadOssSettings(around, profile));
    return BucketProfile{settings.region, settings.endpoint, settings.addressing_style};
  }
  SF_TRY(const auto settings, ReadAwsSettings(around, profile));
  const bool ignored = around.IsTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  return BucketProfile{settings.region, ignored ? "" : settings.endpoint_url,
                       settings.addressing_style};
}

std::shared_ptr<CredentialsProvider> CredentialsOf(const Location& location, const Bucket& bucket,
                                                   CredentialSurroundings around) {
  const CredentialOptions options{.profile = bucket.profile};
  return location.scheme == "oss" ? MakeOssCredentials(std::move(around), options)
                                  : MakeS3Credentials(std::move(around), options);
}

}  // namespace

Result<Bucket> FindBucket(const Location& location, Clock& clock, const Variables& environment) {
  SF_TRY(const auto profile, ProfileOf(location, Around(environment, clock, nullptr)));
  return ResolveBucket(location, environment, profile);
}

Result<std::shared_ptr<Session>> OpenSession(const Location& location, Clock& clock,
                                             const OpenOptions& options) {
  const Variables& environment = options.environment;
  SessionOptions session{.stop = options.stop};
  session.http = std::make_shared<http::Client>(
      http::ClientOptions{.ca_file = ValueOf(environment, "SSL_CERT_FILE"),
                          .ca_directory = ValueOf(environment, "SSL_CERT_DIR")});
  SF_TRY(auto bucket, FindBucket(location, clock, environment));
  if (options.rate_of) session.rate = options.rate_of(bucket);
  session.credentials = CredentialsOf(location, bucket, Around(environment, clock, session.http));
  return std::make_shared<Session>(std::move(bucket), clock, std::move(session));
}

Result<std::shared_ptr<Backend>> OpenBucket(const Location& location, Clock& clock,
                                            const OpenOptions& options) {
  SF_TRY(auto session, OpenSession(location, clock, options));
  return MakeS3Backend(std::make_shared<Client>(std::move(session)));
}

}  // namespace stateferry::storage::s3
