#include "state/manifest/yaml_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "state/manifest/yaml_scalar.h"

namespace stateferry::state::manifest {

namespace {

constexpr std::size_t kStep = 2;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What YAML 1.1, which Kubernetes reads, takes for a boolean.
bool IsOldBoolean(std::string_view text) {
  std::string lower;
  for (const char c : text) lower += IsLetter(c) ? static_cast<char>(c | 0x20) : c;
  for (const std::string_view word : {"y", "n", "yes", "no", "on", "off"})
    if (lower == word) return true;
  return false;
}

/// Text that needs no quotes anywhere.  Narrower than YAML: what is left out looks odd anyway.
bool IsPlain(std::string_view text) {
  if (text.empty() || text.size() > 200 || !PlainScalar(text).is_string() || IsOldBoolean(text))
    return false;
  const char first = text.front(), last = text.back();
  if (!IsLetter(first) && first != '_' && first != '/') return false;
  if (last == ' ' || last == ':' || text.find(": ") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetter(c) || (c >= '0' && c <= '9') ||
           std::string_view(" _./:@+=-").find(c) != std::string_view::npos;
  });
}

/// Code points that end lines or hide in editors; everything else may stand as it is.
bool MustEscape(std::string_view text) {
  return FirstUnprintable(text).has_value() || text.find('\r') != std::string_view::npos ||
         text.find("\xE2\x80\xA8") != std::string_view::npos ||  // U+2028, line separator
         text.find("\xE2\x80\xA9") != std::string_view::npos ||  // U+2029, paragraph separator
         text.find("\xEF\xBB\xBF") != std::string_view::npos;    // U+FEFF, byte order mark
}

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// JSON's way of quoting is YAML's too, but JSON leaves more characters as they are.
std::string Quoted(const std::string& text) {
  std::string quoted = DumpJson(Json(text));
  if (!MustEscape(text)) return quoted;
  for (unsigned c1 = 0x80; c1 < 0xA0; ++c1) {
    const char raw[] = {'\xC2', static_cast<char>(c1), '\0'};
    ReplaceAll(quoted, raw, fmt::format("\\u{:04x}", c1));
  }
  ReplaceAll(quoted, "\x7F", "\\u007f");
  ReplaceAll(quoted, "\xE2\x80\xA8", "\\u2028");
  ReplaceAll(quoted, "\xE2\x80\xA9", "\\u2029");
  ReplaceAll(quoted, "\xEF\xBB\xBF", "\\ufeff");
  return quoted;
}

/// Text whose lines may stand below each other.
bool IsBlock(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || MustEscape(text)) return false;
  // The first lines say how far the block is indented; what begins with blanks would blur that.
  const std::size_t first = text.find_first_not_of('\n');
  return first != std::string_view::npos && text[first] != ' ' && text[first] != '\t';
}

void WriteBlock(std::string_view text, std::string& out, std::size_t indent) {
  const bool ends = text.ends_with('\n'), ends_twice = text.ends_with("\n\n");
  out += ends_twice ? "|+\n" : ends ? "|\n" : "|-\n";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out.append(indent, ' ').append(text.substr(0, end));
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string Key(const std::string& key) { return IsPlain(key) ? key : Quoted(key); }

/// The rest of a line behind "key:" or "-", and the lines below it.
void WriteValue(const Json& value, std::string& out, std::size_t indent) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (IsBlock(text)) {
      out += ' ';
      return WriteBlock(text, out, indent);
    }
    out += ' ' + (IsPlain(text) ? text : Quoted(text)) + '\n';
  } else if (value.is_structured() && !value.empty()) {
    out += '\n';
    WriteYaml(value, out, indent);
  } else {
    out += ' ' + DumpJson(value) + '\n';
  }
}

/// An item of a list: what is in it begins on the line of its dash.
void WriteItem(const Json& item, std::string& out, std::size_t indent) {
  out.append(indent, ' ') += '-';
  if (!item.is_structured() || item.empty()) return WriteValue(item, out, indent + kStep);
  std::string lines;
  WriteYaml(item, lines, indent + kStep);
  out += ' ';
  out.append(lines, indent + kStep);
}

}  // namespace

void WriteYaml(const Json& value, std::string& out, std::size_t indent) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, inner] : value.items()) {
      out.append(indent, ' ') += Key(key) + ':';
      WriteValue(inner, out, indent + kStep);
    }
  } else if (value.is_array() && !value.empty()) {
    for (const Json& item : value) WriteItem(item, out, indent);
  } else {
    const bool text = value.is_string();
    out.append(indent, ' ') += (text ? Quoted(value.get<std::string>()) : DumpJson(value)) + '\n';
  }
}

}  // namespace stateferry::state::manifest
