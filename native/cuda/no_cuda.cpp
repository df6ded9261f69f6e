// The twin of cuda_backend.cpp in addons built without CUDA.
#include "core/error.h"
#include "cuda/cuda_backend.h"

namespace flm::cuda {

namespace {
constexpr const char* kReason = "this addon was built without CUDA; build one with: flm-train build --cuda";
}

bool compiled() { return false; }

std::vector<Gpu> list_gpus(std::string& reason) {
  reason = kReason;
  return {};
}

size_t free_bytes(int) { fail(ErrorCode::not_supported, kReason); }

std::string gpu_uuid(int) { fail(ErrorCode::not_supported, kReason); }

Backend make_backend(int) { fail(ErrorCode::not_supported, kReason); }

}  // namespace flm::cuda
