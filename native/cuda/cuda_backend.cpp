#include "cuda/cuda_backend.h"

#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>

#include "core/error.h"
#include "cuda/architectures.h"
#include "cuda/cuda_device.h"
#include "cuda/cuda_ops.h"
#include "cuda/cuda_state.h"

namespace flm::cuda {

bool compiled() { return true; }

namespace {

// What a process has queued on one stream must not wait for what another stream waits for. The default is 8
// queues for all streams, NCCL's own included. Read by the driver when the first context is made.
void ask_for_queues() { setenv("CUDA_DEVICE_MAX_CONNECTIONS", "32", 0); }

int device_count(std::string& reason) {
  const auto none = [&](const std::string& why) {
    reason = why;
    return 0;
  };
  ask_for_queues();
  int driver = 0, runtime = 0, count = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) return none("no NVIDIA driver was found");
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorInsufficientDriver) {
    cudaRuntimeGetVersion(&runtime);
    const std::string supported = std::to_string(driver / 1000);
    std::string why = "the NVIDIA driver supports CUDA " + supported + " and CUDA " +
                      std::to_string(runtime / 1000) + " is needed; update the driver";
    // Who may not do that can build for the one that is there.
    constexpr int kOldestToBuildWith = 12;
    if (driver / 1000 >= kOldestToBuildWith)
      why += ", or build with a CUDA " + supported +
             " toolkit, no older than 12.8: CUDA_HOME=DIR flm-train build --cuda";
    return none(why);
  }
  if (error != cudaSuccess) return none(std::string("CUDA: ") + cudaGetErrorString(error));
  if (count == 0) return none("the NVIDIA driver sees no GPU");
  return count;
}

// Why a GPU is of no use; empty where it is.
std::string fault_of(int index) {
  const auto attribute = [&](cudaDeviceAttr which) {
    int value = 0;
    cudaDeviceGetAttribute(&value, which, index);
    return value;
  };
  const std::string gpu = "GPU " + std::to_string(index);
  const int major = attribute(cudaDevAttrComputeCapabilityMajor);
  const int minor = attribute(cudaDevAttrComputeCapabilityMinor);
  const std::string has =
      gpu + " has compute capability " + std::to_string(major) + "." + std::to_string(minor);
  if (major < 8) return has + "; the CUDA backend needs 8.0 (Ampere) or newer";
  // The first kernel would be refused, which looks like a fault of the device.
  if (!has_code_for(FLM_CUDA_ARCHITECTURES, major, minor))
    return has + ", and this addon was built for " FLM_CUDA_ARCHITECTURES
                 " alone; build it again: flm-train build --cuda";
  if (attribute(cudaDevAttrComputeMode) == cudaComputeModeProhibited)
    return gpu + " is closed to programs (compute mode PROHIBITED)";
  return {};
}

}  // namespace

std::vector<Gpu> list_gpus(std::string& reason) {
  const int count = device_count(reason);
  if (count == 0) return {};
  try {
    load_cublas_lt();
  } catch (const Error& error) {
    reason = error.what();
    return {};
  }
  std::vector<Gpu> gpus;
  std::string faults;
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties;
    std::string fault = fault_of(index);
    if (fault.empty() && cudaGetDeviceProperties(&properties, index) != cudaSuccess)
      fault = "GPU " + std::to_string(index) + " does not say what it is";
    if (fault.empty())
      gpus.push_back({index, {"cuda", properties.name, true}, properties.totalGlobalMem});
    else
      faults += (faults.empty() ? "" : "; ") + fault;
  }
  if (gpus.empty()) reason = faults;
  return gpus;
}

size_t free_bytes(int device_index) { return CudaDevice(device_index).memory().free_bytes; }

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
  const int count = device_count(reason);
  FLM_CHECK(count > 0, ErrorCode::not_supported, "there is no CUDA device: ", reason);
  FLM_CHECK(device_index >= 0 && device_index < count, ErrorCode::not_supported, "there is no GPU ",
            device_index, ": this machine shows ", count, " (see CUDA_VISIBLE_DEVICES)");
  const std::string fault = fault_of(device_index);
  FLM_CHECK(fault.empty(), ErrorCode::not_supported, fault);
  Backend backend;
  backend.device = std::make_unique<CudaDevice>(device_index);
  backend.state = std::make_unique<CudaState>();
  backend.ops = &op_table();
  return backend;
}

}  // namespace flm::cuda
