#pragma once
#include "core/context.h"
#include "cuda/cublas_lt.h"
#include "cuda/matmul_plan.h"

namespace flm::cuda {

// What the CUDA backend keeps between ops.
struct CudaState : BackendState {
  CublasLt cublas_lt;
  MatmulPlans matmul_plans{cublas_lt};
};

}  // namespace flm::cuda
