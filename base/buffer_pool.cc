#include "base/buffer_pool.h"

#include <algorithm>
#include <utility>

namespace stateferry {

BufferPool::Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      buffer_(std::move(other.buffer_)),
      size_(std::exchange(other.size_, 0)) {}

BufferPool::Lease& BufferPool::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    if (buffer_) pool_->Return(std::move(buffer_));
    pool_ = std::exchange(other.pool_, nullptr);
    buffer_ = std::move(other.buffer_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

BufferPool::Lease::~Lease() {
  if (buffer_) pool_->Return(std::move(buffer_));
}

BufferPool::BufferPool(std::size_t buffer_bytes, std::size_t total_bytes)
    : buffer_bytes_(buffer_bytes),
      capacity_(std::max<std::size_t>(1, total_bytes / std::max<std::size_t>(1, buffer_bytes))) {}

std::optional<BufferPool::Lease> BufferPool::Acquire(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (!available_.wait(lock, stop, [&] { return !free_.empty() || made_ < capacity_; }))
    return std::nullopt;
  std::unique_ptr<std::byte[]> buffer;
  if (!free_.empty()) {
    buffer = std::move(free_.back());
    free_.pop_back();
  } else {
    ++made_;
    buffer = std::make_unique_for_overwrite<std::byte[]>(buffer_bytes_);
  }
  return Lease(this, std::move(buffer), buffer_bytes_);
}

void BufferPool::Return(std::unique_ptr<std::byte[]> buffer) {
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(buffer));
  available_.notify_one();
}

}  // namespace stateferry
