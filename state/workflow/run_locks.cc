#include "state/workflow/run_locks.h"

#include <fmt/format.h>

#include "state/catalog/forwarding_catalog.h"

namespace stateferry::state::workflow {

namespace {

class GuardedCatalog final : public catalog::ForwardingCatalog {
 public:
  GuardedCatalog(catalog::Catalog& inner, const RunLocks& locks)
      : ForwardingCatalog(inner), locks_(locks) {}

  Result<void> Apply(std::span<const catalog::Change> changes) override {
    for (const catalog::Change& change : changes)
      SF_TRY(locks_.CheckFree(change.scope, change.entity.key));
    return ForwardingCatalog::Apply(changes);
  }

 private:
  const RunLocks& locks_;
};

Error Busy(std::string_view rule, const std::string& sentence, const Run& active) {
  return Error(ErrorCode::kConflict, fmt::format("{}: {} is at work from '{}' to '{}'", sentence,
                                                 active.id, active.source, active.target))
      .WithHint(fmt::format("wait until it ends: stateferry clone watch {}", active.id))
      .WithRule(std::string(rule), "conflict");
}

}  // namespace

Result<void> CheckProjectsFree(const std::string& source, const std::string& target,
                               const Run& active) {
  if (active.source == source)
    return Busy("C-10", fmt::format("'{}' is being cloned already", source), active);
  if (active.target == target)
    return Busy("C-11", fmt::format("something is being cloned into '{}' already", target), active);
  return {};
}

RunLocks::Lease::~Lease() {
  if (locks_ == nullptr) return;
  const std::scoped_lock lock(locks_->mutex_);
  locks_->active_.erase(id_);
}

Result<RunLocks::Lease> RunLocks::Take(const Run& run, std::set<entities::EntityKey> selected) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, active] : active_)
    SF_TRY(CheckProjectsFree(run.source, run.target, active.run));
  active_[run.id] = {run, std::move(selected)};
  return Lease(*this, run.id);
}

Result<void> RunLocks::CheckFree(const catalog::Scope& scope,
                                 const entities::EntityKey& key) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, active] : active_) {
    // The projects themselves lie beside them.
    const bool is_project = scope.empty() && key.kind == "project" &&
                            (key.name == active.run.source || key.name == active.run.target);
    const bool is_target = active.run.target == scope;
    if (!is_project && !is_target && (active.run.source != scope || !active.selected.contains(key)))
      continue;
    return Error(ErrorCode::kLocked, fmt::format("{} '{}' cannot be changed while {} is at work",
                                                 key.kind, key.name, id))
        .WithHint("wait until it ends: stateferry clone watch " + id)
        .WithRule("C-17", "locked");
  }
  return {};
}

std::unique_ptr<catalog::Catalog> GuardCatalog(catalog::Catalog& catalog, const RunLocks& locks) {
  return std::make_unique<GuardedCatalog>(catalog, locks);
}

}  // namespace stateferry::state::workflow
