// From where to where: C-05, C-06, C-12, C-13, C-15, C-16, C-34, C-35.
#include "tests/state/clone/clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kBucket = R"({"bucket": "s3://bound/ws"})";
constexpr const char* kOtherBucket = R"({"bucket": "s3://other/ws"})";
constexpr const char* kManaged = R"({"managed": "managed:///store"})";

class CloneSpaceRules : public CloneRig {
 protected:
  CloneSpaceRules() { Source("variable", "topic", R"({"kind": "Plain", "value": "orders"})"); }
};

TEST_F(CloneSpaceRules, C_05_AnotherRegionIsRefused) {
  EXPECT_TRUE(Plan().ok());
  PutWorkspace("dst", "x86", kManaged, "cn-shanghai");
  const auto plan = Plan();
  ExpectRefused(plan, "C-05", "incompatible", ErrorCode::kRefused, "cn-hangzhou");
  EXPECT_THAT(Said(plan, "C-05"), ElementsAre(HasSubstr("cn-shanghai")));
}

TEST_F(CloneSpaceRules, C_06_AWorkspaceIsNoProject) {
  for (const char* workspace : {"workspace:src", "src"}) {
    request.source = workspace;
    ExpectRefused(Plan(), "C-06", "usage", ErrorCode::kInvalidArgument, workspace);
  }
  request.source = "src/p";
  request.target = "workspace:dst";
  ExpectRefused(Plan(), "C-06", "usage", ErrorCode::kInvalidArgument, "the target names");
}

