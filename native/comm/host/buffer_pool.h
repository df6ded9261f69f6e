#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace flm::host {

class BufferPool;

// Bytes that go back to their pool. Not initialised.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer();

  uint8_t* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  friend class BufferPool;
  void swap(Buffer& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  BufferPool* pool_ = nullptr;
  std::unique_ptr<uint8_t[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Keeps released memory for the next message: fresh pages cost more than the copy into them.
class BufferPool {
 public:
  Buffer take(size_t bytes);

 private:
  friend class Buffer;
  void give_back(std::unique_ptr<uint8_t[]> data, size_t capacity) noexcept;

  struct Block {
    std::unique_ptr<uint8_t[]> data;
    size_t capacity;
  };
  std::mutex mutex_;
  std::vector<Block> free_;
  size_t free_bytes_ = 0;
};

}  // namespace flm::host
