#pragma once
// Two projects of one region: src/p, whose workspace keeps its files in a bucket, and dst/p in
// managed storage.  Both storages are in memory and can be told to fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "state/catalog/memory_catalog.h"
#include "state/clone/clone_plan.h"
#include "storage/memory_backend.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/faulty_backend.h"
#include "tests/fakes/source_dir.h"

namespace stateferry::state::clone {

using entities::EntityKey;
using workflow::Finding;
using workflow::Item;
using workflow::ItemStatus;

inline Json Parsed(const std::string& text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : Json::object();
}

inline storage::Location At(const std::string& uri) {
  auto location = storage::ParseLocation(uri);
  EXPECT_TRUE(location) << uri;
  return *location;
}

/// A deployment that runs SQL; `more` are fields besides, with a comma in front.
inline std::string SqlJob(const std::string& sql = "SELECT 1", const std::string& more = "") {
  return R"({"engineVersion": "vvr-8.0.5-flink-1.17", "executionMode": "STREAMING",
             "artifact": {"kind": "SQLSCRIPT", "sqlScript": )" +
         Json(sql).dump() + "}" + more + "}";
}

class CloneRig : public ::testing::Test {
 protected:
  CloneRig() {
    places.Register(At("s3://bound/"), bucket);
    places.Register(At("s3://other/"), other_bucket);
    places.Register(At("managed:///store"), managed);
    PutWorkspace("src", "x86", R"({"bucket": "s3://bound/ws"})");
    PutWorkspace("dst", "x86", R"({"managed": "managed:///store"})");
    Put("", "project", "src/p", "{}");
    Put("", "project", "dst/p", R"({"defaultQueue": "main"})");
    Put("dst/p", "member", "alice", R"({"role": "OWNER"})");
  }

  void PutWorkspace(const std::string& name, const std::string& architecture,
                    const std::string& storage, const std::string& region = "cn-hangzhou") {
    Put("", "workspace", name,
        R"({"region": ")" + region + R"(", "architecture": ")" + architecture +
            R"(", "storage": )" + storage + "}");
  }
  void Put(const std::string& scope, const std::string& kind, const std::string& name,
           const std::string& body, const std::string& made_by = "",
           catalog::Phase phase = catalog::Phase::kReady) {
    const std::vector<catalog::Change> changes{{.scope = scope,
                                                .entity = {{kind, name}, Parsed(body)},
                                                .phase = phase,
                                                .made_by = made_by}};
    const auto applied = catalog->Apply(changes);
    EXPECT_TRUE(applied) << applied.error().message();
  }
  void Source(const std::string& kind, const std::string& name, const std::string& body = "{}") {
    Put("src/p", kind, name, body);
  }
  void Target(const std::string& kind, const std::string& name, const std::string& body = "{}") {
    Put("dst/p", kind, name, body);
  }
  void PutFile(const std::string& uri, const std::string& bytes) {
    const auto object = places.OpenObject(At(uri), storage::Access::kWrite);
    ASSERT_TRUE(object);
    ASSERT_TRUE(object->place.backend->Put(object->key, AsBytes(bytes), {}));
  }
  /// A savepoint of real Flink, whole in its own directory.
  void PutSavepoint(const std::string& uri) {
    const auto root =
        std::filesystem::path(fakes::SourceDir()) / "tests/data/snapshots/p2-f120-savepoint-native";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "tree")) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      PutFile(uri + "/" + entry.path().filename().string(),
              {std::istreambuf_iterator<char>(in), {}});
    }
  }
  /// The entity of a snapshot, without any file.
  void Snapshot(const std::string& name, const std::string& deployment,
                const std::string& created_at, const std::string& origin = "USER_REQUEST",
                const std::string& state = "COMPLETED") {
    Source("snapshot", name,
           R"({"deployment": ")" + deployment + R"(", "savepointLocation": "s3://bound/ws/p/sp/)" +
               name + R"(", "savepointOrigin": ")" + origin + R"(", "status": {"state": ")" +
               state + R"("}, "createdAt": ")" + created_at + R"(", "nativeFormat": true})");
  }
  void WholeSnapshot(const std::string& name, const std::string& deployment,
                     const std::string& created_at, const std::string& origin = "USER_REQUEST") {
    Snapshot(name, deployment, created_at, origin);
    PutSavepoint("s3://bound/ws/p/sp/" + name);
  }
  void Job(const std::string& deployment, const std::string& status) {
    Source("job", "j-" + deployment,
           R"({"deployment": ")" + deployment + R"(", "status": {"currentJobStatus": ")" + status +
               R"("}})");
  }

  ClonePlan Plan() {
    auto plan = PlanClone(request, {*catalog, places, clock, {}});
    EXPECT_TRUE(plan) << plan.error().message();
    return plan ? *std::move(plan) : ClonePlan{};
  }

  /// "kind name -> name", in order.
  static std::vector<std::string> Made(const ClonePlan& plan) {
    std::vector<std::string> made;
    for (const Item& item : plan.items)
      made.push_back(item.from.kind + " " + item.from.name +
                     (item.to.name == item.from.name ? "" : " -> " + item.to.name));
    return made;
  }
  static const Item& ItemOf(const ClonePlan& plan, const EntityKey& from) {
    for (const Item& item : plan.items)
      if (item.from == from) return item;
    ADD_FAILURE() << "no item for " << from.kind << " " << from.name;
    static const Item none;
    return none;
  }
  /// The messages of one rule, errors and warnings.
  static std::vector<std::string> Said(const ClonePlan& plan, const std::string& rule) {
    std::vector<std::string> said;
    for (const Finding& finding : plan.findings)
      if (finding.rule == rule) said.push_back(finding.message);
    return said;
  }
  /// The plan was refused for this rule: one finding, nothing planned.
  static void ExpectRefused(const ClonePlan& plan, const std::string& rule,
                            const std::string& category, ErrorCode code, const std::string& words) {
    const auto ok = workflow::FirstError(plan.findings);
    ASSERT_FALSE(ok) << "not refused";
    EXPECT_EQ(ok.error().rule(), rule) << ok.error().message();
    EXPECT_EQ(ok.error().category(), category);
    EXPECT_EQ(ok.error().code(), code);
    EXPECT_THAT(ok.error().message(), ::testing::HasSubstr(words));
    EXPECT_FALSE(ok.error().hint().empty());
    EXPECT_FALSE(plan.ok());
    EXPECT_TRUE(plan.items.empty());
  }

  fakes::FakeClock clock;  // 2026-01-01T00:00:00Z
  storage::Places places{FileIo(), clock, storage::PlacesOptions()};
  std::shared_ptr<fakes::FaultyBackend> bucket =
      std::make_shared<fakes::FaultyBackend>(storage::MakeMemoryBackend(clock, "bound"));
  std::shared_ptr<fakes::FaultyBackend> other_bucket =
      std::make_shared<fakes::FaultyBackend>(storage::MakeMemoryBackend(clock, "other"));
  std::shared_ptr<fakes::FaultyBackend> managed =
      std::make_shared<fakes::FaultyBackend>(storage::MakeMemoryBackend(clock, "managed"));
  std::unique_ptr<catalog::Catalog> catalog = catalog::MakeMemoryCatalog(clock);
  CloneRequest request{.source = "src/p", .target = "dst/p", .account = "alice"};
};

}  // namespace stateferry::state::clone
