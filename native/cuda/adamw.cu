#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

constexpr int64_t kChunk = 4096;  // elements of a block; a multiple of 4, so that chunks stay aligned
constexpr int kTableRows = 40;    // tensors of a launch: kernel parameters end at 4 KB

struct TensorChunks {
  float* master;
  void *exp_avg, *exp_avg_sq;  // State
  void* working;               // Working, or null
  const float* grad;
  int64_t size;
  int64_t first_block;
  float lr, weight_decay, bias_correction1, bias_correction2;
  bool vector;  // every array begins on 16 bytes
};

struct TensorTable {
  TensorChunks tensors[kTableRows];
  const float* control;
  int count = 0;
  float beta1, beta2, one_minus_beta1, one_minus_beta2, eps;
};
static_assert(sizeof(TensorTable) < 4096);

template <class State, class Working, int kWidth>
__device__ __forceinline__ void update(const TensorTable& table, const TensorChunks& t, float factor,
                                       int64_t at) {
  float master[kWidth], m[kWidth], v[kWidth], g[kWidth];
  load(master, t.master + at);
  load(m, static_cast<const State*>(t.exp_avg) + at);
  load(v, static_cast<const State*>(t.exp_avg_sq) + at);
  load(g, t.grad + at);
#pragma unroll
  for (int i = 0; i < kWidth; ++i) {
    const float grad = factor * g[i];
    m[i] = table.beta1 * m[i] + table.one_minus_beta1 * grad;
    v[i] = table.beta2 * v[i] + table.one_minus_beta2 * grad * grad;
    const float step = (m[i] / t.bias_correction1) / (sqrtf(v[i] / t.bias_correction2) + table.eps);
    master[i] -= t.lr * (step + t.weight_decay * master[i]);
  }
  store(t.master + at, master);
  store(static_cast<State*>(t.exp_avg) + at, m);
  store(static_cast<State*>(t.exp_avg_sq) + at, v);
  if (t.working) store(static_cast<Working*>(t.working) + at, master);
}

// Block b works on the b-th chunk of all tensors laid end to end.
template <class State, class Working>
__global__ void __launch_bounds__(kMaxThreads) adamw_kernel(const __grid_constant__ TensorTable table) {
  if (table.control[1] == 0.0f) return;  // the gradients are not finite: nothing changes
  const float factor = table.control[0];
  int index = table.count - 1;
  while (table.tensors[index].first_block > int64_t(blockIdx.x)) --index;
  const TensorChunks& t = table.tensors[index];
  const int64_t begin = (int64_t(blockIdx.x) - t.first_block) * kChunk;
  const int64_t end = begin + kChunk < t.size ? begin + kChunk : t.size;
  const int64_t vectors = t.vector ? (end - begin) / 4 : 0;
  for (int64_t i = threadIdx.x; i < vectors; i += blockDim.x)
    update<State, Working, 4>(table, t, factor, begin + i * 4);
  for (int64_t i = begin + vectors * 4 + threadIdx.x; i < end; i += blockDim.x)
    update<State, Working, 1>(table, t, factor, i);
}

// One launch for the table's tensors, which share their types, and an empty table again.
void launch(Context& context, TensorTable& table, int64_t& blocks, DType state, DType working) {
  if (blocks == 0) return;
  with_type("adamw", state, [&]<class State>() {
    with_type("adamw", working, [&]<class Working>() {
      FLM_LAUNCH((adamw_kernel<State, Working>), dim3(unsigned(blocks)), dim3(kMaxThreads), 0,
                 stream_of(context), table);
    });
  });
  blocks = table.count = 0;
}

}  // namespace

void adamw(Context& context, const Adamw& a) {
  check_stat("adamw", {a.control});
  TensorTable table;
  table.control = a.control.as<float>();
  table.beta1 = float(a.beta1);
  table.beta2 = float(a.beta2);
  table.one_minus_beta1 = float(1 - a.beta1);
  table.one_minus_beta2 = float(1 - a.beta2);
  table.eps = float(a.eps);
  DType state = DType::f32, working = DType::f32;
  int64_t blocks = 0;
  for (int64_t i = 0; i < a.count; ++i) {
    const AdamwTensor& t = a.tensors[i];
    if (t.size == 0) continue;
    check_stat("adamw", {t.master, t.grad});
    check_type("adamw", t.exp_avg.dtype, {t.exp_avg_sq});
    const DType its_working = t.working ? t.working.dtype : working;
    if (table.count == kTableRows || t.exp_avg.dtype != state || its_working != working)
      launch(context, table, blocks, state, working);
    state = t.exp_avg.dtype;
    working = its_working;
    table.tensors[table.count++] = {
        .master = t.master.as<float>(),
        .exp_avg = t.exp_avg.data,
        .exp_avg_sq = t.exp_avg_sq.data,
        .working = t.working.data,
        .grad = t.grad.as<float>(),
        .size = t.size,
        .first_block = blocks,
        .lr = float(t.lr),
        .weight_decay = float(t.weight_decay),
        .bias_correction1 = float(t.bias_correction1),
        .bias_correction2 = float(t.bias_correction2),
        .vector = vectorizable(4, {}, {t.master, t.exp_avg, t.exp_avg_sq, t.working, t.grad})};
    blocks += ceil_div(t.size, kChunk);
  }
  launch(context, table, blocks, state, working);
}

}  // namespace flm::cuda
