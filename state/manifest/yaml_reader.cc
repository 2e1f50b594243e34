#include "state/manifest/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <istream>
#include <optional>
#include <streambuf>

#include "state/manifest/yaml_scalar.h"

namespace stateferry::state::manifest {

namespace {

/// Gives the text to the parser, but not much more than it has made events of: it keeps everything
/// from an open bracket on, at some 250 bytes of memory for each of the text (yaml-cpp 0.7).
class TextBuffer final : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // std::streambuf only reads it
    setg(begin, begin, begin + text.size());
    used_ = begin;
  }
  /// All that was given so far has become events.
  void MarkUsed() { used_ = gptr(); }
  void MarkUsed(std::uint32_t line) {
    MarkUsed();
    // The first event after the end that we made up is the beginning of what was too long.
    if (!line_is_known_) used_line_ = line;
    line_is_known_ = stopped_;
    in_document_ = true;
  }
  void EndDocument() {
    MarkUsed();
    in_document_ = false;
  }
  /// Whether the last event is one of the document that is being read.
  bool in_document() const { return in_document_; }
  bool stopped() const { return stopped_; }
  /// Of the last event, or of what was too long.
  std::uint32_t used_line() const { return used_line_; }

 protected:
  std::streamsize xsgetn(char* to, std::streamsize wanted) override {
    if (gptr() - used_ > static_cast<std::ptrdiff_t>(kMaxYamlPieceBytes)) stopped_ = true;
    const auto size = stopped_ ? 0 : std::min<std::streamsize>(wanted, egptr() - gptr());
    std::copy_n(gptr(), size, to);
    setg(eback(), gptr() + size, egptr());
    return size;
  }

 private:
  const char* used_;
  std::uint32_t used_line_ = 1;
  bool line_is_known_ = false;
  bool in_document_ = false;
  bool stopped_ = false;
};

/// Builds one document from the events of the parser.  Throws YAML::ParserException for what this
/// reader does not take; ReadYaml turns it into a problem.
class Builder final : public YAML::EventHandler {
 public:
  /// `values` counts those of the whole file.
  Builder(TextBuffer& buffer, std::size_t& values) : buffer_(buffer), values_(values) {}

  YamlDocument Take() { return std::move(document_); }

