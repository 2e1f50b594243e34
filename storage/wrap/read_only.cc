#include "storage/wrap/read_only.h"

#include "storage/wrap/forwarding.h"

namespace stateferry::storage {

namespace {

class ReadOnlyBackend final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;

  Result<ObjectMeta> Put(std::string_view key, ByteSpan, const PutOptions&) override {
    return Refuse("put", key);
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key, const UploadOptions&) override {
    return Refuse("put", key);
  }
  Result<void> Copy(std::string_view, std::string_view to, const PutOptions&) override {
    return Refuse("put", to);
  }
  Result<ObjectSums> CopyFrom(const CopySource&, std::string_view to, const PutOptions&) override {
    return Refuse("put", to);
  }
  Result<void> Delete(std::string_view key) override { return Refuse("delete", key); }
  Result<std::uint64_t> DropStaleUploads(std::chrono::seconds) override {
    return Refuse("drop uploads of", "others");
  }
  Result<void> Flush() override { return {}; }

 private:
  Error Refuse(const char* what, std::string_view key) const {
    return Error(ErrorCode::kRefused,
                 Describe() + " is open for reading only: cannot " + what + " " + std::string(key));
  }
};

}  // namespace

std::shared_ptr<Backend> WithReadOnly(std::shared_ptr<Backend> inner) {
  return std::make_shared<ReadOnlyBackend>(std::move(inner));
}

}  // namespace stateferry::storage
