// What every kind must do, proved on a whole entity of it.
#include <gmock/gmock.h>

#include <set>

#include "tests/state/entities/kind_examples.h"

namespace stateferry::state::entities {
namespace {

struct Case {
  const EntityKind* kind;
  std::string variant;
  Entity entity;
};

std::vector<Case> Cases() {
  const auto examples = KindExamples();
  std::vector<Case> cases;
  for (const EntityKind& kind : Kinds()) {
    const auto found = examples.find(std::string(kind.name()));
    if (found == examples.end()) {
      cases.push_back({&kind, "no_example", {}});
      continue;
    }
    for (const auto& [variant, entity] : found->second) cases.push_back({&kind, variant, entity});
  }
  return cases;
}

void PrintTo(const Case& one, std::ostream* out) { *out << one.kind->name() << " " << one.variant; }

std::string Shown(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += problem.pointer + ": " + problem.message + "\n";
  return text;
}

bool SaysAt(const std::vector<Problem>& problems, const std::string& pointer) {
  for (const Problem& problem : problems)
    if (problem.pointer == pointer) return true;
  return false;
}

std::string Parent(const std::string& pointer) { return pointer.substr(0, pointer.rfind('/')); }

Json::json_pointer At(const std::string& pointer) { return Json::json_pointer(pointer); }

/// Adds a field that no kind knows to every map in `json`.
void AddUnknown(Json& json) {
  for (auto& value : json) {
    if (value.is_structured()) AddUnknown(value);
  }
  if (json.is_object()) json["xUnknown"] = "s3://old/p/kept";
}

class KindConformance : public ::testing::TestWithParam<Case> {
 protected:
  const EntityKind& kind() const { return *GetParam().kind; }
  const Entity& example() const { return GetParam().entity; }
};

TEST_P(KindConformance, TakesItsExample) {
  EXPECT_EQ(example().key.kind, kind().name()) << "tests/state/entities/kind_examples.h lacks it";
  EXPECT_EQ(Shown(kind().Validate(example())), "");
}

TEST_P(KindConformance, NamesEachRequiredFieldThatIsMissing) {
  for (const Field& field : kind().spec().fields) {
    if (!field.required) continue;
    std::vector<std::string> pointers;
    VisitField(example().body, field,
               [&](const Json&, const std::string& pointer) { pointers.push_back(pointer); });
    for (const std::string& pointer : pointers) {
      Entity without = example();
      without.body[At(Parent(pointer))].erase(pointer.substr(pointer.rfind('/') + 1));
      EXPECT_TRUE(SaysAt(kind().Validate(without), Parent(pointer))) << pointer;
    }
  }
}

TEST_P(KindConformance, NamesEachFieldOfAnotherType) {
  for (const Field& field : kind().spec().fields) {
    VisitField(example().body, field, [&](const Json&, const std::string& pointer) {
      for (const Json& other : {Json(Json::object()), Json(Json::array()), Json("x"), Json(true)}) {
        const bool fits = (field.type == FieldType::kObject && other.is_object()) ||
                          (field.type == FieldType::kList && other.is_array()) ||
                          (field.type == FieldType::kText && other.is_string()) ||
                          (field.type == FieldType::kBoolean && other.is_boolean()) ||
                          (field.type == FieldType::kScalar && other.is_primitive());
        if (fits) continue;
        Entity wrong = example();
        wrong.body[At(pointer)] = other;
        EXPECT_TRUE(SaysAt(kind().Validate(wrong), pointer)) << pointer << " = " << other.dump();
      }
    });
  }
}

TEST_P(KindConformance, NamesAValueThatIsNoneOfTheChoices) {
  for (const Field& field : kind().spec().fields) {
    if (field.choices.empty()) continue;
    VisitField(example().body, field, [&](const Json&, const std::string& pointer) {
      Entity wrong = example();
      wrong.body[At(pointer)] = "SOMETHING_ELSE";
      EXPECT_TRUE(SaysAt(kind().Validate(wrong), pointer)) << pointer;
    });
  }
}

TEST_P(KindConformance, TheExamplesOfAKindFillEveryRowOfItsTable) {
  const auto examples = KindExamples();
  for (const Field& field : kind().spec().fields) {
    int found = 0;
    for (const auto& [variant, entity] : examples.at(std::string(kind().name())))
      VisitField(entity.body, field, [&](const Json&, const std::string&) { ++found; });
    EXPECT_GT(found, 0) << field.path;
  }
}

TEST_P(KindConformance, KeepsUnknownFieldsThroughEverything) {
  Entity entity = example();
  AddUnknown(entity.body);
  entity.body["xUnknown"] = {{"kept", true}, {"uri", "s3://old/p/kept"}};
  const Json before = entity.body;
  EXPECT_EQ(Shown(kind().Validate(entity)), "");
  kind().Retarget(entity, {{*storage::ParseLocation("s3://elsewhere/x"),
                            *storage::ParseLocation("s3://new/y")}});
  EXPECT_EQ(entity.body, before);
  kind().Retarget(entity,
                  {{*storage::ParseLocation("s3://old/p"), *storage::ParseLocation("s3://new/q")}});
  kind().DropNotCloned(entity);
  // What is unknown is not a place that we may change.
  EXPECT_EQ(entity.body["xUnknown"], before["xUnknown"]);
}

TEST_P(KindConformance, RetargetsEveryPlaceThereAndBack) {
  const PathMap there{
      {*storage::ParseLocation("s3://old/p"), *storage::ParseLocation("managed:///srv/store/q")}};
  const PathMap back{{there[0].second, there[0].first}};
  Entity entity = example();
  kind().Retarget(entity, there);
  std::size_t places = 0;
  for (const Field& field : kind().spec().fields) {
    if (field.role != FieldRole::kFile && field.role != FieldRole::kSnapshot &&
        field.role != FieldRole::kDirectory)
      continue;
    VisitField(entity.body, field, [&](const Json& value, const std::string& pointer) {
      ++places;
      EXPECT_TRUE(value.get<std::string>().starts_with("managed:///srv/store/q/")) << pointer;
    });
  }
  EXPECT_EQ(places > 0, entity.body != example().body);
  EXPECT_EQ(Shown(kind().Validate(entity)), "");
  kind().Retarget(entity, back);
  EXPECT_EQ(entity.body, example().body);
}

TEST_P(KindConformance, RetargetsWholePathComponentsOnly) {
  Entity entity = example();
  kind().Retarget(entity, {{*storage::ParseLocation("s3://old/p/fil"),
                            *storage::ParseLocation("s3://new/wrong")}});
  EXPECT_EQ(entity.body, example().body);
}

TEST_P(KindConformance, ReferencesFollowARenameThereAndBack) {
  const auto before = kind().References(example());
  Renames there, back;
  for (const Reference& reference : before) {
    ASSERT_NE(FindKind(reference.to.kind), nullptr);
    const NameRule& rule = FindKind(reference.to.kind)->spec().names;
    const std::string renamed = NumberedName(rule, reference.to.name, 7);
    there[reference.to] = renamed;
    back[{reference.to.kind, renamed}] = reference.to.name;
  }
  Entity entity = example();
  kind().Rename(entity, there);
  const auto after = kind().References(entity);
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].to.kind, before[i].to.kind);
    EXPECT_EQ(after[i].to.name, there[before[i].to]);
    EXPECT_EQ(after[i].pointer, before[i].pointer);
  }
  EXPECT_EQ(Shown(kind().Validate(entity)), "");
  kind().Rename(entity, back);
  EXPECT_EQ(entity.body, example().body);
  EXPECT_EQ(entity.key, example().key);
}

