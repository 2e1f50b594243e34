#pragma once
// What an entity may be called, as data.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::state::entities {

/// One row per way of naming things.  Lengths are bytes of UTF-8.
struct NameRule {
  std::string_view first;      ///< characters a name may begin with, as ranges: "a-z0-9_"
  std::string_view rest;       ///< characters behind the first; a '-' stands first or last
  std::string_view last;       ///< characters it may end with
  std::string_view text;       ///< the rule for people: "letters, digits and '-', a letter first"
  std::size_t max_bytes = 64;  ///< of one component
  /// Names with '/' are paths; each component obeys the rule.
  std::size_t min_components = 1, max_components = 1;
  std::size_t max_total_bytes = 1000;
  /// Also anything that is not ASCII, as long as it is UTF-8 and no control character.
  bool any_language = false;
  bool no_sql_keyword = false;  ///< compared without case
  char joiner = '-';            ///< in numbered names: "orders-clone-1"
  /// Numbers stand before the extension: "udf-clone-1.jar", "env-clone-1.tar.gz".
  bool keeps_extension = false;
};

// Sources: entities.md, sections 1, 2 and 6.  Where the vendors publish no rule, the row is ours
// and wide enough for what their consoles accept.
extern const NameRule kScopeName;      ///< region, workspace, queue, session cluster
extern const NameRule kProjectName;    ///< WORKSPACE/PROJECT
extern const NameRule kJobName;        ///< deployments, drafts, plans, alerts
extern const NameRule kPathName;       ///< folders and what lies in them
extern const NameRule kFileName;       ///< a path in the project's storage
extern const NameRule kIdentifier;     ///< what SQL names: variables, functions, catalogs
extern const NameRule kConnectorName;  ///< 'connector' = '...'
extern const NameRule kArtifactName;   ///< UDF artifacts
extern const NameRule kServerId;       ///< made by a server: snapshots, jobs
extern const NameRule kAccountName;    ///< members: account ids, e-mail addresses, ARNs

/// Errors: kInvalidArgument with one sentence that quotes the name and says the rule.
Result<void> CheckName(const NameRule& rule, std::string_view name);

/// "NAME-clone-N" with the joiner of the rule, the last component of `name` shortened (between
/// characters) so that the result obeys the rule when `name` did.  Reading R-8 of C-26.
std::string NumberedName(const NameRule& rule, std::string_view name, std::uint32_t number);

}  // namespace stateferry::state::entities
