// Attention without tensor cores: f32, or a head size that they do not take (up to 128). A warp works on one
// query (or, for dk and dv, on one key); tiles of 32 keys (or queries) pass through shared memory. Lane j
// scores row j of a tile and owns the elements j, j + 32, ... of the result.
#include <cmath>

#include "cuda/attention_paths.h"
#include "cuda/attention_segments.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

constexpr int kWarps = 8, kThreads = kWarps * kWarp, kSlots = int(kMaxPlainHeadSize) / kWarp;

// What a warp keeps of its own query (or key): two rows to score against, and the weights of a tile's rows.
struct WarpRows {
  float row[2][kMaxPlainHeadSize];
  float weight[kWarp];
};

// Row `which` of the warp; zeros when it is not `inside`. Ordered for the other lanes by the next barrier.
template <class T>
__device__ __forceinline__ void keep_row(WarpRows& rows, int which, const T* from, int size, int lane,
                                         bool inside) {
  for (int d = lane; d < size; d += kWarp) rows.row[which][d] = inside ? to_f32(from[d]) : 0.0f;
}

// A result row spread over the lanes: lane j has the elements j, j + 32, ...
struct Result {
  float element[kSlots] = {};

  __device__ __forceinline__ void scale(float factor) {
#pragma unroll
    for (int i = 0; i < kSlots; ++i) element[i] *= factor;
  }
  template <class T>
  __device__ __forceinline__ void store(T* to, int size, int lane, float factor) const {
#pragma unroll
    for (int i = 0; i < kSlots; ++i)
      if (const int d = i * kWarp + lane; d < size) to[d] = from_f32<T>(element[i] * factor);
  }
};

// 32 rows in shared memory. The odd row length puts one column into 32 different banks.
struct RowTile {
  float row[kWarp][kMaxPlainHeadSize + 1];

  // By the whole block; rows from `rows` on become zeros.
  template <class T>
  __device__ __forceinline__ void fill(const T* from, int64_t stride, int rows, int size) {
    for (int r = int(threadIdx.x) / kWarp; r < kWarp; r += kWarps)
      for (int d = int(threadIdx.x) % kWarp; d < size; d += kWarp)
        row[r][d] = r < rows ? to_f32(from[r * stride + d]) : 0.0f;
  }
  // The product with this lane's row.
  __device__ __forceinline__ float dot(const float* other, int size, int lane) const {
    float sum = 0.0f;
    for (int d = 0; d < size; ++d) sum += other[d] * row[lane][d];
    return sum;
  }
  // sum += weights times rows; each lane gives the weight of its row.
  __device__ __forceinline__ void add_to(Result& sum, WarpRows& rows, float weight, int size,
                                         int lane) const {
    __syncwarp();  // no lane reads the weights of before
    rows.weight[lane] = weight;
    __syncwarp();
    for (int r = 0; r < kWarp; ++r) {
      const float w = rows.weight[r];
#pragma unroll
      for (int i = 0; i < kSlots; ++i)
        if (const int d = i * kWarp + lane; d < size) sum.element[i] += w * row[r][d];
    }
  }
};

// The queries of a block, and the keys that some of them see.
struct QueryBlock {
  int lane, query, head, kv_head, first, begin, end, tokens;

  template <class Args>
  __device__ __forceinline__ explicit QueryBlock(const Args& a) {
    lane = int(threadIdx.x) % kWarp;
    const int row0 = int(blockIdx.x) * kWarps;
    query = row0 + int(threadIdx.x) / kWarp;
    head = int(blockIdx.y), kv_head = head / int(a.H / a.G), tokens = int(a.N);
    const Segments segments(a.segment_starts.template as<int32_t>(), a.num_segments);
    const int segment = segments.find(row0, lane);
    begin = segments.start(segment);
    first = segments.start(segments.advance(segment, query));
    end = min(row0 + kWarps, tokens);
  }
  __device__ __forceinline__ bool sees(int key) const { return key >= first && key <= query; }
};

