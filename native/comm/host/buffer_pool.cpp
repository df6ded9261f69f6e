#include "comm/host/buffer_pool.h"

#include <algorithm>

namespace flm::host {
namespace {

constexpr size_t kMaxFreeBytes = size_t(64) << 20;
constexpr size_t kMaxFreeBlocks = 1024;
// A block is not spent on a message of less than this part of it.
constexpr size_t kMaxWaste = 8;
constexpr size_t kMinBlock = 4096;

}  // namespace

Buffer::~Buffer() {
  if (pool_) pool_->give_back(std::move(data_), capacity_);
}

Buffer BufferPool::take(size_t bytes) {
  Buffer buffer;
  if (bytes == 0) return buffer;
  buffer.pool_ = this;
  buffer.size_ = bytes;
  {
    const std::lock_guard lock(mutex_);
    const auto fits = [&](const Block& block) {
      return block.capacity >= bytes && block.capacity / kMaxWaste <= std::max(bytes, kMinBlock);
    };
    const auto found = std::find_if(free_.begin(), free_.end(), fits);
    if (found != free_.end()) {
      buffer.data_ = std::move(found->data);
      buffer.capacity_ = found->capacity;
      free_bytes_ -= found->capacity;
      *found = std::move(free_.back());
      free_.pop_back();
      return buffer;
    }
  }
  buffer.capacity_ = std::max(bytes, kMinBlock);
  buffer.data_ = std::make_unique_for_overwrite<uint8_t[]>(buffer.capacity_);
  return buffer;
}

void BufferPool::give_back(std::unique_ptr<uint8_t[]> data, size_t capacity) noexcept {
  const std::lock_guard lock(mutex_);
  if (!data || free_bytes_ + capacity > kMaxFreeBytes || free_.size() >= kMaxFreeBlocks) return;
  if (free_.capacity() == 0) free_.reserve(kMaxFreeBlocks);
  free_.push_back({std::move(data), capacity});
  free_bytes_ += capacity;
}

}  // namespace flm::host
