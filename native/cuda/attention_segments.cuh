#pragma once
// Which segment a token lies in. Tiles of tokens are cut from the whole of N, not from each segment: short
// documents then share a tile instead of each leaving most of one empty.
#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/device/warp.cuh"

namespace flm::cuda {

class Segments {
 public:
  __device__ __forceinline__ Segments(const int32_t* starts, int64_t count)
      : starts_(starts), count_(int(count)) {}

  // The last segment that starts at `token` or before. A whole warp asks: its lanes probe 32 places at once.
  __device__ __forceinline__ int find(int token, int lane) const {
    int low = 0, high = count_;  // starts[low] <= token < starts[high]
    while (high - low > 1) {
      const int step = (high - low + kWarp - 1) / kWarp, probe = low + (lane + 1) * step;
      const bool passed = probe < high && starts_[probe] <= token;
      low += __popc(__ballot_sync(kFullMask, passed)) * step;
      high = min(high, low + step);
    }
    return low;
  }
  // The same for one lane, given a segment not after it.
  __device__ __forceinline__ int advance(int segment, int token) const {
    while (segment + 1 < count_ && starts_[segment + 1] <= token) ++segment;
    return segment;
  }
  __device__ __forceinline__ int start(int segment) const { return starts_[segment]; }
  __device__ __forceinline__ int end(int segment) const { return starts_[segment + 1]; }

 private:
  const int32_t* starts_;
  int count_;
};

// The order in which blocks take tiles. A tile's work grows with its place in its segment, and blocks start
// in the order of blockIdx.x: with segments of one length the longest tiles then start first and the shortest
// fill the gaps at the end.
struct TileOrder {
  int tiles, tiles_of_segment, segments;
  bool last_first;  // queries: the last tile of a segment is the longest; keys: the first is

  TileOrder(int64_t tokens, int64_t longest, int tile, bool last_first)
      : tiles(int((tokens + tile - 1) / tile)),
        tiles_of_segment(longest > tile ? int((longest + tile - 1) / tile) : 1),
        segments((tiles + tiles_of_segment - 1) / tiles_of_segment),
        last_first(last_first) {}
  unsigned blocks() const { return unsigned(tiles_of_segment) * unsigned(segments); }
  // May be `tiles` or above: such a block has nothing to do.
  __device__ __forceinline__ int operator()(unsigned block) const {
    const int column = int(block) / segments;
    return int(block) % segments * tiles_of_segment + (last_first ? tiles_of_segment - 1 - column : column);
  }
};

}  // namespace flm::cuda
