#include "cuda/cuda_backend.h"

#include <cuda_runtime_api.h>

#include <cstdio>

#include "core/error.h"
#include "cuda/cuda_device.h"
#include "cuda/cuda_ops.h"
#include "cuda/cuda_state.h"

namespace flm::cuda {

bool compiled() { return true; }

int device_count(std::string* reason) {
  const auto none = [&](const std::string& why) {
    if (reason) *reason = why;
    return 0;
  };
  int driver = 0, runtime = 0, count = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) return none("no NVIDIA driver was found");
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorInsufficientDriver) {
    cudaRuntimeGetVersion(&runtime);
    return none("the NVIDIA driver supports CUDA " + std::to_string(driver / 1000) + " and CUDA " +
                std::to_string(runtime / 1000) + " is needed; update the driver");
  }
  if (error != cudaSuccess) return none(std::string("CUDA: ") + cudaGetErrorString(error));
  if (count == 0) return none("the NVIDIA driver sees no GPU");
  return count;
}

std::string gpu_uuid(int device_index) {
  cudaDeviceProp properties;
  const cudaError_t error = cudaGetDeviceProperties(&properties, device_index);
  FLM_CHECK(error == cudaSuccess, ErrorCode::not_supported, "there is no GPU ", device_index, ": ",
            cudaGetErrorString(error));
  std::string text = "GPU";
  for (int i = 0; i < 16; ++i) {
    // The groups of a UUID: 8, 4, 4, 4 and 12 digits.
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x",
                  unsigned(static_cast<unsigned char>(properties.uuid.bytes[i])));
    text += digits;
  }
  return text;
}

Backend make_backend(int device_index) {
  std::string reason;
  const int count = device_count(&reason);
  FLM_CHECK(count > 0, ErrorCode::not_supported, "there is no CUDA device: ", reason);
  FLM_CHECK(device_index >= 0 && device_index < count, ErrorCode::not_supported, "there is no GPU ",
            device_index, ": this machine shows ", count, " (see CUDA_VISIBLE_DEVICES)");
  int major = 0;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device_index);
  FLM_CHECK(major >= 8, ErrorCode::not_supported, "GPU ", device_index, " has compute capability ", major,
            ".x; the CUDA backend needs 8.0 (Ampere) or newer");
  Backend backend;
  backend.device = std::make_unique<CudaDevice>(device_index);
  backend.state = std::make_unique<CudaState>();
  backend.ops = &op_table();
  return backend;
}

}  // namespace flm::cuda
