#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/bytes.h"

namespace stateferry {

/// Memory that begins with a page, of whole pages.
struct FreePages {
  void operator()(std::byte* pages) const;
};
using Pages = std::unique_ptr<std::byte[], FreePages>;

/// A fixed number of equally large buffers: the bound on a transfer's memory.  Buffers are made on
/// first use and kept, and begin with a page, as reading and writing past the page cache demands
/// (File::PassPageCache).  Memory costs when it is touched for the first time: what needs most of a
/// buffer gets the one that was made first, what needs little the one that was made last.
/// Thread-safe; must outlive its leases.
class BufferPool {
 public:
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();
    MutableByteSpan bytes() const { return {buffer_.get(), pool_->buffer_bytes()}; }
    MutableByteSpan first(std::size_t size_bytes) const { return bytes().first(size_bytes); }

   private:
    friend class BufferPool;
    Lease(BufferPool* pool, std::size_t number, Pages buffer)
        : pool_(pool), number_(number), buffer_(std::move(buffer)) {}
    BufferPool* pool_;
    std::size_t number_;
    Pages buffer_;
  };

  /// At least one buffer of `buffer_bytes`, and as many as fit into `total_bytes`.
  BufferPool(std::size_t buffer_bytes, std::size_t total_bytes);

  /// Waits for a free buffer, of which `needed_bytes` will be used; empty when asked to stop.
  std::optional<Lease> Acquire(std::stop_token stop = {}, std::size_t needed_bytes = SIZE_MAX);
  std::size_t buffer_bytes() const { return buffer_bytes_; }
  std::size_t capacity() const { return capacity_; }

 private:
  void Return(std::size_t number, Pages buffer);

  const std::size_t buffer_bytes_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any available_;
  std::map<std::size_t, Pages> free_;  // by the order in which they were made; guarded by mutex_
  std::size_t made_ = 0;               // guarded by mutex_
};

}  // namespace stateferry
