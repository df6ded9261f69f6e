#pragma once
// Device memory for tests of kernels, between guard zones, and numbers to fill it with.
#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "core/tensor.h"
#include "test.h"

namespace flm::test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr size_t kGuard = 0;  // the sanitizer watches the first byte too many itself
#else
inline constexpr size_t kGuard = 256;
#endif
inline constexpr unsigned char kGuardByte = 0xA5, kFreshByte = 0xFF;  // 0xFF...: a NaN as f32 and as bf16

template <class T>
inline constexpr DType kDType = DTypeOf<T>::value;
template <>
inline constexpr DType kDType<__nv_bfloat16> = DType::bf16;

// `size` elements, NaN until written. Every read back checks that the bytes around them are untouched.
template <class T>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(size_t size) : size_(size) {
    if (cudaMalloc(&memory_, bytes() + 2 * kGuard) != cudaSuccess)
      fail(ErrorCode::out_of_memory, "cudaMalloc");
    cudaMemset(memory_, kGuardByte, bytes() + 2 * kGuard);
    cudaMemset(data(), kFreshByte, bytes());
  }
  explicit DeviceBuffer(const std::vector<T>& host) : DeviceBuffer(host.size()) { assign(host); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;
  ~DeviceBuffer() { cudaFree(memory_); }

  T* data() const { return reinterpret_cast<T*>(memory_ + kGuard); }
  size_t bytes() const { return size_ * sizeof(T); }
  void assign(const std::vector<T>& host) {
    cudaMemcpy(data(), host.data(), bytes(), cudaMemcpyHostToDevice);
  }
  Out out(int64_t first = 0) const { return {data() + first, kDType<T>}; }
  In in(int64_t first = 0) const { return {data() + first, kDType<T>}; }

  std::vector<T> host() const {
    std::vector<unsigned char> all(bytes() + 2 * kGuard);
    if (const cudaError_t error = cudaMemcpy(all.data(), memory_, all.size(), cudaMemcpyDeviceToHost))
      fail(ErrorCode::device_fault, cudaGetErrorString(error));
    for (size_t i = 0; i < kGuard; ++i)
      if (all[i] != kGuardByte || all[kGuard + bytes() + i] != kGuardByte) {
        report_failure(__FILE__, __LINE__, "bytes outside a buffer were written");
        break;
      }
    std::vector<T> values(size_);
    std::memcpy(static_cast<void*>(values.data()), all.data() + kGuard, bytes());
    return values;
  }

 private:
  size_t size_;
  unsigned char* memory_ = nullptr;
};

// Plain numbers that every compiler makes alike.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  double uniform() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return double(state_ >> 11) / double(1ull << 53);
  }
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform();
    return sum;
  }
  template <class T>
  std::vector<T> normals(size_t size, double deviation = 1, double mean = 0) {
    std::vector<T> values(size);
    for (T& value : values) value = T(float(mean + deviation * normal()));
    return values;
  }

 private:
  uint64_t state_;
};

template <class T>
std::vector<double> to_double(const std::vector<T>& values) {
  std::vector<double> result(values.size());
  for (size_t i = 0; i < values.size(); ++i) result[i] = double(float(values[i]));
  return result;
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// Every value within absolute + relative * |wanted|.
template <class T>
void check_close(const std::vector<T>& got, const std::vector<double>& wanted, double absolute,
                 double relative, const std::string& what) {
  size_t wrong = 0, worst = 0;
  double worst_excess = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double error = std::fabs(double(float(got[i])) - wanted[i]);
    if (error <= absolute + relative * std::fabs(wanted[i])) continue;  // written so that a NaN goes on
    ++wrong;
    if (!(error <= worst_excess)) worst_excess = error, worst = i;
  }
  if (wrong)
    report_failure(__FILE__, __LINE__,
                   what + ": " + std::to_string(wrong) + " of " + std::to_string(wanted.size()) +
                       " values are wrong; value " + std::to_string(worst) + " is " +
                       show(float(got[worst])) + ", expected " + show(wanted[worst]));
}

}  // namespace flm::test
