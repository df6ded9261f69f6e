#include <bit>
#include <cstring>

#include "src/block.h"
#include "src/race.h"

namespace flm::emu {
namespace {

struct Mma {
  float* c;
  const uint32_t* a;
  uint32_t b[2];
};

float low(uint32_t pair) { return std::bit_cast<float>(pair << 16); }
float high(uint32_t pair) { return std::bit_cast<float>(pair & 0xffff0000u); }

// Lanes may have left before, or while the others were waiting for them.
void need_whole_warp(const char* what, unsigned exited) {
  if (exited) current_block->fault(std::string(what) + ": some lanes of the warp have exited");
}

// Gathers the fragments of 32 lanes into plain matrices, multiplies, hands the result back. bf16 products
// are exact in f32; sums are f32, in order of k. The hardware sums in another order and cuts low bits.
void multiply(void* const* lanes, unsigned arrived) {
  need_whole_warp("mma", ~arrived);
  float a[16][16], b[16][8], c[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto& m = *static_cast<const Mma*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4 * 2;
    for (int i = 0; i < 4; ++i) {
      a[g + i % 2 * 8][t + i / 2 * 8] = low(m.a[i]);
      a[g + i % 2 * 8][t + i / 2 * 8 + 1] = high(m.a[i]);
      c[g + i / 2 * 8][t + i % 2] = m.c[i];
    }
    for (int i = 0; i < 2; ++i) b[t + i * 8][g] = low(m.b[i]), b[t + i * 8 + 1][g] = high(m.b[i]);
  }
  for (int i = 0; i < 16; ++i)
    for (int k = 0; k < 16; ++k)
      for (int j = 0; j < 8; ++j) c[i][j] += a[i][k] * b[k][j];
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i)
      static_cast<const Mma*>(lanes[lane])->c[i] = c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
}

struct LoadMatrix {
  uint32_t* r;
  const void* row;
};

template <bool transposed>
void load(void* const* lanes, unsigned arrived) {
  need_whole_warp("ldmatrix", ~arrived);
  Block& block = *current_block;
  uint16_t m[4][8][8];
  for (int i = 0; i < 32; ++i) {
    const void* row = static_cast<const LoadMatrix*>(lanes[i])->row;
    if (!block.shared().holds(row))
      block.fault("ldmatrix: lane " + std::to_string(i) + " gives an address outside shared memory");
    if (reinterpret_cast<uintptr_t>(row) % 16)
      block.fault("ldmatrix: lane " + std::to_string(i) + " gives a row that is not 16-byte aligned");
    note_read_by(block.thread() / 32 * 32 + i, row, 16);
    memcpy(m[i / 8][i % 8], row, 16);
  }
  for (int lane = 0; lane < 32; ++lane)
    for (int k = 0; k < 4; ++k) {
      const int g = lane / 4, t = lane % 4 * 2;
      const uint32_t x = transposed ? m[k][t][g] : m[k][g][t],
                     y = transposed ? m[k][t + 1][g] : m[k][g][t + 1];
      static_cast<const LoadMatrix*>(lanes[lane])->r[k] = x | y << 16;
    }
}

}  // namespace

void mma_m16n8k16(float* c, const uint32_t* a, uint32_t b0, uint32_t b1, Where at) {
  Mma m{c, a, {b0, b1}};
  current_block->warp_collective("mma_m16n8k16", kAllLanes, &m, multiply, at);
}

void ldmatrix_x4(uint32_t* r, const void* row, bool transposed, Where at) {
  LoadMatrix m{r, row};
  current_block->warp_collective("ldmatrix_x4", kAllLanes, &m, transposed ? load<true> : load<false>, at);
}

}  // namespace flm::emu
