#include <gmock/gmock.h>

#include <random>

#include "state/manifest/yaml_reader.h"
#include "state/manifest/yaml_writer.h"

namespace stateferry::state::manifest {
namespace {

using ::testing::HasSubstr;

std::vector<YamlDocument> ReadDocuments(std::string_view text) {
  std::vector<Problem> problems;
  auto documents = ReadYaml(text, "f.yaml", problems);
  for (const Problem& problem : problems) ADD_FAILURE() << ToText(problem);
  return documents;
}

/// The one problem of a text, as people see it.
std::string ProblemOf(std::string_view text) {
  std::vector<Problem> problems;
  ReadYaml(text, "f.yaml", problems);
  return problems.size() == 1 ? ToText(problems.front())
                              : std::to_string(problems.size()) + " problems";
}

TEST(YamlReader, TypesAreThoseOfJsonAndAllElseIsText) {
  const auto documents = ReadDocuments(
      "a: 1\nb: -2.5e3\nc: true\nd: ~\ne:\nf: text\ng: '1'\nh: !!str 2\n"
      "i: 007\nj: 0x1f\nk: 1.20.3\nl: .inf\nm: 123456789012345678901234567890\nn: yes\n"
      "o: 18446744073709551615\n");
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(DumpJson(documents[0].value),
            R"({"a":1,"b":-2500.0,"c":true,"d":null,"e":null,"f":"text","g":"1","h":"2",)"
            R"("i":"007","j":"0x1f","k":"1.20.3","l":".inf",)"
            R"("m":"123456789012345678901234567890","n":"yes","o":18446744073709551615})");
}

TEST(YamlReader, ManyDocumentsAndNoneForNothing) {
  EXPECT_EQ(ReadDocuments("a: 1\n---\nb: 2\n---\n# nothing\n---\nc: 3\n...\n").size(), 3u);
  EXPECT_TRUE(ReadDocuments("").empty());
  EXPECT_TRUE(ReadDocuments("# only a comment\n").empty());
}

TEST(YamlReader, KnowsTheLineOfEveryValue) {
  const auto documents = ReadDocuments(
      "# one\n"
      "a:\n"
      "  b/c: 1\n"
      "  list:\n"
      "    - x: 1\n"
      "      y: |\n"
      "        text\n"
      "    - 2\n"
      "z: 3\n");
  ASSERT_EQ(documents.size(), 1u);
  const YamlDocument& read = documents[0];
  EXPECT_EQ(read.LineOf(""), 2u);
  EXPECT_EQ(read.LineOf("/a/b~1c"), 3u);
  EXPECT_EQ(read.LineOf("/a/list"), 4u);
  EXPECT_EQ(read.LineOf("/a/list/0/x"), 5u);
  EXPECT_EQ(read.LineOf("/a/list/0/y"), 6u);
  EXPECT_EQ(read.LineOf("/a/list/1"), 8u);
  EXPECT_EQ(read.LineOf("/z"), 9u);
  EXPECT_EQ(read.LineOf("/a/list/0/missing"), 5u) << "that of what is around it";
}

TEST(YamlReader, EveryProblemHasALineAndAReason) {
  EXPECT_THAT(ProblemOf("a: 1\nb: [1, 2\n"), HasSubstr("f.yaml:3: not valid YAML"));
  EXPECT_THAT(ProblemOf("a: 1\na: 2\n"), HasSubstr("f.yaml:2: not valid YAML: the field 'a' is "
                                                   "there twice"));
  EXPECT_THAT(ProblemOf("a: 1\nb: !!binary aGk=\n"), HasSubstr("f.yaml:2"));
  EXPECT_THAT(ProblemOf("? [a, b]\n: 1\n"), HasSubstr("a key must be a single value"));
  EXPECT_THAT(ProblemOf("a: 1\nb: \x01\n"), HasSubstr("f.yaml:2: not text"));
  EXPECT_THAT(ProblemOf("a: \xC3\n"), HasSubstr("f.yaml:1: not text"));
  EXPECT_THAT(ProblemOf("a: \xED\xA0\x80\n"), HasSubstr("not text")) << "half of a surrogate pair";
}

TEST(YamlReader, ReadsLargeFilesOfSmallPieces) {
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += "---\na: [b, {c: d}]\nd: |\n  " + std::string(10'000, 'x') + "\n";
  EXPECT_EQ(ReadDocuments(text).size(), 400u);
}

TEST(YamlReader, RefusesAnchorsAndAliases) {
  const std::string bomb =
      "a: &a [x, x]\n"
      "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
      "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n";
  EXPECT_THAT(ProblemOf(bomb), HasSubstr("f.yaml:1: not valid YAML: anchors"));
  EXPECT_THAT(ProblemOf("a: 1\nb:\n  <<: {c: 1}\n"), HasSubstr("f.yaml:3"));
}

TEST(YamlReader, RefusesWhatIsTooDeepTooLargeOrTooMuch) {
  EXPECT_THAT(ProblemOf(std::string(100'000, '[') + std::string(100'000, ']')),
              HasSubstr("nested deeper than 64 levels"));
  std::string deep;
  for (int i = 0; i < 70; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(ProblemOf(deep), HasSubstr("f.yaml:65: not valid YAML: nested deeper"));
  EXPECT_THAT(ProblemOf(std::string(100u << 20, '#')),
              HasSubstr("f.yaml: the file has 100 MiB, 64 MiB at most are taken"));
  for (const char* piece : {"[", "{'[': [\"]\", "}) {
    std::string deep_brackets = "x: 1\ny: # [\n  ";
    while (deep_brackets.size() < 2u << 20) deep_brackets += piece;
    EXPECT_THAT(ProblemOf(deep_brackets),
                testing::StartsWith("f.yaml:3: not valid YAML: nested deeper than 64 levels"))
        << piece;
  }
  EXPECT_THAT(ProblemOf("x: 1\ny: " + std::string(100, '[')),
              HasSubstr("f.yaml:2: not valid YAML: nested deeper than 64 levels"));
  EXPECT_THAT(ProblemOf("x: 1\ny: [[a, b], [c]"), testing::Not(HasSubstr("nested deeper")));
  for (const char* piece : {"a ", "#"}) {
    std::string long_piece = "x: 1\ny: ";
    while (long_piece.size() < 2u << 20) long_piece += piece;
    EXPECT_THAT(ProblemOf(long_piece),
                testing::StartsWith("f.yaml:2: a text, a comment or what is in brackets here "
                                    "is longer than 1024 KiB"))
        << piece;
  }
  std::string wide;
  for (int i = 0; i < 1002; ++i) wide += "k" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(ProblemOf(wide), HasSubstr("f.yaml:1001: not valid YAML: a map with more than 1000"));
}

TEST(YamlReader, SaysWhatIsWrongAlsoBeforeMuchThatLooksLikeBrackets) {
  const std::string later = "z: 1\nscript: |\n  " + std::string(100, '[') + "\n";
  EXPECT_THAT(ProblemOf("a: 1\na: 2\n" + later),
              HasSubstr("f.yaml:2: not valid YAML: the field 'a' is there twice"));
  EXPECT_THAT(ProblemOf("a: 1\nb: *x\n" + later), HasSubstr("f.yaml:2: not valid YAML: "));
  EXPECT_THAT(ProblemOf("a: 1\nb: *x\n" + later), testing::Not(HasSubstr("nested deeper")));
  // Those of the next document close nothing of this one.
  EXPECT_THAT(ProblemOf("a: [1\n---\nb: " + std::string(100, '[')),
              testing::Not(HasSubstr("nested deeper")));
}

TEST(YamlReader, LinesOfALargeDocumentAreFoundOneByOne) {
  std::string text = "a:\n  list:\n";
  for (int i = 0; i < 40'000; ++i) text += "    - {x: 1, y: [2]}\n";
  text += "b: 1\n";
  std::vector<Problem> problems;
  const auto documents = ReadYaml(text, "f", problems);
  ASSERT_EQ(documents.size(), 1u);
  // Walking to each of them would take a minute.
  for (unsigned i = 0; i < 40'000; ++i)
    ASSERT_EQ(documents[0].LineOf("/a/list/" + std::to_string(i) + "/y/0"), i + 3);
  EXPECT_EQ(documents[0].LineOf("/b"), 40'003u);
  EXPECT_EQ(documents[0].LineOf("/a/list/40000"), 2u);
  EXPECT_EQ(documents[0].LineOf("/a/list/007"), 2u);
  EXPECT_EQ(documents[0].LineOf("/a/list/7/z"), 10u);
  EXPECT_EQ(documents[0].LineOf("/a/list/-"), 2u);
}

TEST(YamlWriter, TextOfSeveralLinesIsALiteralBlock) {
  std::string out;
  WriteYaml(Json{{"sql", "CREATE TABLE t (\n  a INT\n);\n\nINSERT INTO t SELECT 1;"},
                 {"list", {1, {{"a", "b"}, {"c", Json::array()}}, {"x", "on"}}},
                 {"empty", Json::object()},
                 {"uri", "s3://bucket/dir"},
                 {"text", "two words"},
                 {"number", "12"}},
            out);
  EXPECT_EQ(out,
            "sql: |-\n"
            "  CREATE TABLE t (\n"
            "    a INT\n"
            "  );\n"
            "\n"
            "  INSERT INTO t SELECT 1;\n"
            "list:\n"
            "  - 1\n"
            "  - a: b\n"
            "    c: []\n"
            "  - - x\n"
            "    - \"on\"\n"
            "empty: {}\n"
            "uri: s3://bucket/dir\n"
            "text: two words\n"
            "number: \"12\"\n");
}

class RandomJson {
 public:
  explicit RandomJson(unsigned seed) : random_(seed) {}

  Json Value(int depth) {
    switch (Pick(depth > 0 ? 8 : 6)) {
      case 0: return nullptr;
      case 1: return Pick(2) == 0;
      case 2: return static_cast<std::int64_t>(random_()) - (1LL << 31);
      case 3: return static_cast<double>(random_()) / 7;
      case 6: {
        Json list = Json::array();
        for (auto n = Pick(4); n > 0; --n) list.push_back(Value(depth - 1));
        return list;
      }
      case 7: {
        Json map = Json::object();
        for (auto n = Pick(4); n > 0; --n) map[Text()] = Value(depth - 1);
        return map;
      }
      default: return Text();
    }
  }
  /// Of pieces that matter to YAML.
  std::string Text() {
    static const std::vector<std::string> pieces{
        "a",      "b c", " ",   "  ",        "\n",     "\n\n",   "\t",     "\r",   ":",
        ": ",     "#",   " #",  "-",         "- ",     "?",      "'",      "\"",   "\\",
        "|",      ">",   "---", "...",       "{",      "}",      "[",      "]",    ",",
        "&a",     "*a",  "!",   "%",         "@",      "`",      "~",      "1",    "true",
        "null",   "0x1", "1e3", "\u00fc",    "\u2028", "\uFEFF", "\u4e2d", "\x01", "\x7f",
        "\u0085", "<<",  "=",   "\U0001F600"};
    std::string text;
    for (auto n = Pick(6); n > 0; --n) text += pieces[Pick(pieces.size())];
    return text;
  }

 private:
  std::size_t Pick(std::size_t count) { return random_() % count; }
  std::mt19937 random_;
};

TEST(YamlWriter, WhateverIsWrittenIsReadBackTheSame) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    const Json value = {{"value", RandomJson(seed).Value(4)}};
    if (DumpJson(value).find("\"<<\":") != std::string::npos) continue;  // refused by the reader
    std::string text;
    WriteYaml(value, text);
    std::vector<Problem> problems;
    const auto documents = ReadYaml(text, "f", problems);
    ASSERT_TRUE(problems.empty()) << "seed " << seed << ": " << ToText(problems[0]) << "\n" << text;
    ASSERT_EQ(documents.size(), 1u);
    ASSERT_EQ(DumpJson(documents[0].value), DumpJson(value)) << "seed " << seed << "\n" << text;
  }
}

}  // namespace
}  // namespace stateferry::state::manifest
