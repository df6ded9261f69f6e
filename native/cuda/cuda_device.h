#pragma once
#include <array>
#include <mutex>
#include <vector>

#include "core/device.h"

namespace flm::cuda {

// One GPU: memory from cudaMalloc, one stream a role, and a ring of events. Calls may come from any thread;
// each makes this GPU the calling thread's current one.
class CudaDevice : public Device {
 public:
  explicit CudaDevice(int index);
  ~CudaDevice() override;

  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  void* allocate_pinned(size_t bytes) override;
  void release_pinned(void* memory) noexcept override;

  Stream stream(StreamRole role) override;
  Stream make_stream() override;
  void copy(void* to, const void* from, size_t bytes, CopyKind kind, Stream stream) override;
  void fill_zero(void* memory, size_t bytes, Stream stream) override;
  // The event is good until it has been reached and kEvents more have been recorded.
  Event record(Stream stream) override;
  void wait(Stream stream, Event event) override;
  bool reached(Event event) override;
  void synchronize(Stream stream) override;
  void watch(std::function<void()> check) override { watch_ = std::move(check); }
  void make_current() override { use(); }

  bool host_accessible() const override { return false; }
  MemoryInfo memory() const override;
  DeviceInfo info() const override;

 private:
  static constexpr size_t kEvents = 4096;

  void* free_event();

  void use() const;

  int index_;
  std::array<void*, 3> streams_{};
  std::vector<void*> further_streams_;
  std::mutex further_streams_mutex_;
  std::array<void*, kEvents> events_{};  // made when first needed
  size_t next_event_ = 0;
  std::mutex events_mutex_;
  std::function<void()> watch_;
};

}  // namespace flm::cuda
