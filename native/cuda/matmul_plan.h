#pragma once
#include <map>
#include <tuple>

#include "core/ops/matmul.h"
#include "cuda/cublas_lt.h"

namespace flm::cuda {

// What the choice of an algorithm depends on: everything in a Matmul but its numbers and addresses.
struct MatmulKey {
  int64_t M, N, K, lda, ldb, ldc;
  DType in, out;
  bool transpose_a, transpose_b, bias;
  int align_a, align_b, align_c, align_residual, align_bias;  // bytes, powers of two up to 256

  explicit MatmulKey(const Matmul& args);
  auto tie() const {
    return std::tie(M, N, K, lda, ldb, ldc, in, out, transpose_a, transpose_b, bias, align_a, align_b,
                    align_c, align_residual, align_bias);
  }
  bool operator<(const MatmulKey& other) const { return tie() < other.tie(); }
};

// cuBLASLt's descriptors of one product and the algorithm that its heuristic chose. cuBLASLt thinks in
// columns: it is given c^T = b^T a^T, so its first operand is our b.
class MatmulPlan {
 public:
  MatmulPlan(const CublasLt& library, const MatmulKey& key, size_t workspace_bytes);
  ~MatmulPlan();
  MatmulPlan(const MatmulPlan&) = delete;
  MatmulPlan& operator=(const MatmulPlan&) = delete;

  // False where cuBLASLt has no algorithm for the product.
  bool supported() const { return supported_; }
  // `bias` is in c's type, or null.
  void run(const Matmul& args, const void* bias, void* workspace, cudaStream_t stream);

 private:
  void choose_algorithm(const MatmulKey& key, size_t workspace_bytes);

  const CublasLt& library_;
  lt::MatmulDesc desc_ = nullptr;
  lt::MatrixLayout a_ = nullptr, b_ = nullptr, c_ = nullptr;
  lt::Algo algo_{};
  size_t workspace_bytes_ = 0;
  bool supported_ = false;
};

// The plans of all products seen so far. Used by one thread at a time, as ops are.
class MatmulPlans {
 public:
  explicit MatmulPlans(const CublasLt& library) : library_(library) {}
  MatmulPlan& plan(const Matmul& args, size_t workspace_bytes);

 private:
  const CublasLt& library_;
  std::map<MatmulKey, MatmulPlan> plans_;
};

}  // namespace flm::cuda
