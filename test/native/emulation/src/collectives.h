#pragma once
// Barriers, shuffles and votes with CUDA's names.
#include <cstring>
#include <type_traits>

#include "src/block.h"

inline void __syncthreads(flm::emu::Where at = flm::emu::Where::current()) {
  flm::emu::current_block->barrier("__syncthreads", at);
}

inline void __syncwarp(unsigned mask = flm::emu::kAllLanes, flm::emu::Where at = flm::emu::Where::current()) {
  flm::emu::current_block->warp_collective(
      "__syncwarp", mask, nullptr, [](void* const*, unsigned) { flm::emu::current_block->order_warp(); }, at);
}

namespace flm::emu {

struct Exchange {
  uint64_t in, out;
  int from;  // lane whose value to take
};
// A lane that takes part in no exchange has no value to give: the taker gets NaN bytes.
void exchange(void* const* lanes, unsigned arrived);

template <class T>
T shuffle(const char* what, unsigned mask, T value, int from, Where at) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  Exchange e{0, 0, from};
  memcpy(&e.in, &value, sizeof(T));
  current_block->warp_collective(what, mask, &e, exchange, at);
  memcpy(&value, &e.out, sizeof(T));
  return value;
}

struct Vote {
  bool in;
  unsigned out;
};
void vote(void* const* lanes, unsigned arrived);
unsigned ballot(const char* what, unsigned mask, bool predicate, Where at);

}  // namespace flm::emu

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              flm::emu::Where at = flm::emu::Where::current()) {
  const int lane = flm::emu::current_block->lane();
  return flm::emu::shuffle("__shfl_sync", mask, value, (lane & ~(width - 1)) | (source & (width - 1)), at);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  flm::emu::Where at = flm::emu::Where::current()) {
  const int lane = flm::emu::current_block->lane(), from = lane ^ lane_mask;
  return flm::emu::shuffle("__shfl_xor_sync", mask, value, from > (lane | (width - 1)) ? lane : from, at);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   flm::emu::Where at = flm::emu::Where::current()) {
  const int lane = flm::emu::current_block->lane(), from = lane + int(delta);
  return flm::emu::shuffle("__shfl_down_sync", mask, value, from > (lane | (width - 1)) ? lane : from, at);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 flm::emu::Where at = flm::emu::Where::current()) {
  const int lane = flm::emu::current_block->lane(), from = lane - int(delta);
  return flm::emu::shuffle("__shfl_up_sync", mask, value, from < (lane & ~(width - 1)) ? lane : from, at);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, flm::emu::Where at = flm::emu::Where::current()) {
  return flm::emu::ballot("__ballot_sync", mask, predicate != 0, at);
}
inline int __any_sync(unsigned mask, int predicate, flm::emu::Where at = flm::emu::Where::current()) {
  return flm::emu::ballot("__any_sync", mask, predicate != 0, at) != 0;
}
inline int __all_sync(unsigned mask, int predicate, flm::emu::Where at = flm::emu::Where::current()) {
  return flm::emu::ballot("__all_sync", mask, predicate == 0, at) == 0;
}
