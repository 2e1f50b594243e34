#pragma once
// The requests that stateferry makes to a bucket, one function each.  Facts: the API references of
// S3 and OSS, and runs against the real servers.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "storage/s3/checksum_trial.h"
#include "storage/s3/ranged_get.h"
#include "storage/s3/recent_page.h"
#include "storage/s3/session.h"
#include "storage/service_copy.h"

namespace stateferry::storage::s3 {

struct LookedAt {
  ObjectMeta meta;
  std::map<std::string, std::string> sums = {};  ///< see ObjectSums
  /// Of the whole object in the dialect's kind; none when the service keeps none.
  std::optional<std::uint64_t> crc = {};
  bool is_link = false;             ///< of OSS: a symbolic link; all else is of its target
  bool encrypted_with_key = false;  ///< see IsEncryptedWithKey in body_check.h
};

/// A part as the service has it.
struct StoredPart {
  std::uint64_t size_bytes = 0;
  std::string etag = {};
  std::optional<std::uint64_t> crc = {};  ///< in the dialect's kind, where it is known
};
/// By part number, from 1.
using StoredParts = std::map<std::uint32_t, StoredPart>;

struct MultipartOptions {
  bool overwrite = true;  ///< for services that want to know at the beginning
  /// The service shall keep a checksum of the whole object, and gets one of each part.
  bool checksummed = true;
};

struct NewMultipart {
  std::string upload_id = {};
  /// The service keeps a checksum of the whole object, and will compare it at the end.
  bool checksummed = false;
};

/// What Complete says about the object as a whole.
struct WholeObject {
  std::uint64_t size_bytes = 0;
  bool checksummed = false;               ///< NewMultipart::checksummed
  std::optional<std::uint64_t> crc = {};  ///< none: not to be compared
  bool overwrite = true;                  ///< false: kConflict when the key exists
};

/// What was put and is there.
struct Stored {
  std::string etag = {};
  /// The service has compared what it received with a checksum of what was sent, or told its own,
  /// which is the same: there is nothing in it to be read back.
  bool compared = false;
};

/// Whether the caller wants Stored::compared, which may take a request more for the first object.
enum class Proof { kNotWanted, kWanted };

/// Thread-safe.  Errors of all requests: those of Session::Send.
class Client {
 public:
  explicit Client(std::shared_ptr<Session> session)
      : session_(std::move(session)),
        put_trial_(dialect().compares_checksums),
        part_trial_(dialect().compares_checksums),
        kept_(dialect().conditions_are_kept ? Kept::kYes : Kept::kUnknown) {}

  const Dialect& dialect() const { return session_->dialect(); }
  const std::string& location() const { return session_->location(); }
  const std::string& service() const { return session_->service(); }
  bool in_the_open() const { return session_->in_the_open(); }
  /// Session::ServiceTime().
  SystemTime ServiceTime() const { return session_->ServiceTime(); }

  Result<ObjectMeta> Head(std::string_view key);
  /// Also asks for the checksum, which for objects under a key of a key service takes the right to
  /// use that key.
  Result<LookedAt> HeadWithCrc(std::string_view key);
  Result<RangeRead> GetRange(std::string_view key, std::uint64_t offset, MutableByteSpan out,
                             const std::optional<Version>& expected,
                             Hashing hashing = Hashing::kNo) {
    return ReadVersionRange(*session_, key, offset, out, expected, hashing);
  }
  Result<void> GetWhole(std::string_view key, MutableByteSpan out, const Version& expected) {
    return ReadWholeVersion(*session_, key, out, expected, etags_seen_);
  }
  /// The whole object in one request.  The first that must not replace anything is sent twice where
  /// it is not known what the service makes of that.
  /// Errors: kConflict; kRefused: the service replaces objects that it was told not to replace.
  Result<Stored> Put(std::string_view key, ByteSpan bytes, bool overwrite,
                     Proof proof = Proof::kNotWanted);
  /// Success also when it is not there.
  Result<void> Delete(std::string_view key);
  /// Objects whose key starts with `prefix`, in bytewise order of their keys.  What `visit` returns
  /// as an error ends the listing.  Errors: kCorruption when the service lists out of order or
  /// forever.
  Result<void> List(std::string_view prefix, const std::function<Result<void>(ObjectMeta)>& visit);

