// Gradients of keys and values on tensor cores, bf16, head sizes 64 and 128. A block has 128 keys of one
// key/value head and walks all queries that see them, of all query heads of the group, in a fixed order. It
// works with transposed scores (rows are keys), so that probabilities and their gradients never leave the
// registers. Source: FlashAttention-2, arXiv 2307.08691, algorithm 2, split in two kernels.
#include "cuda/attention_paths.h"
#include "cuda/attention_segments.cuh"
#include "cuda/attention_tile.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"

namespace flm::cuda {
namespace {

// What fits into the registers beside two gradients of kBlocks * 16 rows per warp, and into 99 KiB of shared
// memory, which is all that some GPUs of compute capability 8 have.
template <int kDim>
struct Shape;
template <>
struct Shape<64> {
  static constexpr int kWarps = 4, kBlocks = 2, kBlocksOfGrid = 2;
};
template <>
struct Shape<128> {
  static constexpr int kWarps = 8, kBlocks = 1, kBlocksOfGrid = 1;
};
constexpr int kKeys = 128, kQueries = 32;

template <int kDim>
constexpr size_t kSharedBytes =
    2 * shared_bytes(kKeys * kDim * sizeof(bf16)) + 2 * shared_bytes(2 * kQueries * kDim * sizeof(bf16)) +
    2 * shared_bytes(2 * kQueries * sizeof(float));

template <int kDim>
__global__ void __launch_bounds__(Shape<kDim>::kWarps* kWarp, Shape<kDim>::kBlocksOfGrid)
    attention_bwd_key_kernel(AttentionBwd a, const float* delta, TileOrder order) {
  constexpr int kBlocks = Shape<kDim>::kBlocks;
  constexpr int kThreads = Shape<kDim>::kWarps * kWarp, kWarpRows = 16 * kBlocks;
  static_assert(kWarpRows * Shape<kDim>::kWarps == kKeys && kThreads >= kKeys && kQueries <= kThreads);
  const int tile = order(blockIdx.x);
  if (tile >= order.tiles) return;  // the whole block leaves
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const int kv_head = int(blockIdx.y), group = int(a.H / a.G), tokens = int(a.N);
  const int row0 = tile * kKeys, warp_row0 = row0 + warp * kWarpRows;
  const int64_t kv_offset = row0 * a.qkv_stride + kv_head * kDim, o_stride = a.H * kDim;

  DynamicShared shared;
  bf16* k_tile = shared.take<bf16>(kKeys * kDim);
  bf16* v_tile = shared.take<bf16>(kKeys * kDim);
  bf16* q_tiles = shared.take<bf16>(2 * kQueries * kDim);
  bf16* dout_tiles = shared.take<bf16>(2 * kQueries * kDim);
  float* lse_tiles = shared.take<float>(2 * kQueries);
  float* delta_tiles = shared.take<float>(2 * kQueries);
  FLM_SHARED(int, last, [kKeys]);

  const RowCopier<kDim, kKeys, kThreads> keys(kv_offset, a.qkv_stride, tokens - row0);
  keys.copy(k_tile, a.k.as<bf16>());
  keys.copy(v_tile, a.v.as<bf16>());
  const Segments segments(a.segment_starts.as<int32_t>(), a.num_segments);
  const int segment = segments.find(row0, lane), earliest = segments.end(segment);
  const int end = segments.end(segments.advance(segment, min(row0 + kKeys, tokens) - 1));
  // Where the queries end that see each key. Ordered by the first barrier of the loop.
  if (int(threadIdx.x) < kKeys)
    last[threadIdx.x] = segments.end(segments.advance(segment, row0 + int(threadIdx.x)));

  const auto fetch = [&](int buffer, int head, int query0) {
    const int64_t rows = tokens - query0;
    RowCopier<kDim, kQueries, kThreads>(query0 * a.qkv_stride + head * kDim, a.qkv_stride, int(rows))
        .copy(q_tiles + buffer * kQueries * kDim, a.q.as<bf16>());
    RowCopier<kDim, kQueries, kThreads>(query0 * o_stride + head * kDim, o_stride, int(rows))
        .copy(dout_tiles + buffer * kQueries * kDim, a.dout.as<bf16>());
    if (const int i = int(threadIdx.x); i < kQueries) {
      const int64_t at_row = int64_t(head) * tokens + query0 + i;
      copy_async_4(lse_tiles + buffer * kQueries + i, a.lse.as<float>() + at_row, i < rows ? 4 : 0);
      copy_async_4(delta_tiles + buffer * kQueries + i, delta + at_row, i < rows ? 4 : 0);
    }
  };

  bf16* k = k_tile + warp * kWarpRows * kDim;
  bf16* v = v_tile + warp * kWarpRows * kDim;
  const float scale = float(a.scale) * kLog2e;
  Accumulator<kBlocks, kDim / 8> dk = {}, dv = {};
  int head = kv_head * group, query0 = row0, here = 0;
  int left = group * ((end - row0 + kQueries - 1) / kQueries);  // tiles of queries
  fetch(0, head, query0);
  copy_async_commit();
  while (left-- > 0) {
    const int this_query0 = query0;
    const bf16 *q = q_tiles + here * kQueries * kDim, *dout = dout_tiles + here * kQueries * kDim;
    const float *lse = lse_tiles + here * kQueries, *row_delta = delta_tiles + here * kQueries;
    here ^= 1;
    query0 += kQueries;
    if (query0 >= end) query0 = row0, ++head;
    copy_async_wait<0>();
    __syncthreads();  // everybody's part of this tile, and nobody reads the tile before
    if (left > 0) fetch(here, head, query0);
    copy_async_commit();
    if (this_query0 + kQueries <= warp_row0) continue;  // all of the tile comes before all of the warp's keys

    Accumulator<kBlocks, kQueries / 8> p = {}, dp;
    multiply_transposed<2, kDim, kBlocks, kQueries / 8>(p, k, q, lane);
    if (this_query0 < warp_row0 + kWarpRows || this_query0 + kQueries > earliest)
#pragma unroll
      for (int m = 0; m < kBlocks; ++m)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int row = warp * kWarpRows + m * 16 + half * 8 + lane / 4, to = last[row];
#pragma unroll
          for (int n = 0; n < kQueries / 8; ++n)
#pragma unroll
            for (int i = 0; i < 2; ++i) {
              const int query = this_query0 + n * 8 + lane % 4 * 2 + i;
              if (query < row0 + row || query >= to) p[m][n][2 * half + i] = -INFINITY;
            }
        }
#pragma unroll
    for (int n = 0; n < kQueries / 8; ++n) {
      const float2 of_queries = *reinterpret_cast<const float2*>(lse + n * 8 + lane % 4 * 2);
#pragma unroll
      for (int m = 0; m < kBlocks; ++m)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          p[m][n][i] = fast_exp2(p[m][n][i] * scale - (i % 2 ? of_queries.y : of_queries.x) * kLog2e);
    }
    multiply<kDim, kBlocks, kQueries / 8>(dv, p, dout, lane);
#pragma unroll
    for (int n = 0; n < kQueries / 8; ++n) {
      const float2 of_queries = *reinterpret_cast<const float2*>(row_delta + n * 8 + lane % 4 * 2);
#pragma unroll
      for (int m = 0; m < kBlocks; ++m)
#pragma unroll
        for (int i = 0; i < 4; ++i) dp[m][n][i] = i % 2 ? -of_queries.y : -of_queries.x;
    }
    multiply_transposed<2, kDim, kBlocks, kQueries / 8>(dp, v, dout, lane);
#pragma unroll
    for (int m = 0; m < kBlocks; ++m)
#pragma unroll
      for (int n = 0; n < kQueries / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) dp[m][n][i] *= p[m][n][i];
    multiply<kDim, kBlocks, kQueries / 8>(dk, dp, q, lane);
  }

