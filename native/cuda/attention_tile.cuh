#pragma once
// Tiles of bf16 rows in shared memory and the matrix products of attention on them, a warp at a time.
#include "cuda/device/async_copy.cuh"
#include "cuda/device/bf16.cuh"
#include "cuda/device/math.cuh"
#include "cuda/device/tensor_core.cuh"
#include "cuda/device/warp.cuh"
#include "cuda/elements.cuh"

namespace flm::cuda {

constexpr int kChunk = kVector<bf16>;  // elements of a 16-byte copy
using Chunk = Pack<bf16, kChunk>;
constexpr float kLog2e = 1.4426950408889634f;

// Element index of a chunk in a tile with rows of kDim elements. Chunks are permuted within groups of eight
// by the row, so that eight rows of one column of chunks (what ldmatrix reads at once) lie in different
// banks.
template <int kDim>
__device__ __forceinline__ int at(int row, int chunk) {
  return row * kDim + ((chunk ^ (row & 7)) * kChunk);
}

// A place in tensors whose rows lie `stride` elements apart, from which all kThreads of a block copy tiles of
// kRows rows. Each thread keeps where its own part comes from: registers are what limits these kernels.
template <int kDim, int kRows, int kThreads>
class RowCopier {
 public:
  // At `offset` elements lies the first row of the first tile; rows from `rows` on become zeros.
  __device__ __forceinline__ RowCopier(int64_t offset, int64_t stride, int rows)
      : offset_(offset + row() * stride + chunk() * kChunk),
        step_(kRowsAtOnce * stride),
        rows_left_(rows - row()) {}

  // Starts copying this place's tile of `tensor`.
  __device__ __forceinline__ void copy(bf16* tile, const bf16* tensor) const {
    const bf16* from = tensor + offset_;
#pragma unroll
    for (int i = 0; i < kRows; i += kRowsAtOnce) {
      copy_async_16(tile + at<kDim>(row() + i, chunk()), from, i < rows_left_ ? 16 : 0);
      from += step_;
    }
  }
  __device__ __forceinline__ void next_tile() {
    offset_ += kRows / kRowsAtOnce * step_;
    rows_left_ -= kRows;
  }

 private:
  static constexpr int kChunks = kDim / kChunk, kRowsAtOnce = kThreads / kChunks;
  static_assert(kRows % kRowsAtOnce == 0);
  static __device__ __forceinline__ int row() { return int(threadIdx.x) / kChunks; }
  static __device__ __forceinline__ int chunk() { return int(threadIdx.x) % kChunks; }

