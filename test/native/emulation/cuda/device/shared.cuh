#pragma once
// Twin of native/cuda/device/shared.cuh: every array lies between guard zones of its own.
#include <cuda_runtime.h>

// One key per declaration and per template instance.
#define FLM_SHARED(type, name, extents)                           \
  static const char flm_key_of_##name = 0;                        \
  auto& name = *static_cast<std::type_identity_t<type extents>*>( \
      ::flm::emu::current_block->shared().fixed(&flm_key_of_##name, sizeof(type extents), #name))

namespace flm::cuda {

constexpr int kSharedAlign = 128;
constexpr size_t shared_bytes(size_t bytes) {
  return (bytes + kSharedAlign - 1) / kSharedAlign * kSharedAlign;
}

class DynamicShared {
 public:
  template <class T>
  T* take(int count) {
    void* array = emu::current_block->shared().dynamic(next_, size_t(count) * sizeof(T), ordinal_++);
    next_ += shared_bytes(size_t(count) * sizeof(T));
    return static_cast<T*>(array);
  }

 private:
  size_t next_ = 0;
  int ordinal_ = 0;
};

}  // namespace flm::cuda
