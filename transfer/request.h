#pragma once
// What a transfer is asked to do.  Values only.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "storage/places.h"

namespace stateferry::transfer {

/// One file (or one range of one file) to move.
struct FileTask {
  storage::Location from_dir;    ///< the directory-like place the source object lies in
  std::string from_name;         ///< object name below from_dir
  std::string to_name;           ///< object name below the destination; unique in a transfer
  std::uint64_t offset = 0;      ///< first byte of the source to move (file-merging segments)
  std::uint64_t size_bytes = 0;  ///< how many bytes
  bool whole_object = true;      ///< offset is 0 and the source object must be size_bytes long
  std::string etag;              ///< of the source object when it was listed
};

using FileVisitor = std::function<Result<void>(FileTask)>;
/// Streams the files of a transfer to the visitor, the same files in the same order each time the
/// source is unchanged.
using FileLister = std::function<Result<void>(const FileVisitor&)>;

enum class IfExists {
  kVerify,  ///< default: same content is skipped, other content stops the transfer with kConflict
  kSkip,    ///< same size counts as the same content
  kOverwrite,
  kFail,  ///< any object at the destination is a kConflict
};

struct TransferRequest {
  std::string kind;  ///< "copy", "relocate"
  std::string from;  ///< URIs for people and for finding the transfer again
  storage::Location to;
  /// Everything that makes this another transfer than the next one (layout, maps, restore-at...).
  /// kind + from + to + parameters identify it: the same request finds its earlier run.
  Json parameters = Json::object();
  /// Command line that repeats this request, for `transfer resume`.
  std::vector<std::string> command;
  /// Called once the destination was reviewed, and before the first file is moved; not when there
  /// is nothing to do.  Its error ends the run.  Must be safe to run twice.
  std::function<Result<void>()> before_moving = {};
};

/// Whether a service that holds both sides copies by itself (--server-side).
enum class ServerSide {
  kAuto,    ///< where it may, and keeps checksums that prove the copy; else bytes are streamed
  kAlways,  ///< or the run stops; what no checksum proves is read on both sides
  kNever,
};

struct TransferOptions {
  int workers = 0;                          ///< --transfers; 0 = chosen by the places
  std::uint32_t parts_at_once = 0;          ///< of one file, --concurrency; 0 = no limit
  std::uint64_t part_bytes = 0;             ///< 0 = auto
  std::uint64_t buffer_bytes = 256u << 20;  ///< bound on part buffers
  std::uint64_t commit_bytes = 96u << 20;   ///< Flush and journal after so many accepted bytes
  std::chrono::milliseconds commit_interval{2000};
  IfExists if_exists = IfExists::kVerify;
  ServerSide server_side = ServerSide::kAuto;
  bool verify_after_write = true;
  bool paranoid = false;                 ///< read again what is known by identity
  bool dry_run = false;                  ///< plan and report, write nothing
  std::uint64_t max_transfer_bytes = 0;  ///< 0 = no limit; then stop resumably (kCancelled)
  std::chrono::seconds max_duration{0};
  /// How long an object is waited for whose parts a service may be joining unheard.
  std::chrono::milliseconds join_patience{30000};
};

}  // namespace stateferry::transfer
