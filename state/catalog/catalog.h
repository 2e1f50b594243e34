#pragma once
// What is known of regions, workspaces, projects and their entities.  Plain storage: what an entity
// must look like is known by its kind (state/entities), what may change while a clone runs by
// the workflows.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "state/entities/entity.h"

namespace stateferry::state::catalog {

/// Where an entity lies: "WORKSPACE/PROJECT", or "" for regions, workspaces and projects.
using Scope = std::string;

enum class Phase : std::uint8_t {
  kReady = 0,
  kInitializing = 1,  ///< half made: a run that stopped here has not finished it
};

struct Record {
  entities::Entity entity{};
  std::uint64_t version = 0;  ///< 1 when first put, one more with every change
  Phase phase = Phase::kReady;
  std::string made_by{};             ///< id of the clone that made it; "" = people
  std::string created{}, updated{};  ///< RFC 3339, UTC
};

/// One write.
struct Change {
  enum class What { kPut, kDelete } what = What::kPut;
  Scope scope{};
  entities::Entity entity{};  ///< for kDelete the key alone counts
  /// The version that the writer has seen: 0 = must not be there.  None: whatever is there.
  std::optional<std::uint64_t> expected_version = {};
  Phase phase = Phase::kReady;
  std::string made_by = {};  ///< kept from the first put on when empty
};

using RecordVisitor = std::function<Result<void>(const Record&)>;

/// Thread-safe.  Errors of all calls: kIo, kNoSpace, kPermission, kCorruption (names the record).
class Catalog {
 public:
  virtual ~Catalog() = default;

  /// Nothing when it is not there.
  virtual Result<std::optional<Record>> Find(const Scope& scope,
                                             const entities::EntityKey& key) = 0;
  /// In bytewise order of kind and name; `kind` "" = all.  As of one moment, whoever writes
  /// meanwhile.  An error from `visit` ends the listing and is returned.
  virtual Result<void> List(const Scope& scope, std::string_view kind,
                            const RecordVisitor& visit) = 0;
  /// All of them or none, durable on return.  Deleting what is not there is no error unless a
  /// version was expected.  Errors: kConflict naming the entity when it has another version than
  /// expected, or is changed twice; kInvalidArgument for an unknown kind, no name, or a NUL in one;
  /// kLocked from a catalog that guards a running clone; kRefused when it was opened for reading.
  virtual Result<void> Apply(std::span<const Change> changes) = 0;
};

/// The records of a listing.
Result<std::vector<Record>> ListAll(Catalog& catalog, const Scope& scope, std::string_view kind);
/// Like Find, but kNotFound ("there is no deployment 'orders' in project 'ws/p'").
Result<Record> Get(Catalog& catalog, const Scope& scope, const entities::EntityKey& key);

}  // namespace stateferry::state::catalog
