#pragma once
// Items become entities of a project in a catalog, with their files and their state.

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "state/catalog/catalog.h"
#include "state/workflow/actions.h"
#include "transfer/transfer.h"

namespace stateferry::state::workflow {

struct CatalogActionsOptions {
  std::string run_id{};
  catalog::Scope target{};
  /// Repeats this run; recorded with its transfers.
  std::vector<std::string> command{};
  transfer::TransferOptions transfer{};
  /// The documented rules that an item breaks whose files or whose state cannot be moved.
  std::string files_rule{}, state_rule{};
  /// Takes the state out of a body.
  std::function<void(Json& body)> clear_restore_point{};
};

/// All references outlive the object; of `transfer` its stop token is not used.
class CatalogActions final : public Actions {
 public:
  CatalogActions(CatalogActionsOptions options, catalog::Catalog& catalog,
                 const transfer::TransferEnv& transfer)
      : options_(std::move(options)), catalog_(catalog), transfer_(transfer) {}

  Result<bool> IsMade(const Item& item) override;
  Result<void> Reserve(const Item& item) override;
  Result<void> Unreserve(const Item& item) override;
  Result<void> MoveFiles(Item& item, std::stop_token stop) override;
  /// Errors of both also: with the rule of the options.
  Result<void> MoveState(Item& item, std::stop_token stop) override;
  Result<void> DropState(const Item& item) override;
  void MakeStateless(Item& item) override;
  Result<std::vector<Result<void>>> Make(std::span<const Item> items,
                                         bool stop_at_failure) override;

 private:
  /// What is left to be written of an item; none: it is made already.
  Result<std::vector<catalog::Change>> ChangesOf(const Item& item);
  Result<void> AddChange(const entities::Entity& entity, std::vector<catalog::Change>& changes);
  Result<void> AddReservation(const entities::Entity& entity,
                              std::vector<catalog::Change>& changes);
  /// Removes an entity that this run has half made; success also when there is none.
  Result<void> Free(const entities::EntityKey& key);
  bool IsOurs(const catalog::Record& record) const { return record.made_by == options_.run_id; }
  transfer::TransferEnv Env(std::stop_token stop) const;
  Result<void> MoveAllFiles(Item& item, const std::stop_token& stop);
  Result<void> Relocate(Item& item, std::stop_token stop);
  Result<std::uint64_t> MoveTogether(const storage::Location& to,
                                     const std::vector<FileMove>& files, std::stop_token stop);

  const CatalogActionsOptions options_;
  catalog::Catalog& catalog_;
  const transfer::TransferEnv transfer_;
  std::set<std::pair<std::string, std::string>> moved_;  // files, by from and to
};

}  // namespace stateferry::state::workflow