  Result<NewMultipart> CreateMultipart(std::string_view key, const MultipartOptions& options);
  Result<StoredPart> UploadPart(std::string_view key, const std::string& upload_id,
                                std::uint32_t number, ByteSpan bytes);
  /// Errors: kNotFound when the upload is gone; kRefused when the bucket is, or is not here.
  Result<StoredParts> ListParts(std::string_view key, const std::string& upload_id);
  /// Those of objects whose key starts with `prefix`.
  Result<std::vector<ListedUpload>> ListUploads(std::string_view prefix);
  /// Errors: kNotFound when the upload is gone, which may mean that an earlier Complete has reached
  /// its end unheard; kUnavailable (retry may help) also when the answer is cut or carries an error
  /// under HTTP 200.
  /// Stored::compared: each part was, and the service has told the sum of the whole.
  Result<Stored> Complete(std::string_view key, const std::string& upload_id,
                          const StoredParts& parts, const WholeObject& whole);
  /// Gives `to` the content of `from`, as long as that is still the version in `from`.  No byte
  /// comes here, so none is compared.  Errors: kNotFound; kConflict: `from` was replaced, or `to`
  /// exists.
  Result<void> Copy(const ObjectMeta& from, std::string_view to, bool overwrite);
  /// The same in one request, from any bucket of the service, of up to kMaxCopyBytes.  Gives what
  /// the answer tells of `to`.
  Result<ObjectSums> CopyWhole(const CopySource& from, std::string_view to, bool overwrite);
  struct Range {
    std::uint64_t offset = 0, size_bytes = 0;
  };
  Result<StoredPart> CopyPart(const CopySource& from, Range range, std::string_view to,
                              const std::string& upload_id, std::uint32_t number);
  const std::string& bucket_name() const { return session_->bucket_name(); }
  Bucket bucket() const { return session_->bucket(); }
  /// Forgets the upload and checks that nothing of it is left.  Returns whether the service knew
  /// it.
  Result<bool> Abort(std::string_view key, const std::string& upload_id);

 private:
  Result<void> RefuseIfThere(std::string_view key);
  Result<bool> IsThere(std::string_view key);
  bool AreManyLooks(std::chrono::steady_clock::time_point now);
  std::optional<bool> TellByPage(std::string_view key);
  void Changes(std::string_view key);
  Result<ListedKeys> ListAround(std::string_view key);
  Result<LookedAt> Look(Call call);
  Result<std::optional<ObjectMeta>> LearnByGet(std::string_view key);
  Error NotFoundIfUnlisted(std::string_view key, Error refusal);
  Call CopyCall(const CopySource& from, std::string_view to) const;
  Result<void> CopyParts(const ObjectMeta& from, std::string_view to, const std::string& upload_id,
                         bool overwrite);
  /// Whether the service keeps to "only if it does not exist": what became of it so far.
  enum class Kept { kUnknown, kYes, kNo };
  /// Errors: kConflict: `key` exists; kRefused: see Put.
  Result<void> AddCondition(PutIfAbsent how, Kept kept, std::string_view key, NameValues& headers);
  Kept KeptByComplete() const;
  Result<Stored> PutNew(std::string_view key, ByteSpan bytes, Proof proof);
  Result<Stored> PutOnce(std::string_view key, ByteSpan bytes, const NameValues& condition,
                         Proof proof);
  void ProveCondition(std::string_view key, ByteSpan bytes, const NameValues& condition);
  /// From the answer to a request that made an object.
  void LearnVersions(const http::Answer& answer);
  Error IgnoresCondition(std::string_view key) const;
  bool AnswersCompare(bool told, const ChecksumTrial& trial) const;

  const std::shared_ptr<Session> session_;
  ChecksumTrial put_trial_, part_trial_;
  std::atomic<Kept> kept_;
  std::mutex proving_;
  int proofs_left_ = 3;  // guarded by proving_
  std::atomic<bool> head_is_answered_{false};
  EtagsSeen etags_seen_;
  std::mutex looks_mutex_;
  RecentPage recent_page_;                             // guarded by looks_mutex_
  std::condition_variable page_came_;                  // or did not
  bool lists_no_more_ = false;                         // guarded by looks_mutex_
  int looks_ = 0;                                      // guarded by looks_mutex_
  bool were_many_looks_ = false;                       // guarded by looks_mutex_
  std::chrono::steady_clock::time_point looks_since_;  // guarded by looks_mutex_
};

}  // namespace stateferry::storage::s3
