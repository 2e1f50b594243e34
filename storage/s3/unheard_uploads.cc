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
/// Its answer has come, so the request has ended in its time.
constexpr auto kHeardWithin = std::chrono::minutes(10);

bool CannotList(const Error& error) {
  return error.code() == ErrorCode::kPermission || error.code() == ErrorCode::kRefused ||
         error.code() == ErrorCode::kInvalidArgument;
}

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
  noted_.try_emplace(std::string(key), Noted{at, at}).first->second.last = at;
}

Result<void> UnheardUploads::SweepNoted(std::string_view key, const std::string& known) {
  std::unique_lock lock(mutex_);
  const auto found = noted_.find(key);
  if (found == noted_.end()) return {};
  const Noted noted = found->second;
  lock.unlock();
  SF_TRY(Sweep({key, noted.first, noted.last + kLongest, known}));
  lock.lock();
  noted_.erase(std::string(key));
  return {};
}

Result<void> UnheardUploads::SweepIntent(std::string_view key, SystemTime at) {
  return Sweep({key, at, at + kLongest, ""});
}

Result<void> UnheardUploads::SweepMisheard(std::string_view key, SystemTime at,
                                           const std::string& heard) {
  {
    std::lock_guard lock(mutex_);
    if (misheard_.contains(heard)) return {};
  }
  SF_TRY(Sweep({key, at, at + kHeardWithin, heard}));
  std::lock_guard lock(mutex_);
  misheard_.insert(heard);
  return {};
}

/// Until two listings tell of none that was not aborted: one may be damaged on its way, and some
/// services go on listing what is gone.  Where uploads cannot be listed nothing is done, with a
/// warning.
Result<void> UnheardUploads::Sweep(Sweeping sweeping) {
  int without = 0;
  for (int listing = 0; listing < kListings && without < 2; ++listing) {
    auto uploads = client_->ListUploads(sweeping.key);
    if (!uploads && CannotList(uploads.error())) {
      LogWarning("storage", "{}: whether an unheard upload of {} is left cannot be told: {}",
                 client_->location(), sweeping.key, uploads.error().message());
      return {};
    }
    // That the bucket is not there does not say that the upload is gone.
    if (!uploads && uploads.error().code() == ErrorCode::kNotFound)
      return Error(ErrorCode::kRefused, uploads.error().message());
    if (!uploads) return std::move(uploads).error();
    SF_TRY(const bool found, SweepListed(*uploads, sweeping));
    without = found ? 0 : without + 1;
  }
  if (without == 2) return {};
  return Error(ErrorCode::kUnavailable,
               fmt::format("uploads of {} that nobody has heard of do not go away", sweeping.key),
               Retry::kMayHelp);
}

/// Whether there were any that were not aborted before.
Result<bool> UnheardUploads::SweepListed(const std::vector<ListedUpload>& uploads,
                                         Sweeping& sweeping) {
  bool found = false;
  for (const auto& upload : uploads) {
    const SystemTime begun{std::chrono::duration_cast<SystemTime::duration>(
        std::chrono::nanoseconds(upload.initiated_ns))};
    if (upload.key != sweeping.key || upload.upload_id == sweeping.known || begun < sweeping.from ||
        begun > sweeping.to || sweeping.aborted.contains(upload.upload_id))
      continue;
    found = true;
    SF_TRY(client_->Abort(upload.key, upload.upload_id));
    sweeping.aborted.insert(upload.upload_id);
    LogInfo("storage", "{}: an upload of {} that nobody had heard of is aborted",
            client_->location(), upload.key);
  }
  return found;
}

}  // namespace stateferry::storage::s3