  void OnDocumentStart(const YAML::Mark& mark) override { document_.line = LineAt(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Refuse(mark, "", anchor);
    Add(mark, nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseAnchor(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const bool plain = Refuse(mark, tag, anchor);
    if (InMap() && !open_.back().has_key) return AddKey(mark, text);
    Add(mark, plain ? PlainScalar(text) : Json(text));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { Close(); }

 private:
  /// A map or list that is being filled.
  struct Container {
    Json* value;
    std::string key = {};
    std::uint32_t key_line = 0;
    bool has_key = false;
  };

  static std::uint32_t LineAt(const YAML::Mark& mark) {
    return static_cast<std::uint32_t>(std::max(mark.line, 0)) + 1;
  }
  [[noreturn]] static void Fail(const YAML::Mark& mark, const std::string& why) {
    throw YAML::ParserException(mark, why);
  }
  [[noreturn]] static void RefuseAnchor(const YAML::Mark& mark) {
    Fail(mark, "anchors (&name) and aliases (*name) are not taken: write the value out");
  }

  /// Whether the value has no quotes and no tag that makes it text.
  static bool Refuse(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    constexpr std::string_view kStandard = "tag:yaml.org,2002:";
    if (anchor != YAML::NullAnchor) RefuseAnchor(mark);
    if (tag.empty() || tag == "?") return true;
    if (tag == "!") return false;
    if (tag.starts_with(kStandard)) {
      const std::string_view name = std::string_view(tag).substr(kStandard.size());
      if (name == "str") return false;
      for (const std::string_view known : {"null", "bool", "int", "float", "map", "seq"})
        if (name == known) return true;
    }
    Fail(mark, fmt::format("the tag '{}' is not known", tag));
  }

  bool InMap() const { return !open_.empty() && open_.back().value->is_object(); }

  void AddKey(const YAML::Mark& mark, const std::string& key) {
    Container& map = open_.back();
    if (key == "<<") RefuseAnchor(mark);
    if (map.value->size() >= kMaxYamlFields)
      Fail(mark, fmt::format("a map with more than {} fields", kMaxYamlFields));
    if (map.value->contains(key)) Fail(mark, fmt::format("the field '{}' is there twice", key));
    map.key = key;
    map.key_line = LineAt(mark);
    map.has_key = true;
  }

  Json* Add(const YAML::Mark& mark, Json value) {
    buffer_.MarkUsed(LineAt(mark));
    if (++values_ > kMaxYamlValues)
      Fail(mark, fmt::format("the file holds more than {} values: split it", kMaxYamlValues));
    if (open_.empty()) {
      document_.lines.push_back(LineAt(mark));
      document_.value = std::move(value);
      return &document_.value;
    }
    Container& around = open_.back();
    if (around.value->is_array()) {
      document_.lines.push_back(LineAt(mark));
      around.value->push_back(std::move(value));
      return &around.value->back();
    }
    if (!around.has_key) Fail(mark, "a key must be a single value");
    document_.lines.push_back(around.key_line);
    around.has_key = false;
    return &((*around.value)[around.key] = std::move(value));
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    Refuse(mark, tag, anchor);
    if (open_.size() >= kMaxYamlDepth)
      Fail(mark, fmt::format("nested deeper than {} levels", kMaxYamlDepth));
    Json* const value = Add(mark, std::move(empty));
    open_.push_back({.value = value});
  }

  void Close() {
    buffer_.MarkUsed();
    open_.pop_back();
  }

  YamlDocument document_{};
  std::vector<Container> open_;
  TextBuffer& buffer_;
  std::size_t& values_;
};

std::size_t CountValues(const Json& value) {
  std::size_t count = 1;
  if (value.is_structured())
    for (const Json& inner : value) count += CountValues(inner);
  return count;
}

/// Gives the value and all in it the next numbers, in the order of their lines.
void NumberFrom(const Json& value, YamlDocument& document) {
  document.first_child.push_back(static_cast<std::uint32_t>(document.children.size()));
  if (!value.is_structured()) return;
  // Room for its own first: those of one value lie together.
  std::size_t next = document.children.size();
  document.children.resize(next + value.size());
  for (const Json& inner : value) {
    document.children[next++] = static_cast<std::uint32_t>(document.first_child.size());
    NumberFrom(inner, document);
  }
}

/// The field or item of that name, and how many come before it; null when there is none.
std::pair<const Json*, std::size_t> ChildOf(const Json& container, const std::string& token) {
  std::size_t position = 0;
  if (container.is_object()) {
    for (const auto& [key, value] : container.items()) {
      if (key == token) return {&value, position};
      ++position;
    }
    return {nullptr, 0};
  }
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), position);
  const bool whole = error == std::errc() && end == token.data() + token.size();
  if (!whole || std::to_string(position) != token || position >= container.size())
    return {nullptr, 0};
  return {&container[position], position};
}

/// The next part of a JSON pointer, taken off its front.
std::string NextToken(std::string_view& pointer) {
  const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
  std::string token;
  for (std::size_t i = 1; i < end; ++i) {
    const bool escaped = pointer[i] == '~' && i + 1 < end;
    if (escaped) ++i;
    token += !escaped ? pointer[i] : pointer[i] == '1' ? '/' : '~';
  }
  pointer.remove_prefix(end);
  return token;
}

/// The parser did not find the end of brackets.
bool IsFlowEnd(const YAML::Exception& wrong) {
  return wrong.msg == YAML::ErrorMsg::END_OF_MAP_FLOW ||
         wrong.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW;
}

/// From 1; 0 when it is not known.
std::uint32_t LineOf(const YAML::Exception& wrong) {
  return wrong.mark.line >= 0 ? static_cast<std::uint32_t>(wrong.mark.line) + 1 : 0;
}

/// Where brackets are nested too deep, the first of them from `begin` on, up to the next document
/// but `beginnings`.  Near enough for a reason: what looks like a quote or a comment in plain text
/// counts as one.
std::optional<std::size_t> TooDeepAt(std::string_view text, std::size_t begin,
                                     std::size_t beginnings) {
  std::size_t depth = 0;
  char quote = 0;
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' && text.substr(at + 1, 3) == "---") {
      if (beginnings == 0) return {};
      --beginnings;
    }
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++at;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#' && (at == 0 || text[at - 1] == ' ' || text[at - 1] == '\n')) {
      at = std::min(text.find('\n', at), text.size()) - 1;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxYamlDepth) return at;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return {};
}

