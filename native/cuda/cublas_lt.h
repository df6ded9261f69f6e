#pragma once
#include <string>

#include "cuda/cublas_lt_api.h"

namespace flm::cuda {

// cuBLASLt 12 or 13, opened at run time. Looked for, in this order: the file that
// the environment variable FLM_CUBLASLT_LIB names (and no other, where it is set); the loader's own paths;
// NVIDIA's wheels in the Python environments on PATH; the CUDA toolkit. Throws Error(not_supported) that
// lists what was tried.
lt::Functions load_cublas_lt();

// The library, and a handle to use it on the current GPU.
class CublasLt {
 public:
  CublasLt();
  ~CublasLt();
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  const lt::Functions& functions() const { return functions_; }
  lt::Handle handle() const { return handle_; }

 private:
  lt::Functions functions_;
  lt::Handle handle_ = nullptr;
};

// Throws Error(device_fault, "cuBLASLt: <what>: <status>").
void check(lt::Status status, const char* what);

}  // namespace flm::cuda
