// Compares the hand-written declarations with NVIDIA's header; a translation unit without one checks nothing.
#include "cuda/cublas_lt_api.h"

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>

#include "cuda/on_device/same_abi.h"

namespace flm::cuda::lt {
namespace {

static_assert(int(kSuccess) == CUBLAS_STATUS_SUCCESS);
static_assert(int(kAllocFailed) == CUBLAS_STATUS_ALLOC_FAILED);
static_assert(int(kInvalidValue) == CUBLAS_STATUS_INVALID_VALUE);
static_assert(int(kArchMismatch) == CUBLAS_STATUS_ARCH_MISMATCH);
static_assert(int(kNotSupported) == CUBLAS_STATUS_NOT_SUPPORTED);
static_assert(int(kOpN) == CUBLAS_OP_N && int(kOpT) == CUBLAS_OP_T);
static_assert(int(kCompute32F) == CUBLAS_COMPUTE_32F);
static_assert(int(kDescTransA) == CUBLASLT_MATMUL_DESC_TRANSA);
static_assert(int(kDescTransB) == CUBLASLT_MATMUL_DESC_TRANSB);
static_assert(int(kDescEpilogue) == CUBLASLT_MATMUL_DESC_EPILOGUE);
static_assert(int(kDescBiasPointer) == CUBLASLT_MATMUL_DESC_BIAS_POINTER);
static_assert(int(kEpilogueDefault) == CUBLASLT_EPILOGUE_DEFAULT);
static_assert(int(kEpilogueBias) == CUBLASLT_EPILOGUE_BIAS);
static_assert(int(kPrefMaxWorkspaceBytes) == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
static_assert(int(kPrefReductionSchemes) == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK);
static_assert(int(kReduceInComputeType) == CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
static_assert(int(kPrefMinAlignmentA) == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
static_assert(int(kPrefMinAlignmentB) == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES);
static_assert(int(kPrefMinAlignmentC) == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES);
static_assert(int(kPrefMinAlignmentD) == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);

static_assert(sizeof(Algo) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(HeuristicResult) == sizeof(cublasLtMatmulHeuristicResult_t));
static_assert(offsetof(HeuristicResult, workspace_bytes) ==
              offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(HeuristicResult, state) == offsetof(cublasLtMatmulHeuristicResult_t, state));
static_assert(offsetof(HeuristicResult, waves) == offsetof(cublasLtMatmulHeuristicResult_t, wavesCount));

#define FLM_SAME_ABI(name) static_assert(test::SameAbi<decltype(Functions::name), decltype(&::name)>::value)
FLM_SAME_ABI(cublasLtGetVersion);
FLM_SAME_ABI(cublasLtCreate);
FLM_SAME_ABI(cublasLtDestroy);
FLM_SAME_ABI(cublasLtMatmulDescCreate);
FLM_SAME_ABI(cublasLtMatmulDescDestroy);
FLM_SAME_ABI(cublasLtMatmulDescSetAttribute);
FLM_SAME_ABI(cublasLtMatrixLayoutCreate);
FLM_SAME_ABI(cublasLtMatrixLayoutDestroy);
FLM_SAME_ABI(cublasLtMatmulPreferenceCreate);
FLM_SAME_ABI(cublasLtMatmulPreferenceDestroy);
FLM_SAME_ABI(cublasLtMatmulPreferenceSetAttribute);
FLM_SAME_ABI(cublasLtMatmulAlgoGetHeuristic);
FLM_SAME_ABI(cublasLtMatmul);

}  // namespace
}  // namespace flm::cuda::lt
#endif
