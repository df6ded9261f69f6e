#pragma once
#include <string>
#include <vector>

#include "core/backend.h"

namespace flm::cuda {

// Whether this addon was built with CUDA.
bool compiled();

struct Gpu {
  int index;
  DeviceInfo info;
  size_t total_bytes;
};

// GPUs that the CUDA backend can use. Occupies none of them: a process has no business on the GPUs of other
// ranks. Where there is none, `reason` says why, in words for the user.
std::vector<Gpu> list_gpus(std::string& reason);

// Memory of that GPU which is free now. Starts using the GPU.
size_t free_bytes(int device_index);

// What names that GPU among all: "GPU-" and its UUID, as nvidia-smi lists them. Throws Error(not_supported)
// where there is no such GPU.
std::string gpu_uuid(int device_index);

// The backend on one GPU, an index of list_gpus(). Throws Error(not_supported) where there is no
// such GPU, where it is older than compute capability 8.0, and where cuBLASLt is missing.
Backend make_backend(int device_index);

}  // namespace flm::cuda
