#include "storage/s3/versions.h"

#include <iterator>
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
                        std::uint64_t size_bytes, std::uint64_t crc, const Dialect& dialect) {
  std::lock_guard lock(mutex_);
  Entry* entry = Touch(key);
  if (!entry || entry->version != version || size_bytes == 0) return;
  auto& read = entry->read;
  auto next = read.lower_bound(offset);
  const auto end_of = [](const auto& range) { return range.first + range.second.size_bytes; };
  const bool overlaps = (next != read.end() && next->first < offset + size_bytes) ||
                        (next != read.begin() && end_of(*std::prev(next)) > offset);
  // Read again: which of the bytes are used is not known, so that all count from here on.
  if (overlaps) {
    read.clear();
    next = read.end();
  }
  Range range{size_bytes, crc};
  if (next != read.end() && next->first == offset + size_bytes) {
    range = {size_bytes + next->second.size_bytes,
             CombineCrc(dialect, crc, next->second.crc, next->second.size_bytes)};
    next = read.erase(next);
  }
  if (next != read.begin() && end_of(*std::prev(next)) == offset) {
    Range& before = std::prev(next)->second;
    before = {before.size_bytes + range.size_bytes,
              CombineCrc(dialect, before.crc, range.crc, range.size_bytes)};
    return;
  }
  read.emplace(offset, range);
}

std::optional<std::uint64_t> Versions::CrcOfAllRead(std::string_view key) {
  std::lock_guard lock(mutex_);
  const Entry* entry = Touch(key);
  if (!entry || entry->read.size() != 1) return std::nullopt;
  const auto& [offset, range] = *entry->read.begin();
  if (offset != 0 || range.size_bytes != entry->version.size_bytes) return std::nullopt;
  return range.crc;
}

void Versions::ForgetRead(std::string_view key) {
  std::lock_guard lock(mutex_);
  if (Entry* entry = Touch(key)) entry->read.clear();
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
