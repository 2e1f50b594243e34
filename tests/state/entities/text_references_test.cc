#include "state/entities/text_references.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace stateferry::state::entities {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// "3 catalog hive".
std::vector<std::string> Found(std::string_view text, FieldRole role = FieldRole::kSql) {
  std::vector<std::string> found;
  for (const TextReference& one : FindTextReferences(text, role)) {
    found.push_back(fmt::format("{} {} {}", one.line, WhatName(one.what), one.name));
    if (one.what == TextReference::What::kObject) {
      EXPECT_EQ(one.name.substr(0, one.catalog.size()), one.catalog);
    }
  }
  return found;
}

TEST(TextReferences, FindsVariablesAndSecretsAlsoInsideQuotes) {
  EXPECT_THAT(Found("SET 'a' = '${topic}';\n"
                    "CREATE TABLE t (x INT) WITH ('password' = '${secret_values.pg-pw}',\n"
                    "  'url' = 'jdbc://${host}:${port}/${topic}');"),
              ElementsAre("1 variable topic", "2 secret pg-pw", "3 variable host",
                          "3 variable port", "3 variable topic"));
}

TEST(TextReferences, LeavesWhatIsNoVariable) {
  EXPECT_THAT(Found("SELECT '$ {a}', '${}', '${a b}', '${unfinished"), IsEmpty());
}

TEST(TextReferences, FindsCatalogsAndNamesOfThreeParts) {
  EXPECT_THAT(Found("USE CATALOG hive;\n"
                    "insert into `paimon`.`db one`.t\n"
                    "SELECT * FROM hive.db.a AS x, other.db.b y\n"
                    "LEFT JOIN third.db.c FOR SYSTEM_TIME AS OF x.p ON x.id = y.id;\n"
                    "CREATE TABLE IF NOT EXISTS made.db.t LIKE hive.db.a;\n"
                    "USE only.db;\n"
                    "CREATE DATABASE IF NOT EXISTS one.db2;"),
              ElementsAre("1 catalog hive", "2 object paimon.db one.t", "3 object hive.db.a",
                          "3 object other.db.b", "4 object third.db.c", "5 object made.db.t",
                          "5 object hive.db.a", "6 object only.db", "7 object one.db2"));
}

TEST(TextReferences, FieldsOfRowsAreNoTables) {
  EXPECT_THAT(
      Found("SELECT t.payload.id, t.payload.x FROM t WHERE t.a.b = 1 GROUP BY t.a.b, t.c.d"),
      IsEmpty());
}

TEST(TextReferences, AFunctionOfACatalogIsOne) {
  EXPECT_THAT(Found("SELECT cat.db.hash_it(x), f(y) FROM t"),
              ElementsAre("1 object cat.db.hash_it"));
}

TEST(TextReferences, ACommaInAnInnerSelectIsNoComma) {
  EXPECT_THAT(Found("SELECT * FROM (SELECT a.b.c, d.e.f FROM x.y.z) q, u.v.w"),
              ElementsAre("1 object x.y.z", "1 object u.v.w"));
}

TEST(TextReferences, CommentsDoNotCountButHintsDo) {
  EXPECT_THAT(
      Found("-- USE CATALOG a; ${b}\n"
            "/* FROM c.d.e\n 'connector' = 'f' */\n"
            "SELECT '-- no comment', '/*' FROM g.h.i /*+ OPTIONS('connector' = 'j') */ -- k\n"
            "WHERE 'it''s -- quoted' = '${l}'"),
      ElementsAre("4 object g.h.i", "4 connector j", "5 variable l"));
}

TEST(TextReferences, FindsJarsConnectorsAndUris) {
  EXPECT_THAT(Found("CREATE FUNCTION f AS 'a.F' USING JAR 'oss://b/u.jar';\n"
                    "ADD JAR 's3://b/v.jar';\n"
                    "CREATE TABLE t (x INT) WITH ('connector'='my-mysql', 'path'='hdfs://nn/x/y',"
                    " 'p2' = 'file:///tmp/a', 'key' = 'profile:/x');"),
              ElementsAre("1 jar oss://b/u.jar", "2 jar s3://b/v.jar", "3 connector my-mysql",
                          "3 uri hdfs://nn/x/y", "3 uri file:///tmp/a"));
}

TEST(TextReferences, WhatTheTextCreatesItselfIsNotMissing) {
  EXPECT_THAT(Found("CREATE CATALOG mine WITH ('type' = 'paimon');\nUSE CATALOG mine;\n"
                    "SELECT * FROM mine.db.t, theirs.db.t"),
              ElementsAre("3 object theirs.db.t"));
}

TEST(TextReferences, ConfigurationHasVariablesAndUrisOnly) {
  EXPECT_THAT(Found("--input s3p://b/${env}/in,oss://c/d --use CATALOG x", FieldRole::kText),
              ElementsAre("1 uri s3p://b/${env}/in", "1 variable env", "1 uri oss://c/d"));
  EXPECT_THAT(Found("source:\n  password: ${secret_values.pw} # ${old}\n  name: 'a # ${kept}'\n"
                    "# file:/x\n",
                    FieldRole::kYaml),
              ElementsAre("2 secret pw", "3 variable kept"));
}

TEST(TextReferences, EndsOfTextAnywhereAreHarmless) {
  const std::string text =
      "USE CATALOG a; SELECT * FROM `b`.c.d, 'x' /*+ h */ WITH ('connector' = 'y') USING JAR "
      "'s3://z'";
  for (std::size_t size = 0; size <= text.size(); ++size)
    for (const FieldRole role : {FieldRole::kSql, FieldRole::kYaml, FieldRole::kText})
      for (const TextReference& one : FindTextReferences(text.substr(0, size), role))
        EXPECT_EQ(one.line, 1u);
}

}  // namespace
}  // namespace stateferry::state::entities