  int64_t offset_, step_;
  int rows_left_;
};

// Stores 16 * kBlocks rows that this warp has put into its part of a tile; rows from `rows` on are left out.
template <int kDim, int kBlocks>
__device__ __forceinline__ void store_rows(bf16* to, int64_t stride, int rows, const bf16* tile, int lane) {
  constexpr int kChunks = kDim / kChunk, kRowsAtOnce = kWarp / kChunks;
#pragma unroll
  for (int i = 0; i < 16 * kBlocks / kRowsAtOnce; ++i) {
    const int row = i * kRowsAtOnce + lane / kChunks, chunk = lane % kChunks;
    if (row < rows)
      *reinterpret_cast<Chunk*>(to + row * stride + chunk * kChunk) =
          *reinterpret_cast<const Chunk*>(tile + at<kDim>(row, chunk));
  }
}

// An accumulator of 16 * kBlocks rows and 8 * kColumns columns, in the layout of the tensor core: a lane
// holds of block m and column group n the elements (16 m + g, 8 n + t), (.., t + 1), (16 m + g + 8, 8 n + t),
// (.., t + 1) with g = lane / 4, t = lane % 4 * 2.
template <int kBlocks, int kColumns>
using Accumulator = float[kBlocks][kColumns][4];

// Puts an accumulator, times factor(m, half), as bf16 into a tile whose first row is the accumulator's.
template <int kBlocks, int kColumns, class Factor>
__device__ __forceinline__ void accumulator_to_tile(bf16* tile, const Accumulator<kBlocks, kColumns>& acc,
                                                    int lane, Factor factor) {
#pragma unroll
  for (int m = 0; m < kBlocks; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = m * 16 + half * 8 + lane / 4;
      const float f = factor(m, half);
#pragma unroll
      for (int n = 0; n < kColumns; ++n)
        *reinterpret_cast<uint32_t*>(tile + at<kColumns * 8>(row, n) + lane % 4 * 2) =
            pack_bf16(acc[m][n][2 * half] * f, acc[m][n][2 * half + 1] * f);
    }
}

// Where a lane points ldmatrix for the 16 rows and 16 columns at `step`: all operands use this one order, so
// that few addresses are kept in registers. r[0], r[1] are rows 0 to 7 and 8 to 15 of the left 8 columns,
// r[2], r[3] of the right ones.
template <int kDim>
__device__ __forceinline__ int fragment_at(int step, int lane) {
  return at<kDim>(lane % 16, step * 2 + lane / 16);
}

// Whether this is compiled for Blackwell, on which the compiler hands out registers differently: what fits on
// Ampere and Hopper spills there, and the other way round.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
constexpr bool kIsBlackwell = true;
#else
constexpr bool kIsBlackwell = false;
#endif

// acc += a b^T: kDim is summed over, the 8 * kColumns columns of the result are rows of b. kUnroll bounds how
// far ahead the compiler reads fragments: each kernel takes the largest at which nothing spills.
template <int kUnroll, int kDim, int kBlocks, int kColumns>
__device__ __forceinline__ void multiply_transposed(Accumulator<kBlocks, kColumns>& acc, const bf16* a,
                                                    const bf16* b, int lane) {
#pragma unroll kUnroll
  for (int step = 0; step < kDim / 16; ++step) {
    uint32_t left[kBlocks][4];
#pragma unroll
    for (int m = 0; m < kBlocks; ++m)
      ldmatrix_x4<false>(left[m], a + m * 16 * kDim + fragment_at<kDim>(step, lane));
#pragma unroll
    for (int n = 0; n < kColumns; n += 2) {
      uint32_t right[4];
      ldmatrix_x4<false>(right, b + n * 8 * kDim + fragment_at<kDim>(step, lane));
#pragma unroll
      for (int m = 0; m < kBlocks; ++m) {
        mma_m16n8k16(acc[m][n], left[m], right[0], right[2]);
        mma_m16n8k16(acc[m][n + 1], left[m], right[1], right[3]);
      }
    }
  }
}

// acc += a b: a lies in registers as the accumulator of an earlier product, its 8 * kInner columns are rows
// of b.
template <int kDim, int kBlocks, int kInner>
__device__ __forceinline__ void multiply(Accumulator<kBlocks, kDim / 8>& acc,
                                         const Accumulator<kBlocks, kInner>& a, const bf16* b, int lane) {
#pragma unroll
  for (int step = 0; step < kInner / 2; ++step) {
    uint32_t left[kBlocks][4];
#pragma unroll
    for (int m = 0; m < kBlocks; ++m)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        left[m][i] = pack_bf16(a[m][2 * step + i / 2][i % 2 * 2], a[m][2 * step + i / 2][i % 2 * 2 + 1]);
#pragma unroll
    for (int n = 0; n < kDim / 8; n += 2) {
      uint32_t right[4];
      ldmatrix_x4<true>(right, b + step * 16 * kDim + fragment_at<kDim>(n / 2, lane));
#pragma unroll
      for (int m = 0; m < kBlocks; ++m) {
        mma_m16n8k16(acc[m][n], left[m], right[0], right[1]);
        mma_m16n8k16(acc[m][n + 1], left[m], right[2], right[3]);
      }
    }
  }
}

}  // namespace flm::cuda
