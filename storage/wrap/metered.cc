#include "storage/wrap/metered.h"

#include "storage/wrap/forwarding.h"

namespace stateferry::storage {

namespace {

template <typename T>
Result<T> Count(Meter& meter, MeteredOp op, Result<T> result) {
  ++meter.calls[static_cast<std::size_t>(op)];
  if (!result) ++meter.errors[static_cast<std::size_t>(op)];
  return result;
}

class MeteredUpload final : public ForwardingUpload {
 public:
  MeteredUpload(std::unique_ptr<Upload> inner, std::shared_ptr<Meter> meter)
      : ForwardingUpload(std::move(inner)), meter_(std::move(meter)) {}

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
    auto put = Count(*meter_, MeteredOp::kPutPart, inner().PutPart(part_index, bytes));
    if (put) meter_->written_bytes += bytes.size();
    return put;
  }
  Result<void> Complete() override {
    return Count(*meter_, MeteredOp::kComplete, inner().Complete());
  }

 private:
  const std::shared_ptr<Meter> meter_;
};

class MeteredBackend final : public ForwardingBackend {
 public:
  MeteredBackend(std::shared_ptr<Backend> inner, std::shared_ptr<Meter> meter)
      : ForwardingBackend(std::move(inner)), meter_(std::move(meter)) {}

  Result<ObjectMeta> Stat(std::string_view key) override {
    return Count(*meter_, MeteredOp::kStat, inner().Stat(key));
  }
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    return Count(*meter_, MeteredOp::kList, inner().List(prefix, visit));
  }
  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    return Counted(inner().ReadRange(key, offset, out));
  }
  Result<SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    auto read = Count(*meter_, MeteredOp::kRead, inner().ReadSummed(key, offset, out));
    if (read) meter_->read_bytes += read->size_bytes;
    return read;
  }
  Result<std::size_t> ReadBack(std::string_view key, std::uint64_t offset,
                               MutableByteSpan out) override {
    return Counted(inner().ReadBack(key, offset, out));
  }
  Result<bool> ReadVersion(const ObjectMeta& version, MutableByteSpan out) override {
    auto read = inner().ReadVersion(version, out);
    if (read && !*read) return read;
    read = Count(*meter_, MeteredOp::kRead, std::move(read));
    if (read) meter_->read_bytes += out.size();
    return read;
  }
  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    auto put = Count(*meter_, MeteredOp::kPut, inner().Put(key, bytes, options));
    if (put) meter_->written_bytes += bytes.size();
    return put;
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    SF_TRY(auto upload, Count(*meter_, MeteredOp::kStartUpload, inner().StartUpload(key, options)));
    return std::unique_ptr<Upload>(std::make_unique<MeteredUpload>(std::move(upload), meter_));
  }
  Result<void> Copy(std::string_view from, std::string_view to,
                    const PutOptions& options) override {
    return Count(*meter_, MeteredOp::kCopy, inner().Copy(from, to, options));
  }
  Result<void> Delete(std::string_view key) override {
    return Count(*meter_, MeteredOp::kDelete, inner().Delete(key));
  }
  Result<void> Flush() override { return Count(*meter_, MeteredOp::kFlush, inner().Flush()); }

 private:
  Result<std::size_t> Counted(Result<std::size_t> read) {
    read = Count(*meter_, MeteredOp::kRead, std::move(read));
    if (read) meter_->read_bytes += *read;
    return read;
  }

  const std::shared_ptr<Meter> meter_;
};

}  // namespace

std::string_view MeteredOpName(MeteredOp op) {
  static constexpr std::array<std::string_view, kMeteredOps> kNames = {
      "stat",     "list",     "read", "put",    "start_upload",
      "put_part", "complete", "copy", "delete", "flush"};
  return kNames[static_cast<std::size_t>(op)];
}

std::shared_ptr<Backend> WithMeter(std::shared_ptr<Backend> inner, std::shared_ptr<Meter> meter) {
  return std::make_shared<MeteredBackend>(std::move(inner), std::move(meter));
}

}  // namespace stateferry::storage
