#pragma once
// Walks the Java serialization stream at the end of `_metadata` (version >= 4) without building
// any object: finds its end, the classes it names and what kind of checkpoint it describes.

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "state/snapshot/flink_metadata.h"

namespace stateferry::state::snapshot {

struct JavaProperties {
  CheckpointProperties properties;
  /// One for each class that Flink does not put there.  Flink deserialises the stream with plain
  /// Java serialization, so such a class may do harm when the snapshot is restored.
  std::vector<std::string> warnings;
};

/// Errors: kCorruption: not such a stream, or bytes follow it; kRefused: a type code Flink does not
/// need, or more than the limits of flink_metadata_limits.h.
Result<JavaProperties> ReadJavaProperties(ByteSpan stream);

}  // namespace stateferry::state::snapshot
