#include "storage/s3/s3_backend.h"

#include "storage/s3/body_check.h"
#include "storage/s3/unheard_uploads.h"
#include "storage/s3/upload.h"
#include "storage/s3/versions.h"

namespace stateferry::storage::s3 {

namespace {

class S3Backend final : public Backend {
 public:
  explicit S3Backend(std::shared_ptr<Client> client)
      : client_(std::move(client)),
        versions_(std::make_shared<Versions>()),
        unheard_(std::make_shared<UnheardUploads>(client_)) {}

  Capabilities capabilities() const override {
    return {.min_part_bytes = client_->dialect().min_part_bytes,
            .max_part_bytes = client_->dialect().max_part_bytes,
            .max_parts = kMaxParts,
            .server_side_copy = true,
            .durable_on_complete = true};
  }

  std::string Describe() const override { return client_->location(); }

  Result<ObjectMeta> Stat(std::string_view key) override {
    SF_TRY(CheckKey(key));
    const auto read_crc = versions_->CrcOfAllRead(key);
    if (read_crc) return StatAfterReading(key, *read_crc);
    auto meta = client_->Head(key);
    if (meta) {
      versions_->Note(key, {meta->etag, meta->size_bytes});
    } else {
      versions_->Forget(key);
    }
    return meta;
  }

  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    return client_->List(prefix, [&](const ObjectMeta& meta) -> Result<void> {
      if (meta.key.ends_with('/') && meta.size_bytes == 0) return {};
      return visit(meta);
    });
  }

  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    SF_TRY(const auto read, Read(key, offset, out, Hashing::kNo));
    return read.size_bytes;
  }

  Result<SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    return Read(key, offset, out, Hashing::kYes);
  }

  Result<bool> ReadVersion(const ObjectMeta& meta, MutableByteSpan out) override {
    SF_TRY(CheckKey(meta.key));
    if (out.empty() || out.size() != meta.size_bytes || meta.etag.empty()) return false;
    const Version version{meta.etag, meta.size_bytes};
    SF_TRY(client_->GetWhole(meta.key, out, version));
    versions_->Note(meta.key, version);
    return true;
  }

  void AddRead(const ObjectMeta& meta, std::uint64_t offset, std::uint64_t size_bytes,
               std::uint64_t checksum) override {
    const Version version{meta.etag, meta.size_bytes};
    if (versions_->Agree(meta.key, version))
      versions_->NoteRead(meta.key, version, offset, size_bytes, checksum, client_->dialect());
  }

  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    SF_TRY(CheckKey(key));
    versions_->Forget(key);
    SF_TRY(auto stored, client_->Put(key, bytes, options.overwrite));
    versions_->Note(key, {stored.etag, bytes.size()});
    return ObjectMeta{
        .key = std::string(key), .size_bytes = bytes.size(), .etag = std::move(stored.etag)};
  }

  std::string IntentToken(const UploadOptions& options) override {
    return TravelsWhole(options) ? std::string() : unheard_->Intent();
  }

  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    SF_TRY(CheckKey(key));
    return s3::StartUpload({client_, versions_, unheard_}, key, options);
  }

  Result<void> Copy(std::string_view from, std::string_view to,
                    const PutOptions& options) override {
    SF_TRY(CheckKey(to));
    SF_TRY(const auto meta, Stat(from));
    versions_->Forget(to);
    return client_->Copy(meta, to, options.overwrite);
  }

  std::optional<ServicePlace> service_place() const override {
    const Bucket bucket = client_->bucket();
    const std::string endpoint = bucket.Service();
    const std::string scheme = bucket.location.substr(0, bucket.location.find(':'));
    return ServicePlace{
        .service = scheme + " " + (endpoint.empty() ? std::string(bucket.dialect->name) : endpoint),
        .region = bucket.region,
        .principal =
            bucket.profile.empty() ? "the default credentials" : "the profile " + bucket.profile,
        .container = bucket.name,
        .can_sign = !bucket.anonymous,
        .has_links = bucket.dialect->has_links,
        .in_the_open = bucket.in_the_open,
        .compared_sum = std::string(SumName(*bucket.dialect))};
  }

  Result<ObjectSums> SumsOf(std::string_view key) override {
    SF_TRY(CheckKey(key));
    SF_TRY(auto looked, client_->HeadWithCrc(key));
    return ObjectSums{
        .meta = std::move(looked.meta), .sums = std::move(looked.sums), .is_link = looked.is_link};
  }

  Result<ObjectSums> CopyFrom(const CopySource& from, std::string_view to,
                              const PutOptions& options) override {
    SF_TRY(CheckKey(to));
    versions_->Forget(to);
    return client_->CopyWhole(from, to, options.overwrite);
  }

  Result<void> Delete(std::string_view key) override {
    SF_TRY(CheckKey(key));
    versions_->Forget(key);
    return client_->Delete(key);
  }

  /// What a service has accepted is durable.
  Result<void> Flush() override { return {}; }

 private:
  Result<SummedRead> Read(std::string_view key, std::uint64_t offset, MutableByteSpan out,
                          Hashing hashing) {
    SF_TRY(CheckKey(key));
    if (out.empty()) {
      SF_TRY(Stat(key));
      return SummedRead{};
    }
    auto read = client_->GetRange(key, offset, out, versions_->Find(key), hashing);
    if (!read) {
      // The next Stat says what is there now; until then the caller must not go on.
      if (read.error().code() == ErrorCode::kConflict ||
          read.error().code() == ErrorCode::kNotFound)
        versions_->Forget(key);
      return std::move(read).error();
    }
    // Two first reads at once may have seen two versions.
    if (!read->version.etag.empty() && !versions_->Agree(key, read->version))
      return Error(ErrorCode::kConflict,
                   std::string(key) + " was replaced while it was being read");
    if (read->crc)
      versions_->NoteRead(key, read->version, offset, read->count, *read->crc, client_->dialect());
    return SummedRead{.size_bytes = read->count, .checksum = read->crc, .hash = read->hash};
  }

  // A caller who has read all of an object and looks at it again, as a transfer does before it
  // completes its copy, gets the bytes compared with the checksum that the service keeps.
  Result<ObjectMeta> StatAfterReading(std::string_view key, std::uint64_t read_crc) {
    const auto read = versions_->Find(key);
    SF_TRY(auto looked, client_->HeadWithCrc(key));
    const Version now{looked.meta.etag, looked.meta.size_bytes};
    if (read == now && looked.crc && looked.crc != read_crc) {
      versions_->Forget(key);
      return Error(ErrorCode::kCorruption,
                   std::string(key) + " arrived with other bytes than the service has (CRC-64)");
    }
    versions_->Note(key, now);
    versions_->ForgetRead(key);
    return std::move(looked.meta);
  }

  const std::shared_ptr<Client> client_;
  const std::shared_ptr<Versions> versions_;
  const std::shared_ptr<UnheardUploads> unheard_;
};

}  // namespace

std::shared_ptr<Backend> MakeS3Backend(std::shared_ptr<Client> client) {
  return std::make_shared<S3Backend>(std::move(client));
}

}  // namespace stateferry::storage::s3
