#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "storage/s3/client.h"
#include "storage/s3/signer.h"

namespace stateferry::storage::s3 {

/// Uploads that the service may have begun although nobody heard their id: the answer was lost or
/// damaged, or the process was killed.  They are found by their key and the time at which they were
/// begun.
/// Thread-safe.
class UnheardUploads {
 public:
  explicit UnheardUploads(std::shared_ptr<Client> client) : client_(std::move(client)) {}

  /// A resume token for an upload that is begun from now on.
  std::string Intent() const;
  /// When the upload of such a token was to begin, and at which service; nothing for other tokens.
  struct Begun {
    SystemTime at;
    std::string service;
  };
  static std::optional<Begun> ParseIntent(std::string_view token);

  /// The service's time, rounded down as services tell it.
  SystemTime Now() const;
  /// An upload of `key` was asked for at that time, and the answer did not come.
  void Note(std::string_view key, SystemTime at);
  /// Sweep() of what was noted of `key`, which stays noted after an error.
  Result<void> SweepNoted(std::string_view key, const std::string& known);
  /// Aborts the uploads of `key` that were begun in the hour after `at`, but for `known`, until two
  /// listings tell of none: one may be damaged on its way.  Without the right to list uploads
  /// nothing is done, with a warning.
  Result<void> Sweep(std::string_view key, SystemTime at, const std::string& known);

 private:
  Result<bool> SweepListed(const std::vector<ListedUpload>& uploads, std::string_view key,
                           SystemTime at, const std::string& known);

  const std::shared_ptr<Client> client_;
  std::mutex mutex_;
  std::map<std::string, SystemTime, std::less<>> noted_;  // guarded by mutex_
};

}  // namespace stateferry::storage::s3
