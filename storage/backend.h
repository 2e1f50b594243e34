#pragma once
// The one interface behind which everything that holds bytes sits: a bucket directory, a managed
// store, memory, S3 and OSS.  tests/conformance holds every implementation to this contract.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"

namespace stateferry::storage {

struct ServicePlace;  // service_copy.h
struct CopySource;
struct ObjectSums;

struct ObjectMeta {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;  ///< since the epoch; 0 = unknown
  /// Changes whenever the content may have changed.  Opaque; never empty.
  std::string etag;
};

struct SummedRead {
  std::size_t size_bytes = 0;
  std::optional<std::uint64_t> checksum = {};  ///< of the bytes; opaque
  std::optional<Hash128> hash = {};            ///< XXH3-128 of them; none: the caller hashes
};

struct Capabilities {
  std::uint64_t min_part_bytes = 1;  ///< of every part but the last
  std::uint64_t max_part_bytes = UINT64_MAX;
  std::uint32_t max_parts = UINT32_MAX;
  bool server_side_copy = false;  ///< Copy moves no bytes through this process
  /// What Upload::Complete has returned from can be seen and is durable, without a Flush().
  bool durable_on_complete = false;
  /// What was Flush()ed was read back and compared by content hash already (managed storage), so
  /// the transfer need not read it again to verify it.  Content that was there before was read back
  /// then; UploadOptions::recheck reads it once more.
  bool verified_on_flush = false;
  bool finds_by_origin = false;  ///< FindByOrigin may find something
};

struct UploadOptions {
  std::uint64_t size_bytes = 0;  ///< of the whole object
  std::uint64_t part_bytes = 0;  ///< every part but the last has exactly this size; > 0
  /// From Upload::ResumeToken() of an earlier process; empty starts anew.
  std::string resume_token = {};
  /// Opaque identity of the source content (place, key, size, etag), remembered by backends that
  /// have Capabilities::finds_by_origin.  Empty: none.
  std::string origin = {};
  /// False: Complete (or Flush) gives kConflict when the key exists.
  bool overwrite = true;
  /// Content that the backend holds already is read and compared before it is used again, and
  /// stored anew when it is damaged.
  bool recheck = false;
  /// The parts come from CopyPart, not from PutPart.
  bool by_service = false;
};

/// An object on its way.  Nothing is visible under the key before Complete.  Destroying it leaves
/// the upload resumable.
class Upload {
 public:
  virtual ~Upload() = default;
  /// Takes part `part_index` (from 0): bytes [index * part_bytes, + part_bytes).  Any order, any
  /// thread; repeating a part replaces it.  On return the bytes are accepted; they are durable
  /// after the next Backend::Flush().
  virtual Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) = 0;
  /// The same with the bytes that the service takes from `from`, which is as large as the upload.
  /// Errors: kRefused when the backend cannot; kConflict when it is another version now.
  virtual Result<void> CopyPart(std::uint32_t part_index, const CopySource& from);
  /// All parts are in.  The object is visible and durable at the latest after the next Flush().
  virtual Result<void> Complete() = 0;
  /// After Complete, and a Flush where that makes it durable: the ETag of the object as the answer
  /// told it, or as its last write has left it; "" = only Stat does.
  virtual std::string completed_etag() const { return {}; }
  /// After Complete: the service has compared all bytes that it received with a checksum of those
  /// that were put, by this process and by others before it; reading them back would tell nothing
  /// more about how they arrived.
  virtual bool compared() const { return false; }
  /// Forgets all parts.
  virtual Result<void> Abort() = 0;
  /// Names this upload for a later process; parts that were accepted and flushed need not be put
  /// again.  May be empty when the backend cannot resume.
  virtual std::string ResumeToken() const = 0;
};

struct PutOptions {
  bool overwrite = true;  ///< false: kConflict when the key exists
};

