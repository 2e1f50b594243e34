#include "storage/wrap/retrying.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <random>

#include "storage/wrap/forwarding.h"

namespace stateferry::storage {

std::function<double()> SystemRandomFraction() {
  struct Source {
    std::mutex mutex;
    std::mt19937_64 engine{std::random_device{}()};  // guarded by mutex
  };
  return [source = std::make_shared<Source>()] {
    std::lock_guard lock(source->mutex);
    return std::uniform_real_distribution<double>(0, 1)(source->engine);
  };
}

namespace {

class Retrier {
 public:
  Retrier(Clock& clock, RetryOptions options) : clock_(clock), options_(std::move(options)) {}

  template <typename Call>
  auto Run(Call call) -> decltype(call()) {
    for (int retry = 0;; ++retry) {
      auto result = call();
      if (result || result.error().retry() != Retry::kMayHelp) return result;
      if (retry >= options_.retries)
        return std::move(result)
            .error()
            .WithContext("giving up after " + std::to_string(retry) + " retries")
            .WithRetry(Retry::kExhausted);
      if (options_.counter) ++*options_.counter;
      const std::chrono::nanoseconds asked =
          std::min<std::chrono::nanoseconds>(result.error().retry_after(), options_.max_wait);
      if (!clock_.Sleep(std::max(WaitBefore(retry), asked), options_.stop))
        return Error(ErrorCode::kCancelled,
                     "stopped while waiting to retry: " + result.error().message());
    }
  }

 private:
  std::chrono::nanoseconds WaitBefore(int retry) const {
    const double most =
        std::min(static_cast<double>(options_.max_wait.count()),
                 std::ldexp(static_cast<double>(options_.first_wait.count()), retry));
    return std::chrono::nanoseconds(static_cast<std::int64_t>(most * options_.random()));
  }

  Clock& clock_;
  const RetryOptions options_;
};

class RetryingUpload final : public ForwardingUpload {
 public:
  RetryingUpload(std::unique_ptr<Upload> inner, std::shared_ptr<Retrier> retrier)
      : ForwardingUpload(std::move(inner)), retrier_(std::move(retrier)) {}

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
    return retrier_->Run([&] { return inner().PutPart(part_index, bytes); });
  }
  Result<void> CopyPart(std::uint32_t part_index, const CopySource& from) override {
    return retrier_->Run([&] { return inner().CopyPart(part_index, from); });
  }
  Result<void> Complete() override {
    return retrier_->Run([&] { return inner().Complete(); });
  }
  Result<void> Abort() override {
    return retrier_->Run([&] { return inner().Abort(); });
  }

 private:
  const std::shared_ptr<Retrier> retrier_;
};

class RetryingBackend final : public ForwardingBackend {
 public:
  RetryingBackend(std::shared_ptr<Backend> inner, std::shared_ptr<Retrier> retrier)
      : ForwardingBackend(std::move(inner)), retrier_(std::move(retrier)) {}

  Result<ObjectMeta> Stat(std::string_view key) override {
    return retrier_->Run([&] { return inner().Stat(key); });
  }
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    std::string last;  // keys are never empty
    std::optional<Error> visit_error;
    auto listed = retrier_->Run([&]() -> Result<void> {
      auto once = inner().List(prefix, [&](const ObjectMeta& meta) -> Result<void> {
        if (meta.key <= last) return {};
        last = meta.key;
        auto visited = visit(meta);
        if (!visited) visit_error = visited.error();
        return visited;
      });
      if (visit_error) return {};  // not ours to retry
      return once;
    });
    if (visit_error) return *visit_error;
    return listed;
  }
  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    return retrier_->Run([&] { return inner().ReadRange(key, offset, out); });
  }
  Result<SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    return retrier_->Run([&] { return inner().ReadSummed(key, offset, out); });
  }
  Result<std::size_t> ReadBack(std::string_view key, std::uint64_t offset,
                               MutableByteSpan out) override {
    return retrier_->Run([&] { return inner().ReadBack(key, offset, out); });
  }
  Result<bool> ReadVersion(const ObjectMeta& version, MutableByteSpan out) override {
    return retrier_->Run([&] { return inner().ReadVersion(version, out); });
  }
  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    return retrier_->Run([&] { return inner().Put(key, bytes, options); });
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    SF_TRY(auto upload, retrier_->Run([&] { return inner().StartUpload(key, options); }));
    return std::unique_ptr<Upload>(std::make_unique<RetryingUpload>(std::move(upload), retrier_));
  }
  Result<std::optional<ObjectMeta>> FindByOrigin(std::string_view origin) override {
    return retrier_->Run([&] { return inner().FindByOrigin(origin); });
  }
  Result<void> Copy(std::string_view from, std::string_view to,
                    const PutOptions& options) override {
    return retrier_->Run([&] { return inner().Copy(from, to, options); });
  }
  Result<ObjectSums> SumsOf(std::string_view key) override {
    return retrier_->Run([&] { return inner().SumsOf(key); });
  }
  Result<ObjectSums> CopyFrom(const CopySource& from, std::string_view to,
                              const PutOptions& options) override {
    return retrier_->Run([&] { return inner().CopyFrom(from, to, options); });
  }
  Result<void> MakeDurable(std::string_view key) override {
    return retrier_->Run([&] { return inner().MakeDurable(key); });
  }
  Result<void> Delete(std::string_view key) override {
    return retrier_->Run([&] { return inner().Delete(key); });
  }
  // Flush is not repeated: after an error nothing since the last good one may be relied on, and a
  // second call would have nothing left to fail with.

 private:
  const std::shared_ptr<Retrier> retrier_;
};

}  // namespace

std::shared_ptr<Backend> WithRetries(std::shared_ptr<Backend> inner, Clock& clock,
                                     RetryOptions options) {
  if (!options.random) options.random = SystemRandomFraction();
  return std::make_shared<RetryingBackend>(std::move(inner),
                                           std::make_shared<Retrier>(clock, std::move(options)));
}

}  // namespace stateferry::storage
