#pragma once
// The built-in vector types, with CUDA's alignments (so that a misaligned vector access faults here as
// there).

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
#define FLM_EMU_VECTOR2(name, type, align) \
  struct alignas(align) name {             \
    type x, y;                             \
  };                                       \
  constexpr name make_##name(type x, type y) { return {x, y}; }
#define FLM_EMU_VECTOR4(name, type, align) \
  struct alignas(align) name {             \
    type x, y, z, w;                       \
  };                                       \
  constexpr name make_##name(type x, type y, type z, type w) { return {x, y, z, w}; }
FLM_EMU_VECTOR2(float2, float, 8)
FLM_EMU_VECTOR4(float4, float, 16)
FLM_EMU_VECTOR2(int2, int, 8)
FLM_EMU_VECTOR4(int4, int, 16)
FLM_EMU_VECTOR2(uint2, unsigned, 8)
FLM_EMU_VECTOR4(uint4, unsigned, 16)
FLM_EMU_VECTOR2(double2, double, 16)
#undef FLM_EMU_VECTOR2
#undef FLM_EMU_VECTOR4