template <class T>
__global__ void __launch_bounds__(kThreads) plain_fwd_kernel(AttentionFwd a) {
  FLM_SHARED(RowTile, tiles, [2]);
  FLM_SHARED(WarpRows, warps, [kWarps]);
  const int size = int(a.D);
  const QueryBlock b(a);
  RowTile &keys = tiles[0], &values = tiles[1];
  WarpRows& mine = warps[threadIdx.x / kWarp];
  const bool inside = b.query < b.tokens;
  keep_row(mine, 0, a.q.as<T>() + b.query * a.qkv_stride + b.head * size, size, b.lane, inside);
  Result o;
  float maximum = -INFINITY, sum = 0.0f;
  for (int key0 = b.begin; key0 < b.end; key0 += kWarp) {
    const int64_t offset = key0 * a.qkv_stride + b.kv_head * size;
    __syncthreads();  // nobody reads the tiles of before
    keys.fill(a.k.as<T>() + offset, a.qkv_stride, b.tokens - key0, size);
    values.fill(a.v.as<T>() + offset, a.qkv_stride, b.tokens - key0, size);
    __syncthreads();  // every warp's part of the tiles is there
    const float score =
        b.sees(key0 + b.lane) ? keys.dot(mine.row[0], size, b.lane) * float(a.scale) : -INFINITY;
    const float top = fmaxf(maximum, warp_max(score));
    if (top == -INFINITY) continue;  // no key of this tile is for the query; the same in all lanes
    const float weight = expf(score - top), shrink = expf(maximum - top);
    sum = sum * shrink + warp_sum(weight);
    maximum = top;
    o.scale(shrink);
    values.add_to(o, mine, weight, size, b.lane);
  }
  if (!inside) return;
  o.store(a.o.as<T>() + (b.query * a.H + b.head) * size, size, b.lane, 1.0f / sum);
  if (b.lane == 0) a.lse.as<float>()[int64_t(b.head) * b.tokens + b.query] = maximum + logf(sum);
}

// dq, and delta for the other kernel.
template <class T>
__global__ void __launch_bounds__(kThreads) plain_bwd_query_kernel(AttentionBwd a, float* delta) {
  FLM_SHARED(RowTile, tiles, [2]);
  FLM_SHARED(WarpRows, warps, [kWarps]);
  const int size = int(a.D);
  const QueryBlock b(a);
  RowTile &keys = tiles[0], &values = tiles[1];
  WarpRows& mine = warps[threadIdx.x / kWarp];
  const bool inside = b.query < b.tokens;
  const int64_t o_offset = (b.query * a.H + b.head) * size, place = int64_t(b.head) * b.tokens + b.query;
  keep_row(mine, 0, a.q.as<T>() + b.query * a.qkv_stride + b.head * size, size, b.lane, inside);
  keep_row(mine, 1, a.dout.as<T>() + o_offset, size, b.lane, inside);
  float product = 0.0f;
  if (inside)
    for (int d = b.lane; d < size; d += kWarp)
      product += to_f32(a.dout.as<T>()[o_offset + d]) * to_f32(a.o.as<T>()[o_offset + d]);
  product = warp_sum(product);
  const float lse = inside ? a.lse.as<float>()[place] : 0.0f;
  Result dq;
  for (int key0 = b.begin; key0 < b.end; key0 += kWarp) {
    const int64_t offset = key0 * a.qkv_stride + b.kv_head * size;
    __syncthreads();  // nobody reads the tiles of before
    keys.fill(a.k.as<T>() + offset, a.qkv_stride, b.tokens - key0, size);
    values.fill(a.v.as<T>() + offset, a.qkv_stride, b.tokens - key0, size);
    __syncthreads();  // every warp's part of the tiles is there
    const float score = keys.dot(mine.row[0], size, b.lane) * float(a.scale);
    const float dweight = values.dot(mine.row[1], size, b.lane);
    const float weight = b.sees(key0 + b.lane) ? expf(score - lse) : 0.0f;
    keys.add_to(dq, mine, weight * (dweight - product), size, b.lane);
  }
  if (!inside) return;
  dq.store(a.dq.as<T>() + b.query * a.qkv_stride + b.head * size, size, b.lane, float(a.scale));
  if (b.lane == 0) delta[place] = product;
}

