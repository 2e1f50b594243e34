#pragma once
// Flink's `_metadata` as values, and its reader and writer.  docs/formats/flink-metadata.md has the
// bytes.  Everything a file says is kept, in its order and with its raw string bytes, so that a
// file that was not changed is written back byte for byte.
//
// Strings are the file's own bytes (modified UTF-8, checked by the reader) and hostile: print them
// through PrintableText (modified_utf8.h) only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "state/snapshot/box.h"

namespace stateferry::state::snapshot {

/// A half-open range of key groups is not what Flink stores: it stores first and count.
struct KeyGroupRange {
  std::int32_t first = 0;
  std::int32_t count = 0;
};

// ---- Stream handles: where bytes are -----------------------------------------------------------

enum class StreamTag : std::uint8_t {
  kNull = 0,
  kBytes = 1,          ///< the state itself, inside `_metadata`
  kFile = 2,           ///< a file by absolute path
  kKeyGroups = 3,      ///< key group offsets around another stream handle
  kRelative = 6,       ///< a file by path relative to the directory of `_metadata`
  kSegment = 15,       ///< a part of a merged file
  kEmptySegment = 16,  ///< a part of no file
};

enum class SegmentScope : std::int32_t { kExclusive = 0, kShared = 1 };

struct StreamHandle;
struct KeyGroupsStream {
  KeyGroupRange key_groups;
  std::vector<std::int64_t> offsets;
  Box<StreamHandle> stream;
};

struct StreamHandle {
  StreamTag tag = StreamTag::kNull;
  SegmentScope scope = SegmentScope::kExclusive;  ///< kSegment
  std::int64_t start = 0;                         ///< kSegment: first byte inside the physical file
  std::int64_t size_bytes = 0;                    ///< kFile, kRelative, kSegment; -1 = unknown
  std::string path;                 ///< kFile, kSegment: absolute; kRelative: relative
  std::string name;                 ///< kBytes: its identity; kSegment: logical file id
  std::string data;                 ///< kBytes
  Box<KeyGroupsStream> key_groups;  ///< kKeyGroups

