// FlashAttention-2 forward on tensor cores, bf16, head sizes 64 and 128. A block has 128 queries of one head,
// a warp 32 of them: each fragment of keys or values that is read from shared memory serves two products.
// Source: FlashAttention-2, arXiv 2307.08691.
#include "cuda/attention_paths.h"
#include "cuda/attention_segments.cuh"
#include "cuda/attention_tile.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/dispatch.h"

namespace flm::cuda {
namespace {

constexpr int kWarps = 4, kThreads = kWarps * kWarp, kBlocks = 2;  // of 16 rows, per warp
constexpr int kWarpRows = 16 * kBlocks, kQueries = kWarps * kWarpRows, kKeys = 64;

template <int kDim>
constexpr size_t kSharedBytes =
    shared_bytes(kQueries * kDim * sizeof(bf16)) + 2 * shared_bytes(kKeys * kDim * sizeof(bf16));

// Rows of a thread: block m of 16 and its half, g or g + 8.
using RowValues = float[kBlocks][2];

// Scores become probabilities against the running maximum; what was summed before is scaled down to it.
// `scale` turns scores into exponents of two.
template <int kDim>
__device__ __forceinline__ void online_softmax(Accumulator<kBlocks, kKeys / 8>& s,
                                               Accumulator<kBlocks, kDim / 8>& o, RowValues& maximum,
                                               RowValues& sum, float scale) {
#pragma unroll
  for (int m = 0; m < kBlocks; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = maximum[m][half];
#pragma unroll
      for (int n = 0; n < kKeys / 8; ++n) top = fmaxf(top, fmaxf(s[m][n][2 * half], s[m][n][2 * half + 1]));
      top = warp_max<4>(top);
      // A row that has seen no key of its own segment yet: all its exponents are minus infinity, not NaN.
      const float base = top == -INFINITY ? 0.0f : top * scale;
      const float shrink = fast_exp2(maximum[m][half] * scale - base);
      maximum[m][half] = top;
      float total = 0.0f;
#pragma unroll
      for (int n = 0; n < kKeys / 8; ++n)
#pragma unroll
        for (int i = 2 * half; i < 2 * half + 2; ++i) {
          s[m][n][i] = fast_exp2(s[m][n][i] * scale - base);
          total += s[m][n][i];
        }
      sum[m][half] = sum[m][half] * shrink + total;
#pragma unroll
      for (int n = 0; n < kDim / 8; ++n) {
        o[m][n][2 * half] *= shrink;
        o[m][n][2 * half + 1] *= shrink;
      }
    }
}

template <int kDim>
__global__ void __launch_bounds__(kThreads, 2) attention_fwd_kernel(AttentionFwd a, TileOrder order) {
  const int tile = order(blockIdx.x);
  if (tile >= order.tiles) return;  // the whole block leaves
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const int head = int(blockIdx.y), kv_head = head / int(a.H / a.G), tokens = int(a.N);
  const int row0 = tile * kQueries, warp_row0 = row0 + warp * kWarpRows,
            last_row = min(row0 + kQueries, tokens) - 1;

  DynamicShared shared;
  bf16* q_tile = shared.take<bf16>(kQueries * kDim);
  bf16* k_tile = shared.take<bf16>(kKeys * kDim);
  bf16* v_tile = shared.take<bf16>(kKeys * kDim);
  FLM_SHARED(int, first, [kQueries]);
  static_assert(kThreads == kQueries);

  RowCopier<kDim, kQueries, kThreads>(row0 * a.qkv_stride + head * kDim, a.qkv_stride, tokens - row0)
      .copy(q_tile, a.q.as<bf16>());
  const Segments segments(a.segment_starts.as<int32_t>(), a.num_segments);
  const int segment = segments.find(row0, lane), begin = segments.start(segment);
  const bool mixed = segments.end(segment) <= last_row;
  const int latest = mixed ? segments.start(segments.advance(segment, last_row)) : begin;
  // The first key of each row; a warp writes and reads its own rows'.
  first[threadIdx.x] = mixed ? segments.start(segments.advance(segment, row0 + int(threadIdx.x))) : begin;
  __syncwarp();

  RowCopier<kDim, kKeys, kThreads> place(begin * a.qkv_stride + kv_head * kDim, a.qkv_stride, tokens - begin);
  place.copy(k_tile, a.k.as<bf16>());
  copy_async_commit();

  bf16* q = q_tile + warp * kWarpRows * kDim;
  const float scale = float(a.scale) * kLog2e;
  Accumulator<kBlocks, kDim / 8> o = {};
  RowValues maximum, sum;
#pragma unroll
  for (int m = 0; m < kBlocks; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half) maximum[m][half] = -INFINITY, sum[m][half] = 0.0f;

  for (int key0 = begin; key0 <= last_row; key0 += kKeys) {
    copy_async_wait<0>();  // keys of this tile
    __syncthreads();       // everybody's part of them, and nobody reads the values of the tile before
    place.copy(v_tile, a.v.as<bf16>());
    copy_async_commit();

    Accumulator<kBlocks, kKeys / 8> s = {};
    multiply_transposed<4, kDim, kBlocks, kKeys / 8>(s, q, k_tile, lane);

    copy_async_wait<0>();  // values of this tile
    __syncthreads();       // everybody's part of them, and nobody reads the keys of this tile
    place.next_tile();
    if (key0 + kKeys <= last_row) place.copy(k_tile, a.k.as<bf16>());
    copy_async_commit();

    if (key0 + kKeys - 1 > warp_row0 || key0 < latest)
#pragma unroll
      for (int m = 0; m < kBlocks; ++m)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int row = warp * kWarpRows + m * 16 + half * 8 + lane / 4, from = first[row];
#pragma unroll
          for (int n = 0; n < kKeys / 8; ++n)
#pragma unroll
            for (int i = 0; i < 2; ++i) {
              const int key = key0 + n * 8 + lane % 4 * 2 + i;
              if (key > row0 + row || key < from) s[m][n][2 * half + i] = -INFINITY;
            }
        }
    online_softmax<kDim>(s, o, maximum, sum, scale);
    multiply<kDim, kBlocks, kKeys / 8>(o, s, v_tile, lane);
  }

#pragma unroll
  for (int m = 0; m < kBlocks; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      sum[m][half] = warp_sum<4>(sum[m][half]);
      const int row = warp_row0 + m * 16 + half * 8 + lane / 4;
      if (lane % 4 == 0 && row < tokens)
        a.lse.as<float>()[int64_t(head) * tokens + row] =
            maximum[m][half] * float(a.scale) + logf(sum[m][half]);
    }
  // A warp's rows of the query tile are read by this warp alone: they now take its part of the output.
  __syncwarp();
  accumulator_to_tile(q, o, lane, [&](int m, int half) { return 1.0f / sum[m][half]; });
  __syncwarp();
  const int64_t o_stride = a.H * kDim;
  store_rows<kDim, kBlocks>(a.o.as<bf16>() + warp_row0 * o_stride + head * kDim, o_stride, tokens - warp_row0,
                            q, lane);
}

template <int kDim>
void launch(Context& context, const AttentionFwd& a) {
  const TileOrder order(a.N, a.max_segment, kQueries, true);
  FLM_LAUNCH(attention_fwd_kernel<kDim>, dim3(order.blocks(), unsigned(a.H)), dim3(kThreads),
             kSharedBytes<kDim>, stream_of(context), a, order);
}

}  // namespace

void attention_fwd_tiled(Context& context, const AttentionFwd& a) {
  a.D == 128 ? launch<128>(context, a) : launch<64>(context, a);
}

}  // namespace flm::cuda