// dk and dv of the keys of a block: all queries of all heads that read them, in a fixed order.
template <class T>
__global__ void __launch_bounds__(kThreads) plain_bwd_key_kernel(AttentionBwd a, const float* delta) {
  FLM_SHARED(RowTile, tiles, [2]);
  FLM_SHARED(WarpRows, warps, [kWarps]);
  const int size = int(a.D), tokens = int(a.N), lane = int(threadIdx.x) % kWarp;
  const int row0 = int(blockIdx.x) * kWarps, key = row0 + int(threadIdx.x) / kWarp, kv_head = int(blockIdx.y);
  const Segments segments(a.segment_starts.as<int32_t>(), a.num_segments);
  const int segment = segments.find(row0, lane);
  const int last =
      segments.end(segments.advance(segment, key));  // queries from `key` to before `last` see it
  const int end = segments.end(segments.advance(segment, min(row0 + kWarps, tokens) - 1));
  RowTile &queries = tiles[0], &douts = tiles[1];
  WarpRows& mine = warps[threadIdx.x / kWarp];
  const bool inside = key < tokens;
  const int64_t offset = key * a.qkv_stride + kv_head * size;
  keep_row(mine, 0, a.k.as<T>() + offset, size, lane, inside);
  keep_row(mine, 1, a.v.as<T>() + offset, size, lane, inside);
  Result dk, dv;
  const int group = int(a.H / a.G);
  for (int head = kv_head * group; head < (kv_head + 1) * group; ++head)
    for (int query0 = row0; query0 < end; query0 += kWarp) {
      __syncthreads();  // nobody reads the tiles of before
      queries.fill(a.q.as<T>() + query0 * a.qkv_stride + head * size, a.qkv_stride, tokens - query0, size);
      douts.fill(a.dout.as<T>() + (query0 * a.H + head) * size, a.H * size, tokens - query0, size);
      __syncthreads();  // every warp's part of the tiles is there
      const int query = query0 + lane;
      const int64_t place = int64_t(head) * tokens + query;
      const bool seen = query >= key && query < last;
      const float score = queries.dot(mine.row[0], size, lane) * float(a.scale);
      const float dweight = douts.dot(mine.row[1], size, lane);
      const float weight = seen ? expf(score - a.lse.as<float>()[place]) : 0.0f;
      douts.add_to(dv, mine, weight, size, lane);
      queries.add_to(dk, mine, seen ? weight * (dweight - delta[place]) : 0.0f, size, lane);
    }
  if (!inside) return;
  dk.store(a.dk.as<T>() + offset, size, lane, float(a.scale));
  dv.store(a.dv.as<T>() + offset, size, lane, 1.0f);
}

}  // namespace

void attention_fwd_plain(Context& context, const AttentionFwd& a) {
  with_type("attention_fwd", a.q.dtype, [&]<class T>() {
    FLM_LAUNCH(plain_fwd_kernel<T>, dim3(unsigned(ceil_div(a.N, kWarps)), unsigned(a.H)), dim3(kThreads), 0,
               stream_of(context), a);
  });
}

void attention_bwd_plain(Context& context, const AttentionBwd& a) {
  auto* delta = static_cast<float*>(context.workspace);
  const unsigned blocks = unsigned(ceil_div(a.N, kWarps));
  with_type("attention_bwd", a.q.dtype, [&]<class T>() {
    FLM_LAUNCH(plain_bwd_query_kernel<T>, dim3(blocks, unsigned(a.H)), dim3(kThreads), 0, stream_of(context),
               a, delta);
    FLM_LAUNCH(plain_bwd_key_kernel<T>, dim3(blocks, unsigned(a.G)), dim3(kThreads), 0, stream_of(context), a,
               delta);
  });
}

}  // namespace flm::cuda