std::size_t OffsetOfLine(std::string_view text, std::uint32_t line) {
  std::size_t at = 0;
  for (; line > 1 && at < text.size(); --line) at = std::min(text.find('\n', at), text.size()) + 1;
  return std::min(at, text.size());
}

std::uint32_t LineOfOffset(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::uint32_t>(std::count(
                 text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

}  // namespace

void YamlDocument::Number() {
  first_child.clear();
  children.clear();
  first_child.reserve(lines.size());
  children.reserve(lines.size());
  NumberFrom(value, *this);
}

std::uint32_t YamlDocument::LineOf(std::string_view pointer) const {
  const Json* at = &value;
  std::size_t number = 0;
  while (!pointer.empty() && at->is_structured() && number < first_child.size()) {
    const std::string token = NextToken(pointer);
    const auto [child, position] = ChildOf(*at, token);
    if (child == nullptr) break;
    number = children[first_child[number] + position];
    at = child;
  }
  return number < lines.size() ? lines[number] : line;
}

std::vector<YamlDocument> YamlDocument::Items(const std::string& field) const {
  std::vector<YamlDocument> items;
  if (!value.is_object()) return items;
  std::size_t at = 1;
  for (const auto& [key, inner] : value.items()) {
    if (key != field || !inner.is_array()) {
      at += CountValues(inner);
      continue;
    }
    ++at;
    for (const Json& item : inner) {
      const auto first = lines.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t count = CountValues(item);
      items.push_back({item, *first, {first, first + static_cast<std::ptrdiff_t>(count)}});
      items.back().Number();
      at += count;
    }
  }
  return items;
}

std::vector<YamlDocument> ReadYaml(std::string_view text, const std::string& file,
                                   std::vector<Problem>& problems) {
  std::vector<YamlDocument> documents;
  const auto complain = [&](std::uint32_t line, std::string why) {
    Problem& problem = problems.emplace_back();
    problem.at = {file, line};
    problem.message = std::move(why);
  };
  if (text.size() > kMaxYamlBytes) {
    complain(0, fmt::format("the file has {} MiB, {} MiB at most are taken: split it",
                            text.size() >> 20, kMaxYamlBytes >> 20));
    return documents;
  }
  if (const auto bad = FirstUnprintable(text)) {
    complain(LineOfOffset(text, *bad),
             "not text in UTF-8: a control character, or bytes that are none");
    return documents;
  }
  TextBuffer buffer(text);
  std::istream stream(&buffer);
  std::size_t values = 0;
  std::optional<YAML::Exception> wrong;
  try {
    YAML::Parser parser(stream);
    for (;;) {
      Builder builder(buffer, values);
      if (!parser.HandleNextDocument(builder)) break;
      buffer.EndDocument();
      YamlDocument document = builder.Take();
      if (document.value.is_null()) continue;
      document.Number();
      documents.push_back(std::move(document));
    }
  } catch (const YAML::Exception& thrown) {
    wrong = thrown;
  }
  // A stop is the cause, what the parser says then its effect; and so are brackets that it looked
  // for the end of.
  auto deep = wrong || buffer.stopped() ? TooDeepAt(text, OffsetOfLine(text, buffer.used_line()),
                                                    buffer.in_document() ? 0 : 1)
                                        : std::nullopt;
  // Brackets further down are not what any other error is about.
  if (deep && !buffer.stopped() && !IsFlowEnd(*wrong) && LineOfOffset(text, *deep) > LineOf(*wrong))
    deep.reset();
  if (deep)
    complain(LineOfOffset(text, *deep),
             fmt::format("not valid YAML: nested deeper than {} levels", kMaxYamlDepth));
  else if (buffer.stopped())
    complain(buffer.used_line(),
             fmt::format("a text, a comment or what is in brackets here is longer than {} KiB",
                         kMaxYamlPieceBytes >> 10));
  else if (wrong)
    complain(LineOf(*wrong), "not valid YAML: " + wrong->msg);
  return documents;
}

}  // namespace stateferry::state::manifest
