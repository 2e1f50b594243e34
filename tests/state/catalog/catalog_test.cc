#include "state/catalog/catalog.h"

#include <gtest/gtest.h>

#include "state/catalog/memory_catalog.h"
#include "state/catalog/rocksdb_catalog.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry::state::catalog {
namespace {

Change PutVariable(const std::string& name, std::optional<std::uint64_t> expected = {}) {
  return {.scope = "ws/p",
          .entity = {{"variable", name}, Json{{"kind", "Plain"}, {"value", "v"}}},
          .expected_version = expected};
}

/// Every catalog must pass; one line to join.
class CatalogTest
    : public ::testing::TestWithParam<std::unique_ptr<Catalog> (*)(const std::string& home)> {
 protected:
  fakes::ScratchDir dir_;
  std::unique_ptr<Catalog> catalog_ = GetParam()(dir_.File("home"));
};

TEST_P(CatalogTest, VersionsGrowWithEveryChange) {
  for (std::uint64_t version = 0; version < 3; ++version) {
    const std::vector<Change> changes{PutVariable("a", version)};
    ASSERT_TRUE(catalog_->Apply(changes));
  }
  EXPECT_EQ(Get(*catalog_, "ws/p", {"variable", "a"})->version, 3u);
}

TEST_P(CatalogTest, AStaleVersionChangesNothingOfTheWholeBatch) {
  const std::vector<Change> first{PutVariable("a", 0)},
      second{PutVariable("b"), PutVariable("a", 7)};
  ASSERT_TRUE(catalog_->Apply(first));
  const auto refused = catalog_->Apply(second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
  EXPECT_FALSE(*catalog_->Find("ws/p", {"variable", "b"}));
}

TEST_P(CatalogTest, ListsOneKindOfOneScopeInOrder) {
  const std::vector<Change> changes{
      PutVariable("b"),
      PutVariable("a"),
      {.scope = "ws/p2", .entity = {{"variable", "c"}, Json::object()}},
      {.scope = "ws/p", .entity = {{"folder", "f"}, Json::object()}}};
  ASSERT_TRUE(catalog_->Apply(changes));
  const auto found = ListAll(*catalog_, "ws/p", "variable");
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ(found->front().entity.key.name, "a");
  EXPECT_EQ(ListAll(*catalog_, "ws/p", "")->size(), 3u);
}

TEST_P(CatalogTest, DeletedIsGoneAndStartsAtVersionOneAgain) {
  Change gone = PutVariable("a");
  gone.what = Change::What::kDelete;
  const std::vector<Change> put{PutVariable("a")}, drop{gone};
  ASSERT_TRUE(catalog_->Apply(put));
  ASSERT_TRUE(catalog_->Apply(drop));
  ASSERT_TRUE(catalog_->Apply(drop));
  EXPECT_EQ(Get(*catalog_, "ws/p", {"variable", "a"}).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(catalog_->Apply(put));
  EXPECT_EQ(Get(*catalog_, "ws/p", {"variable", "a"})->version, 1u);
}

TEST_P(CatalogTest, KeepsWhatNoChangeSpeaksOf) {
  Change made = PutVariable("a");
  made.made_by = "clone-1";
  made.phase = Phase::kInitializing;
  const std::vector<Change> first{made}, second{PutVariable("a")};
  ASSERT_TRUE(catalog_->Apply(first));
  const auto initializing = Get(*catalog_, "ws/p", {"variable", "a"});
  ASSERT_TRUE(catalog_->Apply(second));
  const auto ready = Get(*catalog_, "ws/p", {"variable", "a"});
  EXPECT_EQ(initializing->phase, Phase::kInitializing);
  EXPECT_EQ(ready->phase, Phase::kReady);
  EXPECT_EQ(ready->made_by, "clone-1");
  EXPECT_EQ(ready->created, initializing->created);
  EXPECT_EQ(ready->entity.body, second.front().entity.body);
}

TEST_P(CatalogTest, AnEmptyScopeListsNoEntitiesOfProjects) {
  const std::vector<Change> changes{PutVariable("a"),
                                    {.entity = {{"region", "r"}, Json::object()}}};
  ASSERT_TRUE(catalog_->Apply(changes));
  const auto found = ListAll(*catalog_, "", "");
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().entity.key.name, "r");
}

TEST_P(CatalogTest, RefusesKeysThatItCouldNotTellApart) {
  Change unknown = PutVariable("a"), nul = PutVariable(std::string("a\0b", 3)),
         scope = PutVariable("a");
  unknown.entity.key.kind = "varable";
  scope.scope = std::string("ws\0", 3);
  for (const Change& change : {unknown, nul, scope, PutVariable("")}) {
    const std::vector<Change> changes{PutVariable("b"), change};
    const auto refused = catalog_->Apply(changes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_FALSE(*catalog_->Find("ws/p", {"variable", "b"}));
  }
}

TEST_P(CatalogTest, TheSameEntityTwiceInOneGoIsAConflict) {
  const std::vector<Change> changes{PutVariable("a"), PutVariable("a")};
  const auto refused = catalog_->Apply(changes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
}

TEST_P(CatalogTest, AnErrorOfTheVisitorEndsTheListing) {
  const std::vector<Change> changes{PutVariable("a"), PutVariable("b")};
  ASSERT_TRUE(catalog_->Apply(changes));
  int seen = 0;
  const auto stopped = catalog_->List("ws/p", "", [&](const Record&) -> Result<void> {
    ++seen;
    return Error(ErrorCode::kCancelled, "enough");
  });
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(seen, 1);
}

TEST_P(CatalogTest, AListingShowsOneMomentWhoeverWritesMeanwhile) {
  const std::vector<Change> first{PutVariable("a"), PutVariable("c")}, later{PutVariable("b")};
  ASSERT_TRUE(catalog_->Apply(first));
  std::vector<std::string> names;
  ASSERT_TRUE(catalog_->List("ws/p", "", [&](const Record& record) {
    names.push_back(record.entity.key.name);
    return catalog_->Apply(later);
  }));
  EXPECT_EQ(names, (std::vector<std::string>{"a", "c"}));
}

INSTANTIATE_TEST_SUITE_P(Memory, CatalogTest,
                         ::testing::Values([](const std::string&) -> std::unique_ptr<Catalog> {
                           return MakeMemoryCatalog(SystemClock());
                         }));
INSTANTIATE_TEST_SUITE_P(RocksDb, CatalogTest,
                         ::testing::Values([](const std::string& home) -> std::unique_ptr<Catalog> {
                           const FileIo io;
                           SF_ASSERT(io.MakeDirsDurably(home).has_value());
                           const auto lock = transfer::HomeLock::Take(io, SystemClock(), home);
                           return OpenCatalog(io, SystemClock(), home, *lock).value();
                         }));

}  // namespace
}  // namespace stateferry::state::catalog
