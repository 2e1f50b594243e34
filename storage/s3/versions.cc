#include "storage/s3/versions.h"

#include <utility>

#include "storage/s3/body_check.h"

namespace stateferry::storage::s3 {

Versions::Entry* Versions::Touch(std::string_view key) {
  const auto it = index_.find(key);
  if (it == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, it->second);
  return &*it->second;
}

std::optional<Version> Versions::Find(std::string_view key) {
  std::lock_guard lock(mutex_);
  const Entry* entry = Touch(key);
  if (!entry) return std::nullopt;
  return entry->version;
}

void Versions::Add(std::string_view key, Version version) {
  entries_.push_front({.key = std::string(key), .version = std::move(version)});
  index_.emplace(entries_.front().key, entries_.begin());
  if (entries_.size() <= capacity_) return;
  index_.erase(entries_.back().key);
  entries_.pop_back();
}

void Versions::Note(std::string_view key, Version version) {
  std::lock_guard lock(mutex_);
  if (Entry* entry = Touch(key)) {
    if (entry->version == version) return;
    entry->version = std::move(version);
    entry->read.clear();
  } else {
    Add(key, std::move(version));
  }
}

bool Versions::Agree(std::string_view key, const Version& version) {
  std::lock_guard lock(mutex_);
  if (const Entry* entry = Touch(key)) return entry->version == version;
  Add(key, version);
  return true;
}

void Versions::NoteRead(std::string_view key, const Version& version, std::uint64_t offset,
                        std::uint64_t size_bytes, std::uint64_t crc) {
  std::lock_guard lock(mutex_);
  Entry* entry = Touch(key);
  if (entry && entry->version == version) entry->read[offset] = {size_bytes, crc};
}

std::optional<std::uint64_t> Versions::CrcOfAllRead(std::string_view key, const Dialect& dialect) {
  std::lock_guard lock(mutex_);
  const Entry* entry = Touch(key);
  if (!entry || entry->read.empty()) return std::nullopt;
  std::uint64_t end = 0, crc = 0;
  for (const auto& [offset, range] : entry->read) {
    if (offset != end) return std::nullopt;
    crc = end == 0 ? range.crc : CombineCrc(dialect, crc, range.crc, range.size_bytes);
    end += range.size_bytes;
  }
  if (end != entry->version.size_bytes) return std::nullopt;
  return crc;
}

void Versions::Forget(std::string_view key) {
  std::lock_guard lock(mutex_);
  const auto it = index_.find(key);
  if (it == index_.end()) return;
  const auto entry = it->second;
  index_.erase(it);
  entries_.erase(entry);
}

}  // namespace stateferry::storage::s3
