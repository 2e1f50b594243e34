#include "storage/s3/unheard_uploads.h"

#include <fmt/format.h>

#include "base/log.h"
#include "storage/s3/time_text.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {

namespace {

constexpr std::string_view kIntent = "begun-at:";
/// No request to begin an upload is under way for longer; what was begun later is somebody else's.
constexpr auto kLongest = std::chrono::hours(1);
/// Services tell whole seconds, in Date and in listings.
constexpr auto kCoarse = std::chrono::seconds(2);
constexpr int kListings = 8;

}  // namespace

std::string UnheardUploads::Intent() const {
  return fmt::format("{}{}:{}", kIntent, UnixSeconds(Now()), EncodeQueryPart(client_->service()));
}

std::optional<UnheardUploads::Begun> UnheardUploads::ParseIntent(std::string_view token) {
  if (!token.starts_with(kIntent)) return std::nullopt;
  token.remove_prefix(kIntent.size());
  const auto colon = token.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto at = ParseUnixSeconds(token.substr(0, colon));
  auto service = DecodeUri(token.substr(colon + 1), Plus::kIsPlus);
  if (!at || !service) return std::nullopt;
  return Begun{*at, std::move(*service)};
}

SystemTime UnheardUploads::Now() const { return client_->ServiceTime() - kCoarse; }

void UnheardUploads::Note(std::string_view key, SystemTime at) {
  std::lock_guard lock(mutex_);
  noted_.try_emplace(std::string(key), at);
}

Result<void> UnheardUploads::SweepNoted(std::string_view key, const std::string& known) {
  std::unique_lock lock(mutex_);
  const auto noted = noted_.find(key);
  if (noted == noted_.end()) return {};
  const SystemTime at = noted->second;
  lock.unlock();
  SF_TRY(Sweep(key, at, known));
  lock.lock();
  noted_.erase(std::string(key));
  return {};
}

Result<void> UnheardUploads::Sweep(std::string_view key, SystemTime at, const std::string& known) {
  int without = 0;
  for (int listing = 0; listing < kListings && without < 2; ++listing) {
    auto uploads = client_->ListUploads(key);
    if (!uploads && uploads.error().code() == ErrorCode::kPermission) {
      LogWarning("storage", "{}: whether an unheard upload of {} is left cannot be told: {}",
                 client_->location(), key, uploads.error().message());
      return {};
    }
    if (!uploads) return std::move(uploads).error();
    SF_TRY(const bool found, SweepListed(*uploads, key, at, known));
    without = found ? 0 : without + 1;
  }
  if (without == 2) return {};
  return Error(ErrorCode::kUnavailable,
               fmt::format("uploads of {} that nobody has heard of do not go away", key),
               Retry::kMayHelp);
}

/// Whether there were any.
Result<bool> UnheardUploads::SweepListed(const std::vector<ListedUpload>& uploads,
                                         std::string_view key, SystemTime at,
                                         const std::string& known) {
  bool found = false;
  for (const auto& upload : uploads) {
    const SystemTime begun{std::chrono::duration_cast<SystemTime::duration>(
        std::chrono::nanoseconds(upload.initiated_ns))};
    if (upload.key != key || upload.upload_id == known || begun < at || begun > at + kLongest)
      continue;
    found = true;
    SF_TRY(client_->Abort(key, upload.upload_id));
    LogInfo("storage", "{}: an upload of {} that nobody had heard of is aborted",
            client_->location(), key);
  }
  return found;
}

}  // namespace stateferry::storage::s3
