#pragma once
#include "core/device.h"

namespace flm::oracle {

// Ordinary memory; every call is done when it returns.
class HostDevice : public Device {
 public:
  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  void* allocate_pinned(size_t bytes) override { return allocate(bytes); }
  void release_pinned(void* memory) noexcept override { release(memory); }

  Stream stream(StreamRole) override { return {}; }
  void copy(void* to, const void* from, size_t bytes, CopyKind, Stream) override;
  void fill_zero(void* memory, size_t bytes, Stream) override;
  Event record(Stream) override { return {}; }
  void wait(Stream, Event) override {}
  void synchronize(Stream) override {}

  bool host_accessible() const override { return true; }
  MemoryInfo memory() const override { return {}; }
  DeviceInfo info() const override { return {"cpu", "oracle (f64)", false}; }
};

}  // namespace flm::oracle