TEST_P(KindConformance, RefersOnlyToKindsThatAreMadeBeforeIt) {
  for (const Field& field : kind().spec().fields) {
    if (field.refers_to.empty()) continue;
    ASSERT_NE(FindKind(field.refers_to), nullptr) << field.refers_to;
    if (field.role == FieldRole::kReference) {
      EXPECT_LT(KindOrder(field.refers_to), KindOrder(kind().name())) << field.path;
    }
  }
  EXPECT_LE(kind().spec().parent_kind.empty() ? 0 : KindOrder(kind().spec().parent_kind),
            KindOrder(kind().name()));
}

// C-26: a name that is taken becomes another one that the kind allows.
TEST_P(KindConformance, C_26_NumberedNamesOfAnyLengthAreLegal) {
  const NameRule& rule = kind().spec().names;
  std::string longest = example().key.name;
  const std::size_t start = longest.rfind('/') == std::string::npos ? 0 : longest.rfind('/') + 1;
  longest.resize(start + rule.max_bytes, 'a');
  ASSERT_TRUE(CheckName(rule, longest)) << CheckName(rule, longest).error().message();
  EXPECT_FALSE(CheckName(rule, longest + "a"));
  std::set<std::string> names{example().key.name, longest};
  for (const std::uint32_t number : {1u, 2u, 10u, 4'000'000'000u}) {
    for (const std::string& base : {example().key.name, longest}) {
      const std::string name = NumberedName(rule, base, number);
      EXPECT_TRUE(CheckName(rule, name)) << name;
      EXPECT_TRUE(names.insert(name).second) << name;
    }
  }
}

TEST_P(KindConformance, RefusesNamesThatNoKindMayHave) {
  for (const std::string name : {"", "a\nb", "a\x1b[2J", "..", "a/../b", "/a", "a/", "\xff"})
    EXPECT_TRUE(SaysAt(kind().Validate({{example().key.kind, name}, example().body}), "")) << name;
}

INSTANTIATE_TEST_SUITE_P(AllKinds, KindConformance, ::testing::ValuesIn(Cases()),
                         [](const ::testing::TestParamInfo<Case>& one) {
                           std::string name(one.param.kind->name());
                           if (!one.param.variant.empty()) name += "_" + one.param.variant;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

// C-07: what is never cloned says under which name it is counted.
TEST(Kinds, C_07_ExactlyTheFourExcludedGroupsAreNeverCloned) {
  std::set<std::string_view> excluded;
  for (const EntityKind& kind : Kinds()) {
    EXPECT_EQ(kind.spec().travel == Travel::kNever, !kind.spec().excluded_as.empty());
    if (kind.spec().travel == Travel::kNever) excluded.insert(kind.spec().excluded_as);
  }
  EXPECT_THAT(excluded, ::testing::ElementsAre("alert", "orchestration", "permission", "queue"));
}

TEST(Kinds, HaveDistinctNames) {
  std::set<std::string_view> names;
  for (const EntityKind& kind : Kinds()) {
    EXPECT_TRUE(names.insert(kind.name()).second) << kind.name();
    EXPECT_EQ(FindKind(kind.name()), &kind);
  }
  EXPECT_EQ(FindKind("Deployment"), nullptr);
  EXPECT_EQ(KindOrder("nothing"), Kinds().size());
}

// C-08, C-09: of a draft only what it is now travels.
TEST(Kinds, C_09_ADraftLosesItsHistoryOnTheWay) {
  Entity draft = KindExamples().at("draft").at("");
  FindKind("draft")->DropNotCloned(draft);
  EXPECT_FALSE(draft.body.contains("history"));
  EXPECT_FALSE(draft.body.contains("version"));
  EXPECT_EQ(draft.body["artifact"]["sqlScript"], "SELECT 3");
}

TEST(Kinds, ADraftsHistoryIsOlderThanIt) {
  Entity draft = KindExamples().at("draft").at("");
  draft.body["history"][1]["version"] = 3;
  EXPECT_TRUE(SaysAt(FindKind("draft")->Validate(draft), "/history/1/version"));
  draft.body["history"][1]["version"] = 1;
  EXPECT_TRUE(SaysAt(FindKind("draft")->Validate(draft), "/history/1/version"));
  draft.body["version"] = 0;
  EXPECT_TRUE(SaysAt(FindKind("draft")->Validate(draft), "/version"));
}

TEST(Kinds, AnEncryptedVariableHasNoValue) {
  Entity variable = KindExamples().at("variable").at("");
  variable.body["value"] = "secret";
  const auto problems = FindKind("variable")->Validate(variable);
  ASSERT_TRUE(SaysAt(problems, "/value"));
  EXPECT_EQ(Shown(problems).find("secret"), std::string::npos);
}

TEST(Kinds, AWorkspaceHasOneStorage) {
  Entity workspace = KindExamples().at("workspace").at("");
  for (const char* storage :
       {R"({})", R"({"bucket": "s3://b", "managed": "managed:///s"})", R"({"managed": "s3://b"})",
        R"({"bucket": "managed:///s"})", R"({"bucket": "gopher://b"})"}) {
    workspace.body["storage"] = Parsed(storage);
    EXPECT_FALSE(FindKind("workspace")->Validate(workspace).empty()) << storage;
  }
}

TEST(Kinds, ANumberWhereTextBelongsAsksForQuotes) {
  Entity deployment = KindExamples().at("deployment").at("");
  deployment.body["engineVersion"] = 1.17;
  EXPECT_THAT(Shown(FindKind("deployment")->Validate(deployment)),
              ::testing::HasSubstr("'engineVersion' must be text, but is a number; write it in "
                                   "quotes"));
}

TEST(Kinds, FoldersAndTheirContentsFollowAFolder) {
  const Renames renames{{{"folder", "orders"}, "orders-clone-1"}};
  Entity folder{{"folder", "orders/daily/x"}, Json::object()};
  FindKind("folder")->Rename(folder, renames);
  EXPECT_EQ(folder.key.name, "orders-clone-1/daily/x");
  Entity script{{"query-script", "orders/top"}, Json::object()};
  FindKind("query-script")->Rename(script, renames);
  EXPECT_EQ(script.key.name, "orders-clone-1/top");
  Entity draft{{"draft", "d"}, Json{{"folder", "orders/daily"}}};
  FindKind("draft")->Rename(draft, renames);
  EXPECT_EQ(draft.body["folder"], "orders-clone-1/daily");
}

}  // namespace
}  // namespace stateferry::state::entities