  static StreamHandle File(std::string path, std::int64_t size_bytes);
  static StreamHandle Relative(std::string path, std::int64_t size_bytes);
};

/// One entry of a LIST: the file's name inside the local RocksDB directory, and where it is.
struct NamedStream {
  std::string local_name;
  StreamHandle stream;
};

// ---- Operator state ----------------------------------------------------------------------------

enum class OperatorStateTag : std::uint8_t { kNull = 0, kPartitionable = 4, kFileMerging = 17 };

enum class StateMode : std::uint8_t { kSplitDistribute = 0, kUnion = 1, kBroadcast = 2 };

struct NamedState {
  std::string name;
  StateMode mode = StateMode::kSplitDistribute;
  std::vector<std::int64_t> offsets;
};

struct OperatorStateHandle {
  std::int32_t flag = 1;  ///< the i32 before the handle; any value but 0
  OperatorStateTag tag = OperatorStateTag::kPartitionable;
  std::vector<NamedState> states;
  std::string task_owned_directory;  ///< kFileMerging: absolute path
  std::string shared_directory;      ///< kFileMerging: absolute path
  std::uint8_t empty = 0;            ///< kFileMerging: a bool as its byte
  StreamHandle stream;               ///< kFileMerging: kSegment or kEmptySegment
};

// ---- Keyed state -------------------------------------------------------------------------------

enum class KeyedTag : std::uint8_t {
  kNull = 0,  ///< not in the model: an absent Box
  kKeyGroupsOld = 3,
  kIncrementalOld = 5,
  kSavepointKeyGroups = 7,
  kChangelogOld = 8,
  kChangelogBytes = 9,
  kChangelogFilesOld = 10,
  kIncremental = 11,
  kKeyGroups = 12,
  kChangelogFiles = 13,
  kChangelog = 14,
};

/// One change of a kChangelogBytes handle.
struct ChangeBlob {
  std::int32_t key_group = 0;  ///< -1: metadata
  std::string data;
};
struct ChangelogStream {
  std::int64_t offset = 0;  ///< counts logical bytes
  StreamHandle stream;      ///< its size counts logical bytes too
};

struct KeyedHandle {
  KeyedTag tag = KeyedTag::kKeyGroups;
  KeyGroupRange key_groups;
  std::vector<std::int64_t> offsets;          ///< 3, 7, 12
  StreamHandle stream;                        ///< 3, 7, 12; 5, 11: the "meta" file
  std::int64_t checkpoint_id = 0;             ///< 5, 11, 14
  std::string backend_id;                     ///< 5, 11
  std::int64_t checkpointed_size = 0;         ///< 8, 10, 11, 13, 14
  std::vector<NamedStream> shared_files;      ///< 5, 11
  std::vector<NamedStream> private_files;     ///< 5, 11
  std::vector<KeyedHandle> materialized;      ///< 8, 14
  std::vector<KeyedHandle> changes;           ///< 8, 14: of 9, 10, 13
  std::int64_t materialization_id = 0;        ///< 8, 14
  std::int64_t from = 0, to = 0;              ///< 9
  std::vector<ChangeBlob> change_blobs;       ///< 9
  std::vector<ChangelogStream> change_files;  ///< 10, 13
  std::int64_t size_bytes = 0;                ///< 10, 13: logical
  std::string storage_id;                     ///< 13
  std::string handle_id;                      ///< 11, 12, 13, 14; 8, 9, 10 unless changelog_1_14
};

// ---- Channel state -----------------------------------------------------------------------------

enum class ChannelTag : std::uint8_t {
  kInput = 1,
  kOutput = 2,
  kMergedInput = 3,
  kMergedOutput = 4,
};

/// (a, b) = (gate, channel) of an input, (partition, subpartition) of an output.
struct ChannelPart {
  std::int32_t a = 0, b = 0;
  std::int64_t size_bytes = 0;
  std::vector<std::int64_t> offsets;
};
struct ChannelHandle {
  ChannelTag tag = ChannelTag::kInput;  ///< stored since version 6
  std::int32_t subtask = 0;
  std::int64_t size_bytes = 0;     ///< of this channel inside the file of `stream`
  std::vector<ChannelPart> parts;  ///< exactly one (its size repeats size_bytes) unless merged
  StreamHandle stream;             ///< several handles may share one file
};

// ---- The file ----------------------------------------------------------------------------------

struct MasterState {
  std::int32_t version = 0;
  std::string name;
  std::string payload;
};

struct Subtask {
  std::int32_t index = 0;
  bool finished = false;          ///< nothing below is stored then
  std::int64_t duration = -1;     ///< version 2
  std::int32_t legacy_count = 0;  ///< version 2, <= 0
  Box<OperatorStateHandle> managed_operator, raw_operator;
  Box<KeyedHandle> managed_keyed, raw_keyed;
  std::vector<ChannelHandle> input_channels, output_channels;
  std::uint8_t reference_marker = 0;         ///< version 7
  std::int64_t reference_checkpoint_id = 0;  ///< version 7, when the marker is 1
};

struct Operator {
  std::string name, uid;  ///< version >= 5; "" = absent
  std::array<std::uint8_t, 16> id{};
  std::int32_t parallelism = 0;
  std::int32_t max_parallelism = 0;
  std::int32_t chain_length = 1;     ///< version 2
  StreamHandle coordinator;          ///< kNull or kBytes
  bool fully_finished = false;       ///< no subtasks are stored
  std::int32_t finished_count = -1;  ///< fully_finished: the count that says so, < 0
  std::vector<Subtask> subtasks;
};

/// What the properties (version >= 4) say; strings are empty when they do not say it.
struct CheckpointProperties {
  std::string type_name;  ///< "Checkpoint", "Savepoint", "Terminate Savepoint", ...
  std::string format;     ///< of a savepoint: "CANONICAL", "NATIVE"
  bool is_savepoint = false;
};

struct FlinkMetadata {
  std::int32_t version = 0;
  std::int64_t checkpoint_id = 0;
  std::vector<MasterState> master_states;
  std::vector<Operator> operators;
  std::string properties;       ///< version >= 4: a Java serialization stream, never changed
  bool changelog_1_14 = false;  ///< version 3: tags 8, 9, 10 have the layout of Flink 1.14
  CheckpointProperties parsed_properties;  ///< derived, not written
  std::vector<std::string> warnings;       ///< derived, not written; printable
};

// ---- Reader and writer -------------------------------------------------------------------------

constexpr std::int32_t kOldestMetadataVersion = 2;
constexpr std::int32_t kNewestReadVersion = 7;     ///< seen on Flink's master branch only
constexpr std::int32_t kNewestWrittenVersion = 6;  ///< Flink 2.1 to 2.3

/// Reads a whole `_metadata` file.
/// Errors: kCorruption (what, at which byte, in which operator and subtask); kRefused for a version
/// or handle tag this reader does not know, and beyond the limits of flink_metadata_limits.h.
/// Memory: bounded by a multiple of the file's size.
Result<FlinkMetadata> ReadFlinkMetadata(ByteSpan file);

/// The bytes of `metadata`; the same as were read when nothing was changed.  Writes the version and
/// tags that are in the model, so nothing newer than was found, unless the caller put it there.
/// Errors: kRefused for version 7 and for strings above 65535 bytes (names the string);
/// kInvalidArgument when the model holds what the version or tag cannot store.
Result<std::string> WriteFlinkMetadata(const FlinkMetadata& metadata);

std::string OperatorIdText(const std::array<std::uint8_t, 16>& id);  ///< 32 hex digits
/// Name, else uid, else id: the best known, printable.
std::string OperatorLabel(const Operator& op);
/// First release line that wrote this version, for messages: "1.11 to 1.15".
std::string_view FlinkReleasesOf(std::int32_t version);

}  // namespace stateferry::state::snapshot
