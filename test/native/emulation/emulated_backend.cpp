#include "emulated_backend.h"

#include <cuda_runtime.h>

#include <cstring>

#include "cuda/cuda_ops.h"
#include "ops/backends.h"

namespace flm::emulation {
namespace {

// Memory comes from the emulated cudaMalloc, so that the race checker and AddressSanitizer watch it.
class EmulatedDevice : public Device {
 public:
  void* allocate(size_t bytes) override {
    void* memory = nullptr;
    FLM_CHECK(cudaMalloc(&memory, bytes) == cudaSuccess, ErrorCode::out_of_memory, "cannot allocate ", bytes,
              " bytes");
    return memory;
  }
  void release(void* memory) noexcept override { cudaFree(memory); }
  void* allocate_pinned(size_t bytes) override { return allocate(bytes); }
  void release_pinned(void* memory) noexcept override { release(memory); }

  Stream stream(StreamRole) override { return {}; }
  void copy(void* to, const void* from, size_t bytes, CopyKind, Stream) override {
    if (bytes) std::memcpy(to, from, bytes);
  }
  void fill_zero(void* memory, size_t bytes, Stream) override {
    if (bytes) std::memset(memory, 0, bytes);
  }
  Event record(Stream) override { return {}; }
  void wait(Stream, Event) override {}
  void synchronize(Stream) override {}

  bool host_accessible() const override { return true; }
  MemoryInfo memory() const override { return {}; }
  DeviceInfo info() const override { return {"cuda", "emulated on the CPU", true}; }
};

[[maybe_unused]] const bool added = test::add_backend("emulation", [](int) { return make_backend(); }, true);

}  // namespace

Backend make_backend() {
  Backend backend;
  backend.device = std::make_unique<EmulatedDevice>();
  backend.state = std::make_unique<BackendState>();
  backend.ops = &cuda::op_table();
  return backend;
}

}  // namespace flm::emulation
