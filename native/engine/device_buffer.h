#pragma once
#include <utility>

#include "core/device.h"
#include "core/tensor.h"

namespace flm {

// Owned memory of a device: `elements` of one type.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(Device& device, int64_t elements, DType dtype)
      : device_(&device), bytes_(size_t(elements) * size_of(dtype)), view_{device.allocate(bytes_), dtype} {}
  DeviceBuffer(DeviceBuffer&& other) noexcept { swap(other); }
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    DeviceBuffer moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~DeviceBuffer() {
    if (device_) device_->release(view_.data);
  }

  Out view() const { return view_; }
  size_t bytes() const { return bytes_; }
  void fill_zero(Stream stream) const {
    if (bytes_) device_->fill_zero(view_.data, bytes_, stream);
  }

 private:
  void swap(DeviceBuffer& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(bytes_, other.bytes_);
    std::swap(view_, other.view_);
  }
  Device* device_ = nullptr;
  size_t bytes_ = 0;
  Out view_;
};

// Owned host memory that the device copies from and to directly; grows, never shrinks.
class PinnedBuffer {
 public:
  explicit PinnedBuffer(Device& device) : device_(device) {}
  ~PinnedBuffer() {
    if (data_) device_.release_pinned(data_);
  }
  PinnedBuffer(const PinnedBuffer&) = delete;
  PinnedBuffer& operator=(const PinnedBuffer&) = delete;

  // Old contents are lost where the buffer has to grow.
  void* reserve(size_t bytes) {
    if (bytes <= bytes_) return data_;
    if (data_) device_.release_pinned(std::exchange(data_, nullptr));
    bytes_ = 0;
    data_ = device_.allocate_pinned(bytes);
    bytes_ = bytes;
    return data_;
  }
  size_t bytes() const { return bytes_; }

 private:
  Device& device_;
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace flm