TEST_F(CloneSpaceRules, C_12_OnlyFromManagedIntoABucketIsRefused) {
  struct Case {
    const char *from, *to;
    bool passes;
  };
  for (const auto& [from, to, passes] :
       {Case{kBucket, kOtherBucket, true}, Case{kBucket, kManaged, true},
        Case{kManaged, R"({"managed": "managed:///store/dst"})", true},
        Case{kManaged, kOtherBucket, false}}) {
    PutWorkspace("src", "x86", from);
    PutWorkspace("dst", "x86", to);
    const auto plan = Plan();
    EXPECT_EQ(plan.ok(), passes) << from << " -> " << to;
    if (!passes) ExpectRefused(plan, "C-12", "incompatible", ErrorCode::kRefused, "s3://other/ws");
  }
}

TEST_F(CloneSpaceRules, C_13_AnotherArchitectureIsRefused) {
  struct Case {
    const char *from, *to;
  };
  for (const auto& [from, to] : {Case{"x86", "arm"}, Case{"arm", "x86"}}) {
    PutWorkspace("src", from, kBucket);
    PutWorkspace("dst", to, kManaged);
    ExpectRefused(Plan(), "C-13", "incompatible", ErrorCode::kRefused, from);
    PutWorkspace("dst", from, kManaged);
    EXPECT_TRUE(Plan().ok()) << from;
  }
}

TEST_F(CloneSpaceRules, C_05_C_13_WhatBothSidesDoNotSayIsNotTheSame) {
  const auto put = [&](const std::string& name, const std::string& fields,
                       const std::string& storage) {
    Put("", "workspace", name, "{" + fields + R"("storage": )" + storage + "}");
  };
  for (const char* fields :
       {R"("architecture": "x86", )", R"("region": "", "architecture": "x86", )",
        R"("region": "cn", )", R"("region": "cn", "architecture": "", )"}) {
    put("src", fields, R"({"bucket": "s3://bound/ws"})");
    put("dst", fields, kManaged);
    EXPECT_FALSE(Plan().ok()) << fields;
  }
}

TEST_F(CloneSpaceRules, C_15_WithoutAnyRightAtTheTargetItIsRefused) {
  request.account = "mallory";
  const auto plan = Plan();
  ExpectRefused(plan, "C-15", "permission", ErrorCode::kPermission, "mallory");
  EXPECT_THAT(Said(plan, "C-15"), ElementsAre(AllOf(HasSubstr("dst/p"), HasSubstr("'clone'"))));
  request.account = "";
  ExpectRefused(Plan(), "C-15", "permission", ErrorCode::kPermission, "''");
}

TEST_F(CloneSpaceRules, C_15_AMemberOfTheSourceAloneHasNoRight) {
  Source("member", "mallory", R"({"role": "OWNER"})");
  request.account = "mallory";
  ExpectRefused(Plan(), "C-15", "permission", ErrorCode::kPermission, "mallory");
}

TEST_F(CloneSpaceRules, C_16_OnlyOwnersOrThoseTheyGrantIt) {
  for (const char* role : {"EDITOR", "VIEWER", "CUSTOM"}) {
    Target("member", "bob", std::string(R"({"role": ")") + role + "\"}");
    request.account = "bob";
    ExpectRefused(Plan(), "C-16", "permission", ErrorCode::kPermission, role);
  }
  Target("member", "bob", R"({"role": "ADMIN"})");
  EXPECT_TRUE(Plan().ok());
  Target("member", "bob", R"({"role": "VIEWER", "grants": ["clone"]})");
  EXPECT_TRUE(Plan().ok());
}

TEST_F(CloneSpaceRules, C_16_ARoleInTheWorkspaceCounts) {
  Put("", "workspace", "dst",
      R"({"region": "cn-hangzhou", "architecture": "x86", "storage": {"managed": "managed:///store"},
          "members": [{"name": "carol", "role": "OWNER"}, {"name": "dave", "role": "EDITOR"}]})");
  request.account = "carol";
  EXPECT_TRUE(Plan().ok());
  request.account = "dave";
  ExpectRefused(Plan(), "C-16", "permission", ErrorCode::kPermission, "EDITOR");
}

TEST_F(CloneSpaceRules, C_16_TheRoleThatIsEnoughCanBeSet) {
  Target("member", "bob", R"({"role": "EDITOR"})");
  request.account = "bob";
  request.required_role = "EDITOR";
  EXPECT_TRUE(Plan().ok());
  request.required_role = "KING";
  ExpectRefused(Plan(), "C-37", "usage", ErrorCode::kInvalidArgument, "KING");
}

TEST_F(CloneSpaceRules, C_16_ARequestDoesNotSayWhichRoleIsEnough) {
  Target("member", "bob", R"({"role": "VIEWER"})");
  const auto asked = CloneRequestFromJson(Json{
      {"source", "src/p"}, {"target", "dst/p"}, {"account", "bob"}, {"requiredRole", "VIEWER"}});
  ASSERT_TRUE(asked);
  request = *asked;
  ExpectRefused(Plan(), "C-16", "permission", ErrorCode::kPermission, "VIEWER");
}

// What entities name in it has no options.
TEST_F(CloneSpaceRules, C_21_TheCheckReachesBucketsAsTheirWorkspacesSay) {
  PutWorkspace("src", "x86", R"({"bucket": "s3://elsewhere/ws?endpoint=http://127.0.0.1:9"})");
  PutWorkspace("dst", "x86", kOtherBucket);
  (void)PlanClone(request, {*catalog, places, clock, {}});  // nobody answers there
  EXPECT_EQ(places.ServiceOf(At("s3://elsewhere/ws/p/sp")), "http://127.0.0.1:9");
}

TEST_F(CloneSpaceRules, C_34_WhatIsNotThereIsNamed) {
  request.source = "src/gone";
  ExpectRefused(Plan(), "C-34", "not_found", ErrorCode::kNotFound, "source project 'src/gone'");
  request.source = "src/p";
  request.target = "dst/gone";
  ExpectRefused(Plan(), "C-34", "not_found", ErrorCode::kNotFound, "target project 'dst/gone'");
  request.target = "nowhere/p";
  const auto plan = Plan();
  ExpectRefused(plan, "C-34", "not_found", ErrorCode::kNotFound, "target workspace 'nowhere'");
  EXPECT_EQ(Said(plan, "C-34").size(), 2u);  // the workspace and the project
}

TEST_F(CloneSpaceRules, C_34_ATargetWhoseDirectoryIsAnothersIsRefused) {
  PutWorkspace("other", "x86", kManaged);
  Put("", "project", "other/p", "{}");
  const auto plan = Plan();
  ExpectRefused(plan, "C-34", "conflict", ErrorCode::kConflict, "'other/p'");
  PutWorkspace("other", "x86", R"({"managed": "managed:///store/other"})");
  EXPECT_TRUE(Plan().ok());
  // What it is cloned from is only read.
  PutWorkspace("other", "x86", kBucket);
  EXPECT_TRUE(Plan().ok());
}

TEST_F(CloneSpaceRules, C_34_AManagedStoreThatIsNotThereIsNamed) {
  PutWorkspace("dst", "x86", R"({"managed": "managed:///no/such/store"})");
  ExpectRefused(Plan(), "C-34", "not_found", ErrorCode::kNotFound, "target workspace 'dst'");
}

TEST_F(CloneSpaceRules, C_35_SourceAndTargetAreTwoProjects) {
  request.target = "src/p";
  Put("src/p", "member", "alice", R"({"role": "OWNER"})");
  ExpectRefused(Plan(), "C-35", "usage", ErrorCode::kInvalidArgument, "'src/p'");
  request.target = "";
  ExpectRefused(Plan(), "C-35", "usage", ErrorCode::kInvalidArgument, "no target project");
}

TEST_F(CloneSpaceRules, AllThatIsWrongIsSaidAtOnce) {
  PutWorkspace("dst", "arm", kManaged, "cn-shanghai");
  request.account = "mallory";
  const auto plan = Plan();
  for (const char* rule : {"C-05", "C-13", "C-15"}) EXPECT_EQ(Said(plan, rule).size(), 1u) << rule;
}

TEST_F(CloneSpaceRules, NothingIsWritten) {
  ASSERT_TRUE(Plan().ok());
  for (const auto& storage : {bucket, managed})
    for (const auto op : {fakes::BackendOp::kPut, fakes::BackendOp::kStartUpload,
                          fakes::BackendOp::kDelete, fakes::BackendOp::kCopy})
      EXPECT_EQ(storage->calls(op), 0u);
  EXPECT_EQ(catalog::ListAll(*catalog, "dst/p", "")->size(), 1u);  // alice
}

}  // namespace
}  // namespace stateferry::state::clone
