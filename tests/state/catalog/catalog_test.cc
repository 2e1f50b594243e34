#include "state/catalog/catalog.h"

#include <gtest/gtest.h>

#include "state/catalog/memory_catalog.h"

namespace stateferry::state::catalog {
namespace {

Change PutVariable(const std::string& name, std::optional<std::uint64_t> expected = {}) {
  return {.scope = "ws/p",
          .entity = {{"variable", name}, Json{{"kind", "Plain"}, {"value", "v"}}},
          .expected_version = expected};
}

/// Every catalog must pass; one line to join.
class CatalogTest : public ::testing::TestWithParam<std::unique_ptr<Catalog> (*)()> {
 protected:
  std::unique_ptr<Catalog> catalog_ = GetParam()();
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

INSTANTIATE_TEST_SUITE_P(Memory, CatalogTest, ::testing::Values([]() -> std::unique_ptr<Catalog> {
                           return MakeMemoryCatalog(SystemClock());
                         }));

}  // namespace
}  // namespace stateferry::state::catalog
