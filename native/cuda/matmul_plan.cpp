#include "cuda/matmul_plan.h"

#include <algorithm>

#include "core/error.h"

namespace flm::cuda {
namespace {

// Generation meets ever new lengths; beyond this many plans it starts afresh.
constexpr size_t kMaxPlans = 4096;

int alignment_of(const void* address) {
  const auto bits = reinterpret_cast<uintptr_t>(address) | 256;
  return int(bits & (~bits + 1));
}

cudaDataType_t type_of(DType dtype) { return dtype == DType::bf16 ? CUDA_R_16BF : CUDA_R_32F; }

}  // namespace

MatmulKey::MatmulKey(const Matmul& args)
    : M(args.M),
      N(args.N),
      K(args.K),
      lda(args.lda),
      ldb(args.ldb),
      ldc(args.ldc),
      in(args.a.dtype),
      out(args.c.dtype),
      transpose_a(args.transpose_a),
      transpose_b(args.transpose_b),
      bias(bool(args.bias)),
      align_a(alignment_of(args.a.data)),
      align_b(alignment_of(args.b.data)),
      align_c(alignment_of(args.c.data)),
      align_residual(alignment_of(args.residual ? args.residual.data : args.c.data)),
      // A bias of another type is copied to where everything is aligned.
      align_bias(alignment_of(args.bias.dtype == args.c.dtype ? args.bias.data : nullptr)) {}

MatmulPlan::MatmulPlan(const CublasLt& library, const MatmulKey& key, size_t workspace_bytes)
    : library_(library) {
  const lt::Functions& lt = library_.functions();
  check(lt.cublasLtMatmulDescCreate(&desc_, lt::kCompute32F, CUDA_R_32F), "cublasLtMatmulDescCreate");
  const auto set = [&](lt::MatmulDescAttribute attribute, auto value) {
    check(lt.cublasLtMatmulDescSetAttribute(desc_, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  };
  set(lt::kDescTransA, key.transpose_b ? lt::kOpT : lt::kOpN);
  set(lt::kDescTransB, key.transpose_a ? lt::kOpT : lt::kOpN);
  set(lt::kDescEpilogue, key.bias ? lt::kEpilogueBias : lt::kEpilogueDefault);
  // The heuristic learns the bias's alignment from an address, which it does not read from.
  if (key.bias) set(lt::kDescBiasPointer, reinterpret_cast<const void*>(uintptr_t(key.align_bias)));

  // Our rows are its columns.
  const auto layout = [&](lt::MatrixLayout& to, DType dtype, int64_t rows, int64_t row_size, int64_t stride) {
    check(lt.cublasLtMatrixLayoutCreate(&to, type_of(dtype), uint64_t(row_size), uint64_t(rows), stride),
          "cublasLtMatrixLayoutCreate");
  };
  layout(a_, key.in, key.transpose_b ? key.N : key.K, key.transpose_b ? key.K : key.N, key.ldb);
  layout(b_, key.in, key.transpose_a ? key.K : key.M, key.transpose_a ? key.M : key.K, key.lda);
  layout(c_, key.out, key.M, key.N, key.ldc);
  choose_algorithm(key, workspace_bytes);
}

void MatmulPlan::choose_algorithm(const MatmulKey& key, size_t workspace_bytes) {
  const lt::Functions& lt = library_.functions();
  lt::Preference preference = nullptr;
  check(lt.cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
  const auto set = [&](lt::PreferenceAttribute attribute, auto value) {
    return lt.cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value);
  };
  lt::Status status = set(lt::kPrefMaxWorkspaceBytes, uint64_t(workspace_bytes));
  // Partial sums stay in f32; by default they may be rounded to the output's type before they are added.
  if (status == lt::kSuccess) status = set(lt::kPrefReductionSchemes, lt::kReduceInComputeType);
  const std::pair<lt::PreferenceAttribute, int> alignments[] = {{lt::kPrefMinAlignmentA, key.align_b},
                                                                {lt::kPrefMinAlignmentB, key.align_a},
                                                                {lt::kPrefMinAlignmentC, key.align_residual},
                                                                {lt::kPrefMinAlignmentD, key.align_c}};
  for (const auto& [attribute, bytes] : alignments)
    if (status == lt::kSuccess) status = set(attribute, uint32_t(bytes));
  lt::HeuristicResult result{};
  int found = 0;
  if (status == lt::kSuccess)
    status = lt.cublasLtMatmulAlgoGetHeuristic(library_.handle(), desc_, a_, b_, c_, c_, preference, 1,
                                               &result, &found);
  lt.cublasLtMatmulPreferenceDestroy(preference);
  // The rest of a result is valid only where its own state says so.
  supported_ = status == lt::kSuccess && found == 1 && result.state == lt::kSuccess;
  if (!supported_ && status != lt::kNotSupported) check(status, "cublasLtMatmulAlgoGetHeuristic");
  algo_ = result.algo;
  workspace_bytes_ = result.workspace_bytes;
}

MatmulPlan::~MatmulPlan() {
  const lt::Functions& lt = library_.functions();
  for (const lt::MatrixLayout layout : {a_, b_, c_})
    if (layout) lt.cublasLtMatrixLayoutDestroy(layout);
  if (desc_) lt.cublasLtMatmulDescDestroy(desc_);
}

void MatmulPlan::run(const Matmul& args, const void* bias, void* workspace, cudaStream_t stream) {
  const lt::Functions& lt = library_.functions();
  if (bias)
    check(lt.cublasLtMatmulDescSetAttribute(desc_, lt::kDescBiasPointer, &bias, sizeof bias),
          "cublasLtMatmulDescSetAttribute");
  const float alpha = float(args.alpha), beta = args.accumulate || args.residual ? 1.0f : 0.0f;
  const void* added = args.residual ? args.residual.data : args.c.data;
  check(lt.cublasLtMatmul(library_.handle(), desc_, &alpha, args.b.data, a_, args.a.data, b_, &beta, added,
                          c_, args.c.data, c_, &algo_, workspace, workspace_bytes_, stream),
        "cublasLtMatmul");
}

MatmulPlan& MatmulPlans::plan(const Matmul& args, size_t workspace_bytes) {
  const MatmulKey key(args);
  const auto found = plans_.find(key);
  if (found != plans_.end()) return found->second;
  if (plans_.size() >= kMaxPlans) plans_.clear();
  return plans_.try_emplace(key, library_, key, workspace_bytes).first->second;
}

}  // namespace flm::cuda
