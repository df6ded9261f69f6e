#include <cfloat>

#include "cuda/block_sum.cuh"
#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

constexpr int64_t kChunk = 32768;  // elements of a block
constexpr int kTableRows = 120;    // tensors of a launch: kernel parameters end at 4 KB
constexpr int kSumThreads = 1024;

struct TensorChunks {
  const float* data;
  int64_t size;
  int64_t first_block;
  bool vector;  // begins on 16 bytes
};
struct TensorTable {
  TensorChunks tensors[kTableRows];
  int count = 0;
};
static_assert(sizeof(TensorTable) + sizeof(double*) <= 4096);

// Block b sums the squares of the b-th chunk of all tensors laid end to end.
__global__ void __launch_bounds__(kMaxThreads)
    squares_kernel(const __grid_constant__ TensorTable table, double* partials) {
  FLM_SHARED(double, scratch, [1][kWarp]);
  int index = table.count - 1;
  while (table.tensors[index].first_block > int64_t(blockIdx.x)) --index;
  const TensorChunks& t = table.tensors[index];
  const int64_t begin = (int64_t(blockIdx.x) - t.first_block) * kChunk;
  const int64_t end = begin + kChunk < t.size ? begin + kChunk : t.size;
  const int64_t vectors = t.vector ? (end - begin) / 4 : 0;
  double sum[1] = {};
  float v[4];
  for (int64_t i = threadIdx.x; i < vectors; i += blockDim.x) {
    load(v, t.data + begin + i * 4);
#pragma unroll
    for (int j = 0; j < 4; ++j) sum[0] += double(v[j]) * double(v[j]);
  }
  for (int64_t i = begin + vectors * 4 + threadIdx.x; i < end; i += blockDim.x)
    sum[0] += double(t.data[i]) * double(t.data[i]);
  block_sum(sum, scratch);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum[0];
}

__global__ void __launch_bounds__(kSumThreads)
    sum_kernel(double* total, const double* partials, int64_t count) {
  FLM_SHARED(double, scratch, [1][kWarp]);
  double sum[1] = {};
  for (int64_t i = threadIdx.x; i < count; i += blockDim.x) sum[0] += partials[i];
  block_sum(sum, scratch);
  if (threadIdx.x == 0) *total = sum[0];
}

__global__ void clip_kernel(Clip a) {
  const double norm = sqrt(*a.norm_squared.as<double>());
  const bool finite = norm <= DBL_MAX;  // false for a NaN as well
  double factor = 1.0;
  if (a.max_norm > 0 && a.max_norm / (norm + 1e-6) < 1.0) factor = a.max_norm / (norm + 1e-6);
  a.control.as<float>()[0] = finite ? float(factor) : 0.0f;
  a.control.as<float>()[1] = finite ? 1.0f : 0.0f;
}

}  // namespace

size_t workspace_bytes(const Context&, const NormSquared& a) {
  int64_t chunks = 0;
  for (int64_t t = 0; t < a.count; ++t) chunks += ceil_div(a.sizes[t], kChunk);
  return size_t(chunks) * sizeof(double);
}

void norm_squared(Context& context, const NormSquared& a) {
  check_type("norm_squared", DType::f64, {a.total});
  auto* partials = static_cast<double*>(context.workspace);
  const cudaStream_t stream = stream_of(context);
  TensorTable table;
  int64_t blocks = 0, done = 0;  // blocks of this table, and of the launches before
  const auto launch = [&] {
    if (blocks == 0) return;
    FLM_LAUNCH(squares_kernel, dim3(unsigned(blocks)), dim3(kMaxThreads), 0, stream, table, partials + done);
    done += blocks;
    blocks = table.count = 0;
  };
  for (int64_t t = 0; t < a.count; ++t) {
    if (a.sizes[t] == 0) continue;
    check_stat("norm_squared", {a.tensors[t]});
    table.tensors[table.count++] = {a.tensors[t].as<float>(), a.sizes[t], blocks,
                                    vectorizable(4, {}, {a.tensors[t]})};
    blocks += ceil_div(a.sizes[t], kChunk);
    if (table.count == kTableRows) launch();
  }
  launch();
  FLM_LAUNCH(sum_kernel, dim3(1), dim3(kSumThreads), 0, stream, a.total.as<double>(), partials, done);
}

void clip(Context& context, const Clip& a) {
  check_stat("clip", {a.control});
  check_type("clip", DType::f64, {a.norm_squared});
  FLM_LAUNCH(clip_kernel, dim3(1), dim3(1), 0, stream_of(context), a);
}

}  // namespace flm::cuda
