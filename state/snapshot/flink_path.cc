#include "state/snapshot/flink_path.h"

#include <algorithm>
#include <vector>

#include "state/snapshot/modified_utf8.h"

namespace stateferry::state::snapshot {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Java's String.trim(): everything up to the blank, at both ends.
std::string_view Trim(std::string_view text) {
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The colon that ends a scheme: before any slash, and not that of a Windows drive ("C:...").
std::size_t FindSchemeEnd(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find('/') < colon) return std::string_view::npos;
  if (colon == 1 && IsLetter(text[0])) return std::string_view::npos;
  return colon;
}

bool IsScheme(std::string_view text) {
  if (text.empty() || !IsLetter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

std::vector<std::string_view> Components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty()) parts.push_back(part);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

std::string NormalisePath(std::string_view raw) {
  std::string path(raw);
  std::replace(path.begin(), path.end(), '\\', '/');
  const bool absolute = !path.empty() && path.front() == '/';
  std::vector<std::string_view> kept;
  for (const std::string_view part : Components(path)) {
    if (part == ".") continue;
    if (part == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else {
      kept.push_back(part);
    }
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out.push_back('/');
    out.append(kept[i]);
  }
  return out;
}

Error BadPath(ErrorCode code, std::string_view text, std::string_view why) {
  return {code, "path \"" + PrintablePath(text) + "\" " + std::string(why)};
}

}  // namespace

std::string FlinkPath::Text() const {
  std::string text;
  if (!scheme.empty()) text += scheme + ":";
  if (!authority.empty()) text += "//" + authority;
  return text + path;
}

Result<FlinkPath> ParseFlinkPath(std::string_view text) {
  std::string_view rest = Trim(text);
  if (rest.empty()) return Error(ErrorCode::kCorruption, "the path is empty");
  if (rest.find('\0') != std::string_view::npos) {
    return BadPath(ErrorCode::kCorruption, text, "holds a NUL");
  }
  FlinkPath out;
  const bool has_drive = rest.size() >= 2 && IsLetter(rest[0]) && rest[1] == ':';
  const std::size_t scheme_end = FindSchemeEnd(rest);
  if (scheme_end != std::string_view::npos) {
    out.scheme = rest.substr(0, scheme_end);
    if (!IsScheme(out.scheme)) return BadPath(ErrorCode::kCorruption, text, "has a bad scheme");
    rest.remove_prefix(scheme_end + 1);
  }
  if (rest.size() > 2 && rest.starts_with("//")) {
    const std::size_t end = rest.find('/', 2);
    out.authority = rest.substr(2, end == std::string_view::npos ? end : end - 2);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
  }
  // Flink puts a slash before a Windows drive.
  out.path = NormalisePath(has_drive ? "/" + std::string(rest) : std::string(rest));
  if (out.path.empty() && !out.authority.empty()) out.path = "/";
  if (!out.scheme.empty() && !out.IsAbsolute()) {
    return BadPath(ErrorCode::kCorruption, text, "has a scheme and is relative");
  }
  if (out.path.empty()) return BadPath(ErrorCode::kCorruption, text, "names nothing");
  return out;
}

Result<std::string> NormalRelativePath(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  if (trimmed.empty()) return Error(ErrorCode::kRefused, "the relative path is empty");
  if (trimmed.find('\0') != std::string_view::npos) {
    return BadPath(ErrorCode::kRefused, text, "holds a NUL");
  }
  const std::size_t colon = trimmed.find(':');
  if (colon != std::string_view::npos && trimmed.find('/') > colon) {
    return BadPath(ErrorCode::kRefused, text, "must be relative, but has a scheme");
  }
  std::string slashed(trimmed);
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  if (slashed.front() == '/') {
    return BadPath(ErrorCode::kRefused, text, "must be relative, but is absolute");
  }
  for (const std::string_view part : Components(slashed)) {
    if (part == "..") {
      return BadPath(ErrorCode::kRefused, text, "leads out of the snapshot's directory by \"..\"");
    }
  }
  std::string normal = NormalisePath(slashed);
  if (normal.empty()) return BadPath(ErrorCode::kRefused, text, "names no file");
  // "./a:b" and "./ a" would be read as something else when they are written again in normal form.
  if (Trim(normal) != normal || normal.find(':') < normal.find('/')) {
    return BadPath(ErrorCode::kRefused, text, "has no normal form that means the same");
  }
  return normal;
}

std::string PrintablePath(std::string_view text) {
  const std::size_t slashes = text.find("//");
  if (slashes == std::string_view::npos) return PrintableText(text);
  const std::size_t end = text.find('/', slashes + 2);
  const std::string_view authority = text.substr(
      slashes + 2, end == std::string_view::npos ? std::string_view::npos : end - slashes - 2);
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return PrintableText(text);
  return PrintableText(std::string(text.substr(0, slashes + 2)) + "***" +
                       std::string(text.substr(slashes + 2 + at)));
}

bool IsPlainFileName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

}  // namespace stateferry::state::snapshot