/// Keys are byte strings: non-empty, '/'-separated, at most 1,024 bytes, no NUL, no empty, "." or
/// ".." component (kInvalidArgument otherwise).  All methods are thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual Capabilities capabilities() const = 0;
  /// "file:///bucket", for messages.  Holds no secret.
  virtual std::string Describe() const = 0;

  /// Errors: kNotFound.
  virtual Result<ObjectMeta> Stat(std::string_view key) = 0;
  /// Calls `visit` for each object whose key starts with `prefix`, in bytewise key order, without
  /// holding the listing in memory (a directory of the file backend excepted).  An error from
  /// `visit` ends the listing and is returned.  No such prefix: no calls, success.
  /// A bucket may hold names that CheckKey refuses ("a//b").  They are visited as well, but all
  /// that can be done with them is to name them.
  virtual Result<void> List(std::string_view prefix,
                            const std::function<Result<void>(const ObjectMeta&)>& visit) = 0;
  /// Reads up to out.size() bytes of `key` from byte `offset`; fewer only at the end of the object.
  /// Errors: kNotFound; kCorruption when stored bytes fail their hash; kThrottled/kUnavailable
  /// (retry may help).
  virtual Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                        MutableByteSpan out) = 0;
  /// Reads all of an object in one request, if it is still the version in `version`, whose size
  /// out.size() is; the bytes are compared with the place's checksum of it, if there is one:
  /// nothing is left to be looked at afterwards.  False: the place has no such request, and nothing
  /// was read. Errors: kConflict: it is another version; kCorruption: other bytes arrived; as
  /// ReadRange.
  virtual Result<bool> ReadVersion(const ObjectMeta& /*version*/, MutableByteSpan /*out*/) {
    return false;
  }
  /// ReadRange that tells the checksum, if this backend makes one: it adds those of all ranges that
  /// were read up, and compares them with the place's checksum of the object in the Stat after the
  /// last.
  virtual Result<SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                        MutableByteSpan out) {
    SF_TRY(const std::size_t read, ReadRange(key, offset, out));
    return SummedRead{.size_bytes = read};
  }
  /// ReadRange of what was written and flushed, in order to compare it: from where it is stored
  /// rather than from a cache that still has it from the writing, where there is a difference.
  virtual Result<std::size_t> ReadBack(std::string_view key, std::uint64_t offset,
                                       MutableByteSpan out) {
    return ReadRange(key, offset, out);
  }
  /// Counts a range of that version of the object as read by this process: an earlier one has read
  /// it, and kept the checksum of ReadSummed.
  virtual void AddRead(const ObjectMeta& /*meta*/, std::uint64_t /*offset*/,
                       std::uint64_t /*size_bytes*/, std::uint64_t /*checksum*/) {}
  /// Small object in one atomic step; visible and durable on return.
  virtual Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes,
                                 const PutOptions& options) = 0;
  /// A token for an upload that is about to be begun, where a service keeps uploads whose name was
  /// never heard (the answer was lost, the process killed): StartUpload with it forgets what has
  /// come into being under `key` since, and gives kNotFound.  Empty: nothing can be left behind.
  virtual std::string IntentToken(const UploadOptions& /*options*/) { return {}; }
  /// Errors: kNotFound when `resume_token` names an upload that is gone: start anew.
  virtual Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                                      const UploadOptions& options) = 0;
  /// An object of this backend whose content came from that origin and is whole, if one is known.
  virtual Result<std::optional<ObjectMeta>> FindByOrigin(std::string_view /*origin*/) {
    return std::optional<ObjectMeta>();
  }
  /// Gives `to` the content of `from` without moving bytes through the caller.  Durable after
  /// Flush().  Errors: kRefused when the backend cannot.
  virtual Result<void> Copy(std::string_view from, std::string_view to, const PutOptions& options);
  /// Where the objects are for Upload::CopyPart and CopyFrom of another backend of the same
  /// service; none: it copies nothing by itself.
  virtual std::optional<ServicePlace> service_place() const;
  /// The service's checksums of an object.  Errors: kNotFound; kRefused when the backend has none.
  virtual Result<ObjectSums> SumsOf(std::string_view key);
  /// Gives `to` the content of an object of the same service, in one step; the caller compares
  /// both. What comes back tells of `to` what the service's answer told, perhaps no checksum and no
  /// size. Errors: kRefused when the backend cannot; kPermission; kNotFound; kConflict when `from`
  /// is another version now, or `to` exists.
  virtual Result<ObjectSums> CopyFrom(const CopySource& from, std::string_view to,
                                      const PutOptions& options);
  /// Success also when it is not there.
  virtual Result<void> Delete(std::string_view key) = 0;
  /// What is there under `key`, perhaps put by a process that was killed before its Flush, is
  /// durable with its name after the next Flush().  Nothing where what can be seen is durable.
  /// Errors: kNotFound.
  virtual Result<void> MakeDurable(std::string_view /*key*/) { return {}; }
  /// Forgets uploads that were last touched more than `age` ago, whoever began them.  Returns how
  /// many.  Nothing where the backend clears them up by itself (managed storage: gc).
  virtual Result<std::uint64_t> DropStaleUploads(std::chrono::seconds /*age*/) {
    return std::uint64_t{0};
  }
  /// Everything accepted before this call (parts, completions, copies, deletions, MakeDurable) is
  /// durable on return.  After an error nothing since the last good Flush may be relied on.
  virtual Result<void> Flush() = 0;
};

/// kInvalidArgument unless `key` obeys the rule above.
Result<void> CheckKey(std::string_view key);

/// Whole object into memory; kRefused above `limit_bytes`.
Result<std::string> ReadAll(Backend& backend, std::string_view key, std::uint64_t limit_bytes);

}  // namespace stateferry::storage
