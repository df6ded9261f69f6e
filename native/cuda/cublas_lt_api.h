#pragma once
// The part of cuBLASLt's C interface that matmul needs, versions 12 and 13, declared by hand: the library is
// opened at run time, so that building needs none of it. test/native/cuda/on_device/cublas_lt_header_test.cpp
// compares every number and layout here with NVIDIA's header where one is installed.
#include <cuda_runtime_api.h>
#include <library_types.h>

#include <cstddef>
#include <cstdint>

namespace flm::cuda::lt {

using Handle = void*;
using MatmulDesc = void*;
using MatrixLayout = void*;
using Preference = void*;

enum Status : int {
  kSuccess = 0,
  kAllocFailed = 3,
  kInvalidValue = 7,
  kArchMismatch = 8,
  kNotSupported = 15
};
enum Operation : int32_t { kOpN = 0, kOpT = 1 };
enum ComputeType : int { kCompute32F = 68 };
enum MatmulDescAttribute : int {
  kDescTransA = 3,
  kDescTransB = 4,
  kDescEpilogue = 7,
  kDescBiasPointer = 8,
};
enum Epilogue : uint32_t { kEpilogueDefault = 1, kEpilogueBias = 4 };
enum PreferenceAttribute : int {
  kPrefMaxWorkspaceBytes = 1,
  kPrefReductionSchemes = 3,
  kPrefMinAlignmentA = 5,
  kPrefMinAlignmentB = 6,
  kPrefMinAlignmentC = 7,
  kPrefMinAlignmentD = 8,
};

enum ReductionScheme : uint32_t { kReduceInComputeType = 2 };

struct Algo {
  uint64_t data[8];
};
struct HeuristicResult {
  Algo algo;
  size_t workspace_bytes;
  Status state;
  float waves;
  int reserved[4];
};

// The library's functions, by the names it exports them under.
struct Functions {
  size_t (*cublasLtGetVersion)();
  Status (*cublasLtCreate)(Handle*);
  Status (*cublasLtDestroy)(Handle);
  Status (*cublasLtMatmulDescCreate)(MatmulDesc*, ComputeType, cudaDataType_t scale_type);
  Status (*cublasLtMatmulDescDestroy)(MatmulDesc);
  Status (*cublasLtMatmulDescSetAttribute)(MatmulDesc, MatmulDescAttribute, const void* value, size_t bytes);
  Status (*cublasLtMatrixLayoutCreate)(MatrixLayout*, cudaDataType_t, uint64_t rows, uint64_t cols,
                                       int64_t ld);
  Status (*cublasLtMatrixLayoutDestroy)(MatrixLayout);
  Status (*cublasLtMatmulPreferenceCreate)(Preference*);
  Status (*cublasLtMatmulPreferenceDestroy)(Preference);
  Status (*cublasLtMatmulPreferenceSetAttribute)(Preference, PreferenceAttribute, const void* value,
                                                 size_t bytes);
  Status (*cublasLtMatmulAlgoGetHeuristic)(Handle, MatmulDesc, MatrixLayout a, MatrixLayout b, MatrixLayout c,
                                           MatrixLayout d, Preference, int wanted, HeuristicResult*,
                                           int* found);
  Status (*cublasLtMatmul)(Handle, MatmulDesc, const void* alpha, const void* a, MatrixLayout, const void* b,
                           MatrixLayout, const void* beta, const void* c, MatrixLayout, void* d, MatrixLayout,
                           const Algo*, void* workspace, size_t workspace_bytes, cudaStream_t);
};

}  // namespace flm::cuda::lt
