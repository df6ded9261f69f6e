// Gradient of the queries on tensor cores, bf16, head sizes 64 and 128, and delta (the sum of dout * o of
// each query) for the keys' kernel. Nothing is added up by atomics, so the bits are the same in every run.
// Source: FlashAttention-2, arXiv 2307.08691, algorithm 2, split in two kernels.
#include "cuda/attention_paths.h"
#include "cuda/attention_segments.cuh"
#include "cuda/attention_tile.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"

namespace flm::cuda {
namespace {

constexpr int kWarps = 4, kThreads = kWarps * kWarp, kBlocks = 2;  // of 16 rows, per warp
constexpr int kWarpRows = 16 * kBlocks, kQueries = kWarps * kWarpRows;
template <int kDim>
constexpr int kKeys = kDim == 128 ? 32 : 64;  // two score tiles and the gradient fill the registers

template <int kDim>
constexpr size_t kSharedBytes = 2 * shared_bytes(kQueries * kDim * sizeof(bf16)) +
                                2 * shared_bytes(2 * kKeys<kDim> * kDim * sizeof(bf16));

// delta = sum of dout * o, of a warp's rows; dout from its tile, o from global memory, whose rows from `rows`
// on are not there.
template <int kDim>
__device__ __forceinline__ void row_products(float* delta, const bf16* dout, const bf16* o, int64_t o_stride,
                                             int rows, int lane) {
  for (int row = lane / 4; row < kWarpRows; row += 8) {
    float sum = 0.0f;
    if (row < rows)
#pragma unroll
      for (int chunk = lane % 4; chunk < kDim / kChunk; chunk += 4) {
        float x[kChunk], y[kChunk];
        load(x, dout + at<kDim>(row, chunk));
        load(y, o + row * o_stride + chunk * kChunk);
#pragma unroll
        for (int i = 0; i < kChunk; ++i) sum += x[i] * y[i];
      }
    sum = warp_sum<4>(sum);
    if (lane % 4 == 0) delta[row] = sum;
  }
}

template <int kDim>
__global__ void __launch_bounds__(kThreads, 2)
    attention_bwd_query_kernel(AttentionBwd a, float* delta_out, TileOrder order) {
  constexpr int kKeys = cuda::kKeys<kDim>, kKeyTile = kKeys * kDim;
  constexpr int kUnroll = kDim == 64 ? 2 : (kIsBlackwell ? 1 : 4);
  const int tile = order(blockIdx.x);
  if (tile >= order.tiles) return;  // the whole block leaves
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const int head = int(blockIdx.y), kv_head = head / int(a.H / a.G), tokens = int(a.N);
  const int row0 = tile * kQueries, warp_row0 = row0 + warp * kWarpRows,
            last_row = min(row0 + kQueries, tokens) - 1;
  const int64_t o_stride = a.H * kDim, o_offset = row0 * o_stride + head * kDim;
  const int64_t q_offset = row0 * a.qkv_stride + head * kDim;

  DynamicShared shared;
  bf16* q_tile = shared.take<bf16>(kQueries * kDim);
  bf16* dout_tile = shared.take<bf16>(kQueries * kDim);
  bf16* k_tiles = shared.take<bf16>(2 * kKeyTile);
  bf16* v_tiles = shared.take<bf16>(2 * kKeyTile);
  FLM_SHARED(int, first, [kQueries]);      // of each row, as are the two below; registers are short
  FLM_SHARED(float, row_lse, [kQueries]);  // of base two
  FLM_SHARED(float, row_delta, [kQueries]);
  static_assert(kThreads == kQueries);

  RowCopier<kDim, kQueries, kThreads>(q_offset, a.qkv_stride, tokens - row0).copy(q_tile, a.q.as<bf16>());
  RowCopier<kDim, kQueries, kThreads>(o_offset, o_stride, tokens - row0).copy(dout_tile, a.dout.as<bf16>());
  const Segments segments(a.segment_starts.as<int32_t>(), a.num_segments);
  const int segment = segments.find(row0, lane), begin = segments.start(segment);
  const bool mixed = segments.end(segment) <= last_row;
  const int latest = mixed ? segments.start(segments.advance(segment, last_row)) : begin;
  // The first key of each row; a warp writes and reads its own rows'.
  first[threadIdx.x] = mixed ? segments.start(segments.advance(segment, row0 + int(threadIdx.x))) : begin;
  RowCopier<kDim, kKeys, kThreads> place(begin * a.qkv_stride + kv_head * kDim, a.qkv_stride, tokens - begin);
  place.copy(k_tiles, a.k.as<bf16>());
  place.copy(v_tiles, a.v.as<bf16>());
  copy_async_commit();
  copy_async_wait<0>();
  __syncthreads();  // everybody's part of dout

  bf16* q = q_tile + warp * kWarpRows * kDim;
  const bf16* dout = dout_tile + warp * kWarpRows * kDim;
  row_products<kDim>(row_delta + warp * kWarpRows, dout,
                     a.o.as<bf16>() + o_offset + warp * kWarpRows * o_stride, o_stride, tokens - warp_row0,
                     lane);
  __syncwarp();
  row_lse[threadIdx.x] = 0.0f;
  if (const int row = row0 + int(threadIdx.x); row < tokens) {
    row_lse[threadIdx.x] = a.lse.as<float>()[int64_t(head) * tokens + row] * kLog2e;
    delta_out[int64_t(head) * tokens + row] = row_delta[threadIdx.x];
  }
  __syncwarp();

  const float scale = float(a.scale) * kLog2e;
  Accumulator<kBlocks, kDim / 8> dq = {};
  int here = 0;  // which of the two buffers
  for (int key0 = begin; key0 <= last_row; key0 += kKeys, here ^= 1) {
    copy_async_wait<0>();
    __syncthreads();  // everybody's part of this tile, and nobody reads the tile before
    place.next_tile();
    if (key0 + kKeys <= last_row) {
      place.copy(k_tiles + (here ^ 1) * kKeyTile, a.k.as<bf16>());
      place.copy(v_tiles + (here ^ 1) * kKeyTile, a.v.as<bf16>());
    }
    copy_async_commit();
    if (key0 >= warp_row0 + kWarpRows) continue;  // all of the tile comes after all of the warp's queries
    const bf16 *k = k_tiles + here * kKeyTile, *v = v_tiles + here * kKeyTile;

    Accumulator<kBlocks, kKeys / 8> p = {}, dp;
    multiply_transposed<kUnroll, kDim, kBlocks, kKeys / 8>(p, q, k, lane);
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
              if (key > row0 + row || key < from) p[m][n][2 * half + i] = -INFINITY;
            }
        }
#pragma unroll
    for (int m = 0; m < kBlocks; ++m)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = warp * kWarpRows + m * 16 + half * 8 + lane / 4;
        const float lse = row_lse[row], delta = row_delta[row];
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n)
#pragma unroll
          for (int i = 2 * half; i < 2 * half + 2; ++i) {
            p[m][n][i] = fast_exp2(p[m][n][i] * scale - lse);
            dp[m][n][i] = -delta;
          }
      }
    multiply_transposed<kUnroll, kDim, kBlocks, kKeys / 8>(dp, dout, v, lane);
