#pragma once
// Gradients of parameters that every row shares: blocks sum a fixed part of the rows each, and a second
// kernel adds up the parts. No atomics, so that equal inputs give equal bits.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "core/error.h"
#include "cuda/launch_shape.h"

namespace flm::cuda {

// Parts that N rows are cut into: at least 8 rows each, at most as many as fill a large device.
inline int64_t row_parts(int64_t N) { return std::clamp<int64_t>(ceil_div(N, 8), 1, 512); }

// A block keeps `sums` sums of a row's C columns in shared memory.
inline void check_row_sums(const char* op, int64_t C, int64_t sums) {
  constexpr int64_t kSharedFloats = 40000;  // 160 KB, of 163 on compute capability 8.0
  FLM_CHECK(C * sums <= kSharedFloats, ErrorCode::not_supported, op, " on CUDA takes rows of at most ",
            kSharedFloats / sums, " elements, not ", C);
}

// to[c] += sum over p of partials[p * C + c], p from 0 to parts - 1.
void add_partial_sums(cudaStream_t stream, float* to, const float* partials, int64_t parts, int64_t C);

}  // namespace flm::cuda
