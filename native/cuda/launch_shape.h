#pragma once
// How many threads work on what. Shapes depend on sizes alone, never on the device, and so do all sums.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

namespace flm::cuda {

inline constexpr int64_t kMaxThreads = 256, kMaxGridY = 65535;
// A block gets 48 KiB of shared memory, static and dynamic together, unless its launch asks for more. With
// more dynamic memory than this it asks: no kernel has more than 8 KiB of static memory beside it.
inline constexpr size_t kUnaskedShared = 40 << 10;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Whole warps for one row of `items`, one item a thread and a turn.
inline dim3 row_block(int64_t items) {
  return dim3(unsigned(std::clamp<int64_t>(ceil_div(items, 32) * 32, 32, kMaxThreads)));
}

// A grid over rows (y) and items of a row (x); kernels go on to further rows in strides of the whole grid.
struct RowGrid {
  dim3 grid, block;
};
inline RowGrid row_grid(int64_t rows, int64_t items) {
  int64_t across = 1;
  while (across < items && across < kMaxThreads) across *= 2;
  const int64_t down = kMaxThreads / across;
  return {dim3(unsigned(ceil_div(items, across)), unsigned(std::min(ceil_div(rows, down), kMaxGridY))),
          dim3(unsigned(across), unsigned(down))};
}

// A grid over `items` in one dimension; kernels go on in strides of the whole grid.
inline dim3 flat_grid(int64_t items) {
  constexpr int64_t kMost = 1 << 20;
  return dim3(unsigned(std::clamp<int64_t>(ceil_div(items, kMaxThreads), 1, kMost)));
}

}  // namespace flm::cuda
