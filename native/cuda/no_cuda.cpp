// The twin of cuda_backend.cpp in addons built without CUDA.
#include "core/error.h"
#include "cuda/cuda_backend.h"

namespace flm::cuda {

namespace {
constexpr const char* kReason = "this addon was built without CUDA; build one with: flm-train build --cuda";
}

bool compiled() { return false; }

int device_count(std::string* reason) {
  if (reason) *reason = kReason;
  return 0;
}

std::string gpu_uuid(int) { fail(ErrorCode::not_supported, kReason); }

Backend make_backend(int) { fail(ErrorCode::not_supported, kReason); }

}  // namespace flm::cuda
