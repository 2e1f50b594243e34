#pragma once
// Places that credentials may come from, and what they may look at.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/s3/http_call.h"
#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// Everything outside that a source reads, so that tests can give all of it.  Its functions must be
/// thread-safe; the clock outlives the sources.
struct CredentialSurroundings {
  std::map<std::string, std::string> variables;  ///< the environment
  std::string home;                              ///< without '/' at the end; "" = none
  Clock* clock = nullptr;
  /// Nothing when the file is not there.
  std::function<Result<std::optional<Secret>>(const std::string& path)> read_file;
  HttpCall http;
  /// Runs a program and gives what it writes to stdout.
  std::function<Result<Secret>(const std::vector<std::string>& command)> run;
  /// 128 random bits in hex, new in each call.
  std::function<std::string()> nonce;

  /// "" when it is not set; a variable that is set to nothing counts as not set.
  std::string Variable(const std::string& name) const;
  bool IsTrue(const std::string& name) const;
};

/// With the real environment, files, programs and random numbers.  `http` must be thread-safe.
CredentialSurroundings RealSurroundings(HttpCall http);

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// Asks anew.  Nothing when this source is not set up here, so that the next one may be asked.
  /// Errors: kPermission: it is set up and wrong; kUnavailable (retry may help).  One caller at a
  /// time.
  virtual Result<std::optional<Credentials>> Fetch() = 0;
  /// "environment", for messages.  Holds no secret.
  virtual std::string Describe() const = 0;
};

/// The credentials with which a role is assumed.  Errors: those of Fetch; kPermission when the
/// source has none.
Result<Credentials> FetchForRole(CredentialSource& source, const std::string& role_arn);

/// The first source that has credentials; later fetches ask that one first.
std::unique_ptr<CredentialSource> MakeChain(std::vector<std::unique_ptr<CredentialSource>> sources);

}  // namespace stateferry::storage::s3
