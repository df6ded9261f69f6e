#pragma once
#include <string>

#include "core/backend.h"

namespace flm::cuda {

// Whether this addon was built with CUDA.
bool compiled();

// GPUs that the CUDA backend can use. Where there is none, `reason` (unless null) says why, in words for the
// user.
int device_count(std::string* reason);

// What names that GPU among all: "GPU-" and its UUID, as nvidia-smi lists them. Throws Error(not_supported)
// where there is no such GPU.
std::string gpu_uuid(int device_index);

// The backend on one GPU, 0 <= device_index < device_count(). Throws Error(not_supported) where there is no
// such GPU, where it is older than compute capability 8.0, and where cuBLASLt is missing.
Backend make_backend(int device_index);

}  // namespace flm::cuda