  // A warp's rows of both tiles are read by this warp alone: they now take its part of the gradients.
  __syncwarp();
  accumulator_to_tile(k, dk, lane, [&](int, int) { return float(a.scale); });
  accumulator_to_tile(v, dv, lane, [](int, int) { return 1.0f; });
  __syncwarp();
  const int64_t to = kv_offset + warp * kWarpRows * a.qkv_stride;
  store_rows<kDim, kBlocks>(a.dk.as<bf16>() + to, a.qkv_stride, tokens - warp_row0, k, lane);
  store_rows<kDim, kBlocks>(a.dv.as<bf16>() + to, a.qkv_stride, tokens - warp_row0, v, lane);
}

template <int kDim>
void launch(Context& context, const AttentionBwd& a, const float* delta) {
  const TileOrder order(a.N, a.max_segment, kKeys, false);
  FLM_LAUNCH(attention_bwd_key_kernel<kDim>, dim3(order.blocks(), unsigned(a.G)),
             dim3(Shape<kDim>::kWarps * kWarp), kSharedBytes<kDim>, stream_of(context), a, delta, order);
}

}  // namespace

void attention_bwd_key_tiled(Context& context, const AttentionBwd& a, const float* delta) {
  a.D == 128 ? launch<128>(context, a, delta) : launch<64>(context, a, delta);
}

}  // namespace flm::cuda
