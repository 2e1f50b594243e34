#include "state/snapshot/last_objects.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "state/snapshot/flink_metadata_limits.h"
#include "state/snapshot/source_objects.h"

namespace stateferry::state::snapshot {

Result<std::string> LastObjects::ContentOf(const LastObject& object) {
  if (object.bytes) return *object.bytes;
  SourceObjects objects(places_);
  SF_TRY(std::string content, objects.ReadAll(object.copy_from, kMaxMetadataBytes));
  // Looked at after reading: then what was read is what was listed.
  SF_TRY(const auto now, objects.Find(object.copy_from));
  if (now && now->etag == object.etag) return content;
  return Error(ErrorCode::kConflict,
               object.copy_from.ToString() + " changed while the files that it names were copied")
      .WithHint("the same command again copies what is there now");
}

Result<LastObjects::Held> LastObjects::WhatIsThere(const LastObject& object,
                                                   std::string_view content,
                                                   storage::Access access) {
  auto place = places_.Open(to_, access);
  if (!place && place.error().code() == ErrorCode::kNotFound && access == storage::Access::kRead)
    return Held::kNothing;
  if (!place) return std::move(place).error();
  const std::string key = place->Key(object.to_name);
  auto meta = place->backend->Stat(key);
  if (!meta && meta.error().code() == ErrorCode::kNotFound) return Held::kNothing;
  if (!meta) return std::move(meta).error();
  if (meta->size_bytes != content.size()) return Held::kOther;
  SF_TRY(const std::string there, storage::ReadAll(*place->backend, key, content.size()));
  return there == content ? Held::kSame : Held::kOther;
}

Result<void> LastObjects::CheckFree(const LastObject& object) {
  if (if_exists_ == transfer::IfExists::kOverwrite) return {};
  SF_TRY(const std::string content, ContentOf(object));
  SF_TRY(const Held held, WhatIsThere(object, content, storage::Access::kRead));
  if (held == Held::kNothing) return {};
  if (held == Held::kSame && (may_be_ours_ || if_exists_ != transfer::IfExists::kFail)) return {};
  return Error(ErrorCode::kConflict,
               fmt::format("{} is there already{}", to_.Child(object.to_name).ToString(),
                           held == Held::kOther ? " with other content" : ""))
      .WithHint("choose another destination, or replace it with --if-exists overwrite");
}

Result<void> LastObjects::DropOther(const LastObject& object) {
  SF_TRY(const std::string content, ContentOf(object));
  SF_TRY(const Held held, WhatIsThere(object, content, storage::Access::kWrite));
  if (held != Held::kOther) return {};
  SF_TRY(const auto place, places_.Open(to_, storage::Access::kWrite));
  SF_TRY(place.backend->Delete(place.Key(object.to_name)));
  return place.backend->Flush();
}

Result<transfer::LastObjectReceipt> LastObjects::Put(const LastObject& object) {
  SF_TRY(const std::string content, ContentOf(object));
  transfer::LastObjectReceipt receipt{
      .to_name = object.to_name, .size_bytes = content.size(), .hash = Xxh3_128(AsBytes(content))};
  SF_TRY(const Held before, WhatIsThere(object, content, storage::Access::kWrite));
  SF_TRY(const auto place, places_.Open(to_, storage::Access::kWrite));
  const std::string key = place.Key(object.to_name);
  if (before == Held::kSame) {
    // A run that was killed may have named it and not made that durable.
    SF_TRY(place.backend->MakeDurable(key));
    SF_TRY(place.backend->Flush());
    return receipt;
  }
  // Somebody may have put one since CheckFree looked.
  const bool overwrite = if_exists_ == transfer::IfExists::kOverwrite;
  const auto put = place.backend->Put(key, AsBytes(content), {.overwrite = overwrite});
  // When the answer to a request got lost, its repetition finds what the first one put.
  if (!put && put.error().code() != ErrorCode::kConflict) return put.error();
  SF_TRY(const Held after, WhatIsThere(object, content, storage::Access::kWrite));
  if (after == Held::kSame) return receipt;
  if (!put) return put.error();
  return Error(ErrorCode::kCorruption, to_.Child(object.to_name).ToString() +
                                           " was written and does not read back as it should");
}

}  // namespace stateferry::state::snapshot
