#include "storage/s3/ini_file.h"

#include <algorithm>

#include "storage/s3/http_request.h"

namespace stateferry::storage::s3 {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string KeyName(std::string_view key, IniNames names) {
  std::string name = LowerCase(key);
  if (names == IniNames::kOssutil) std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
  return name;
}

/// "[profile  a b]" -> "profile a b".
std::optional<std::string> SectionName(std::string_view line, IniNames names) {
  const std::size_t end = line.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view behind = Trim(line.substr(end + 1));
  if (!behind.empty() && behind.front() != '#' && behind.front() != ';') return std::nullopt;
  std::string_view name = Trim(line.substr(1, end - 1));
  if (name.empty()) return std::nullopt;
  std::string normal(name);
  if (name.starts_with("profile") && name.size() > 7 &&
      kBlanks.find(name[7]) != std::string_view::npos) {
    normal = "profile " + std::string(Trim(name.substr(7)));
  }
  return names == IniNames::kOssutil ? LowerCase(normal) : normal;
}

Error BadLine(std::size_t number) {
  return Error(ErrorCode::kInvalidArgument,
               "line " + std::to_string(number) + " is neither [section] nor key = value");
}

}  // namespace

std::optional<Secret> IniSection::Find(const std::string& key) const {
  const auto it = values_.find(key);
  if (it == values_.end()) return std::nullopt;
  return it->second;
}

std::string IniSection::Text(const std::string& key) const {
  const auto it = values_.find(key);
  return it == values_.end() ? std::string() : it->second.Reveal();
}

Result<IniFile> IniFile::Parse(std::string_view text, IniNames names) {
  if (text.size() > kMaxBytes) return Error(ErrorCode::kRefused, "larger than 1 MiB");
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // what Windows editors put in front
  IniFile file;
  IniSection* section = nullptr;
  std::string key;  // the last one that no other holds; "" = none in this section yet
  std::size_t key_indent = 0;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    const std::string_view line = Trim(whole);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    const std::size_t indent = whole.find_first_not_of(kBlanks);
    const bool is_below = !key.empty() && indent > key_indent;
    if (line.front() == '[' && !is_below) {
      const auto name = SectionName(line, names);
      if (!name) return BadLine(number);
      section = &file.sections_[*name];
      key.clear();
      continue;
    }
    if (section == nullptr) return BadLine(number);
    if (is_below && !section->values_[key].empty()) {
      section->values_[key] = Secret(section->values_[key].Reveal() + '\n' + std::string(line));
      continue;
    }
    const std::size_t equals = line.find('=');
    const std::string name = KeyName(Trim(line.substr(0, equals)), names);
    if (equals == std::string_view::npos || name.empty()) return BadLine(number);
    const Secret value(Trim(line.substr(equals + 1)));
    section->values_.insert_or_assign(is_below ? key + '.' + name : name, value);
    if (is_below) continue;
    key = name;
    key_indent = indent;
  }
  return file;
}

const IniSection* IniFile::Find(const std::string& section) const {
  const auto it = sections_.find(section);
  return it == sections_.end() ? nullptr : &it->second;
}

const IniSection* IniFile::FindProfile(const std::string& name) const {
  const IniSection* section = Find("profile " + name);
  return section != nullptr ? section : Find(name);
}

}  // namespace stateferry::storage::s3
