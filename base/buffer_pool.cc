#include "base/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <new>
#include <utility>

#include "base/file_io.h"

namespace stateferry {

namespace {
constexpr std::size_t kHugePageBytes = 2u << 20;

Pages NewPages(std::size_t size_bytes) {
  const bool is_huge = size_bytes >= kHugePageBytes;
  const std::size_t page_bytes = is_huge ? kHugePageBytes : kPageBytes;
  // Whole pages, as aligned_alloc demands.
  const std::size_t whole = (std::max<std::size_t>(1, size_bytes) + page_bytes - 1) / page_bytes;
  Pages pages(static_cast<std::byte*>(std::aligned_alloc(page_bytes, whole * page_bytes)));
  if (!pages) throw std::bad_alloc();
  // Fewer faults on first use, and fewer pages to hold on to while a disk reads from them.
  if (is_huge)
    (void)::madvise(pages.get(), size_bytes - size_bytes % kHugePageBytes, MADV_HUGEPAGE);
  return pages;
}
}  // namespace

void FreePages::operator()(std::byte* pages) const { std::free(pages); }

BufferPool::Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      number_(other.number_),
      buffer_(std::move(other.buffer_)) {}

BufferPool::Lease& BufferPool::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    if (buffer_) pool_->Return(number_, std::move(buffer_));
    pool_ = std::exchange(other.pool_, nullptr);
    number_ = other.number_;
    buffer_ = std::move(other.buffer_);
  }
  return *this;
}

BufferPool::Lease::~Lease() {
  if (buffer_) pool_->Return(number_, std::move(buffer_));
}

BufferPool::BufferPool(std::size_t buffer_bytes, std::size_t total_bytes)
    : buffer_bytes_(buffer_bytes),
      capacity_(std::max<std::size_t>(1, total_bytes / std::max<std::size_t>(1, buffer_bytes))) {}

std::optional<BufferPool::Lease> BufferPool::Acquire(std::stop_token stop,
                                                     std::size_t needed_bytes) {
  std::unique_lock lock(mutex_);
  if (!available_.wait(lock, stop, [&] { return !free_.empty() || made_ < capacity_; }))
    return std::nullopt;
  if (free_.empty()) {
    Pages made = NewPages(buffer_bytes_);
    return Lease(this, made_++, std::move(made));
  }
  auto taken =
      free_.extract(needed_bytes > buffer_bytes_ / 2 ? free_.begin() : std::prev(free_.end()));
  return Lease(this, taken.key(), std::move(taken.mapped()));
}

void BufferPool::Return(std::size_t number, Pages buffer) {
  std::lock_guard lock(mutex_);
  free_.emplace(number, std::move(buffer));
  available_.notify_one();
}

}  // namespace stateferry
