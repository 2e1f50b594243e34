#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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
  /// Aborts what was noted of `key`, which stays noted after an error, but for `known`.
  Result<void> SweepNoted(std::string_view key, const std::string& known);
  /// Aborts what an intent of that time has begun.
  Result<void> SweepIntent(std::string_view key, SystemTime at);
  /// Aborts the upload of `key` that was begun at that time under another id than `heard`, which
  /// the service does not know.  Looks once for each id.
  Result<void> SweepMisheard(std::string_view key, SystemTime at, const std::string& heard);

 private:
  struct Sweeping {
    std::string_view key;
    SystemTime from, to;
    std::string known;
    std::set<std::string> aborted = {};
  };
  struct Noted {
    SystemTime first, last;
  };
  Result<void> Sweep(Sweeping sweeping);
  Result<bool> SweepListed(const std::vector<ListedUpload>& uploads, Sweeping& sweeping);

  const std::shared_ptr<Client> client_;
  std::mutex mutex_;
  std::map<std::string, Noted, std::less<>> noted_;  // guarded by mutex_
  std::set<std::string> misheard_;                   // ids that were looked for; guarded by mutex_
};

}  // namespace stateferry::storage::s3
