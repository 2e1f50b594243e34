#include "storage/s3/unheard_uploads.h"

#include <fmt/format.h>

#include "base/log.h"
#include "storage/s3/ranged_get.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {

namespace {

constexpr std::string_view kIntent = "begun-at:";
/// No request to begin an upload is under way for longer; what was begun later is somebody else's.
constexpr auto kLongest = std::chrono::hours(1);
/// Services tell whole seconds, in Date and in listings.
constexpr auto kCoarse = std::chrono::seconds(2);

}  // namespace

std::string UnheardUploads::Intent() const {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(Now().time_since_epoch()).count();
  return fmt::format("{}{}:{}", kIntent, seconds, EncodeQueryPart(client_->service()));
}

std::optional<UnheardUploads::Begun> UnheardUploads::ParseIntent(std::string_view token) {
  if (!token.starts_with(kIntent)) return std::nullopt;
  token.remove_prefix(kIntent.size());
  const auto colon = token.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto seconds = ParseNumber(token.substr(0, colon));
  auto service = DecodeUri(token.substr(colon + 1), Plus::kIsPlus);
  if (!seconds || *seconds > INT32_MAX || !service) return std::nullopt;
  return Begun{SystemTime(std::chrono::seconds(static_cast<std::int64_t>(*seconds))),
               std::move(*service)};
}

SystemTime UnheardUploads::Now() const { return client_->ServiceTime() - kCoarse; }

void UnheardUploads::Note(std::string_view key, SystemTime at) {
  std::lock_guard lock(mutex_);
  noted_.try_emplace(std::string(key), at);
}

void UnheardUploads::SweepNoted(std::string_view key, const std::string& known) {
  SystemTime at;
  {
    std::lock_guard lock(mutex_);
    const auto noted = noted_.find(key);
    if (noted == noted_.end()) return;
    at = noted->second;
    noted_.erase(noted);
  }
  if (auto swept = Sweep(key, at, known); !swept)
    LogWarning("storage", "an upload of {} whose answer was lost may be left behind: {}", key,
               swept.error().message());
}

Result<void> UnheardUploads::Sweep(std::string_view key, SystemTime at, const std::string& known) {
  auto uploads = client_->ListUploads(key);
  if (!uploads && uploads.error().code() == ErrorCode::kPermission) {
    LogWarning("storage", "{}: whether an unheard upload of {} is left cannot be told: {}",
               client_->location(), key, uploads.error().message());
    return {};
  }
  if (!uploads) return std::move(uploads).error();
  for (const auto& upload : *uploads) {
    const SystemTime begun{std::chrono::duration_cast<SystemTime::duration>(
        std::chrono::nanoseconds(upload.initiated_ns))};
    if (upload.key != key || upload.upload_id == known || begun < at || begun > at + kLongest)
      continue;
    SF_TRY(client_->Abort(key, upload.upload_id));
    LogInfo("storage", "{}: an upload of {} that nobody had heard of is aborted",
            client_->location(), key);
  }
  return {};
}

}  // namespace stateferry::storage::s3
