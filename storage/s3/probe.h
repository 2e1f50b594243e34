#pragma once
// What a principal may do in a bucket, and what the service understands, found out by trying.  The
// tried requests are those that stateferry makes when it moves snapshots.

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "storage/s3/session.h"

namespace stateferry::storage::s3 {

enum class Can { kYes, kNo, kUnknown };

struct ProbeFinding {
  std::string_view name;  ///< "list", "put-if-absent", "checksum-crc64nvme"
  Can can = Can::kUnknown;
  /// Whether reading (or writing, when that is tried) is impossible without it.
  bool needed = false;
  /// Of a no, for programs: DENIED_LIST, DENIED_GET, DENIED_PUT, DENIED_DELETE, DENIED_ABORT,
  /// DENIED_LIST_PARTS, DENIED_LIST_UPLOADS, DENIED_COPY, ARCHIVED, NO_RANGES, NO_SPACE,
  /// LEFT_BEHIND (something could not be deleted again); REFUSED: otherwise, see `detail`;
  /// NOT_COMPARED, NOT_KNOWN, IGNORED: what the service does not do.
  std::string_view code = {};
  std::string detail = {};  ///< for people; holds words of the service
};

struct ProbeOptions {
  std::string prefix = {};  ///< a directory without '/' at its ends; "" = the whole bucket
  bool read_only = true;    ///< list and get only
  /// Objects are written below the prefix as ".stateferry-check-" and this, which nobody else uses.
  std::string name = {};
  std::stop_token stop = {};
};

/// Writes small objects unless read_only, and only when it may delete them again; leaves nothing
/// behind, neither versions nor uploads, unless a finding says so.
/// Errors: what no right would change: no such bucket, unknown credentials, no answer (retry may
/// help), kCancelled.
Result<std::vector<ProbeFinding>> ProbeBucket(Session& session, const ProbeOptions& options);

}  // namespace stateferry::storage::s3