#pragma unroll
    for (int m = 0; m < kBlocks; ++m)
#pragma unroll
      for (int n = 0; n < kKeys / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) dp[m][n][i] *= p[m][n][i];
    multiply<kDim, kBlocks, kKeys / 8>(dq, dp, k, lane);
  }

  // A warp's rows of the query tile are read by this warp alone: they now take its part of the gradient.
  __syncwarp();
  accumulator_to_tile(q, dq, lane, [&](int, int) { return float(a.scale); });
  __syncwarp();
  store_rows<kDim, kBlocks>(a.dq.as<bf16>() + q_offset + warp * kWarpRows * a.qkv_stride, a.qkv_stride,
                            tokens - warp_row0, q, lane);
}

template <int kDim>
void launch(Context& context, const AttentionBwd& a, float* delta) {
  const TileOrder order(a.N, a.max_segment, kQueries, true);
  FLM_LAUNCH(attention_bwd_query_kernel<kDim>, dim3(order.blocks(), unsigned(a.H)), dim3(kThreads),
             kSharedBytes<kDim>, stream_of(context), a, delta, order);
}

}  // namespace

void attention_bwd_query_tiled(Context& context, const AttentionBwd& a, float* delta) {
  a.D == 128 ? launch<128>(context, a, delta) : launch<64>(context, a, delta);
}

}  // namespace flm::cuda
