#pragma once
// Shared memory. FLM_SHARED(float, tile, [32][33]) declares a static array; DynamicShared cuts up what
// the launch gave: all threads take the same arrays in the same order.
#include <cuda_runtime.h>

#define FLM_SHARED(type, name, extents) __shared__ type name extents

namespace flm::cuda {

constexpr int kSharedAlign = 128;
__host__ __device__ constexpr size_t shared_bytes(size_t bytes) {
  return (bytes + kSharedAlign - 1) / kSharedAlign * kSharedAlign;
}

class DynamicShared {
 public:
  template <class T>
  __device__ T* take(int count) {
    extern __shared__ __align__(128) unsigned char flm_dynamic_shared[];
    T* array = reinterpret_cast<T*>(flm_dynamic_shared + next_);
    next_ += shared_bytes(count * sizeof(T));
    return array;
  }

 private:
  size_t next_ = 0;
};

}  // namespace flm::cuda
