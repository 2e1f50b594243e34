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

std::shared_ptr<CredentialsProvider> MakeCredentials(const Location& location,
                                                     const CredentialOptions& options,
                                                     CredentialSurroundings around) {
  return location.scheme == "oss" ? MakeOssCredentials(std::move(around), options)
                                  : MakeS3Credentials(std::move(around), options);
}

std::string Described(const std::string& name, const PlaceProfile& profile) {
  return "place " + name + " of " + profile.origin;
}

bool HasCredentials(const PlaceProfile* profile) {
  return profile && (profile->keys || !profile->credential_process.empty());
}

Result<Bucket> Find(const Location& location, Clock& clock, const OpenOptions& options) {
  const Location complete = WithProfile(location, options.profiles, options.new_objects);
  BucketProfile of_vendor;
  // A place with keys of its own has nothing to do with the profiles of the vendor's tools, nor
  // with the service that the environment says: that is where the other side of a copy is.
  if (HasCredentials(FindProfile(location, options.profiles))) {
    of_vendor.instead_of_environment = true;
  } else {
    SF_TRY(of_vendor, ProfileOf(complete, Around(options.environment, clock, nullptr)));
  }
  auto bucket = ResolveBucket(complete, options.environment, of_vendor);
  std::string name;
  const PlaceProfile* ours = FindProfile(location, options.profiles, &name);
  if (!bucket && ours) return std::move(bucket).error().WithContext(Described(name, *ours));
  return bucket;
}

}  // namespace

Result<Bucket> FindBucket(const Location& location, Clock& clock, const Variables& environment,
                          const PlaceProfiles& profiles) {
  return Find(location, clock, {.environment = environment, .profiles = profiles});
}

Result<std::shared_ptr<Session>> OpenSession(const Location& location, Clock& clock,
                                             const OpenOptions& options) {
  const Variables& environment = options.environment;
  SessionOptions session{.stop = options.stop};
  session.http = std::make_shared<http::Client>(
      http::ClientOptions{.ca_file = ValueOf(environment, "SSL_CERT_FILE"),
                          .ca_directory = ValueOf(environment, "SSL_CERT_DIR")});
  SF_TRY(auto bucket, Find(location, clock, options));
  if (options.rate_of) session.rate = options.rate_of(bucket);
  CredentialOptions credentials{.profile = bucket.profile};
  std::string name;
  const PlaceProfile* ours = FindProfile(location, options.profiles, &name);
  if (HasCredentials(ours)) {
    credentials.keys = ours->keys;
    credentials.credential_process = ours->credential_process;
    credentials.described = Described(name, *ours);
    bucket.profile = name + " of the configuration";  // says whose credentials they are
  }
  session.credentials =
      MakeCredentials(location, credentials, Around(environment, clock, session.http));
  return std::make_shared<Session>(std::move(bucket), clock, std::move(session));
}

Result<std::shared_ptr<Backend>> OpenBucket(const Location& location, Clock& clock,
                                            const OpenOptions& options) {
  SF_TRY(auto session, OpenSession(location, clock, options));
  return MakeS3Backend(std::make_shared<Client>(std::move(session)));
}

}  // namespace stateferry::storage::s3
