#include "cuda/cublas_lt.h"

#include "core/error.h"
#include "core/shared_library.h"

namespace flm::cuda {

void check(lt::Status status, const char* what) {
  FLM_CHECK(status == lt::kSuccess, ErrorCode::device_fault, "cuBLASLt: ", what, " gave status ",
            int(status));
}

lt::Functions load_cublas_lt() {
  lt::Functions functions{};
  void* library = open_shared_library({"cuBLASLt (version 12 or 13)",
                                       {"libcublasLt.so.13", "libcublasLt.so.12"},
                                       "FLM_CUBLASLT_LIB",
                                       "install the CUDA toolkit or the Python package nvidia-cublas"});
#define FLM_RESOLVE(name) resolve(library, "cuBLASLt", #name, functions.name)
  FLM_RESOLVE(cublasLtGetVersion);
  FLM_RESOLVE(cublasLtCreate);
  FLM_RESOLVE(cublasLtDestroy);
  FLM_RESOLVE(cublasLtMatmulDescCreate);
  FLM_RESOLVE(cublasLtMatmulDescDestroy);
  FLM_RESOLVE(cublasLtMatmulDescSetAttribute);
  FLM_RESOLVE(cublasLtMatrixLayoutCreate);
  FLM_RESOLVE(cublasLtMatrixLayoutDestroy);
  FLM_RESOLVE(cublasLtMatmulPreferenceCreate);
  FLM_RESOLVE(cublasLtMatmulPreferenceDestroy);
  FLM_RESOLVE(cublasLtMatmulPreferenceSetAttribute);
  FLM_RESOLVE(cublasLtMatmulAlgoGetHeuristic);
  FLM_RESOLVE(cublasLtMatmul);
#undef FLM_RESOLVE
  const size_t version = functions.cublasLtGetVersion();
  FLM_CHECK(version / 10000 == 12 || version / 10000 == 13, ErrorCode::not_supported,
            "cuBLASLt must be version 12 or 13; the one found says ", version);
  return functions;
}

CublasLt::CublasLt() : functions_(load_cublas_lt()) {
  check(functions_.cublasLtCreate(&handle_), "cublasLtCreate");
}

CublasLt::~CublasLt() { functions_.cublasLtDestroy(handle_); }

}  // namespace flm::cuda
