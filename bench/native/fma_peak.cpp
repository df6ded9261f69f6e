#include "fma_peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#ifdef FLM_CPU_X86
#include <immintrin.h>
#endif

namespace flm::bench {
namespace {

constexpr int kSums = 12;  // independent, so that no instruction waits for another
constexpr int64_t kRounds = 200000;

#ifdef FLM_CPU_X86

// Each does kRounds * kSums multiply-additions of vectors and returns something that depends on them all.
[[gnu::target("avx512f,avx512bf16")]] float spin_bf16(float seed) {
  __m512 sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = _mm512_set1_ps(seed * float(i));
  const __m512bh one = (__m512bh)_mm512_set1_ps(seed);
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], one, one);
  }
  for (int i = 1; i < kSums; ++i) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  return _mm512_cvtss_f32(sums[0]);
}

[[gnu::target("avx512f")]] float spin_avx512(float seed) {
  __m512 sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = _mm512_set1_ps(seed * float(i));
  const __m512 one = _mm512_set1_ps(seed);
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = _mm512_fmadd_ps(one, sums[i], one);
  }
  for (int i = 1; i < kSums; ++i) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  return _mm512_cvtss_f32(sums[0]);
}

[[gnu::target("avx2,fma")]] float spin_avx2(float seed) {
  __m256 sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = _mm256_set1_ps(seed * float(i));
  const __m256 one = _mm256_set1_ps(seed);
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = _mm256_fmadd_ps(one, sums[i], one);
  }
  for (int i = 1; i < kSums; ++i) sums[0] = _mm256_add_ps(sums[0], sums[i]);
  return _mm256_cvtss_f32(sums[0]);
}

#endif

double measure(float (*spin)(float), double flops_per_fma) {
  volatile float seed = 0.5f;
  double best = 1e30;
  for (int run = 0; run < 20; ++run) {
    const auto start = std::chrono::steady_clock::now();
    seed = 0.5f + 0 * spin(seed);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return double(kRounds) * kSums * flops_per_fma / best * 1e-9;
}

}  // namespace

double fma_peak(cpu::Isa isa, bool native_bf16) {
#ifdef FLM_CPU_X86
  if (native_bf16) return measure(spin_bf16, 64);
  if (isa >= cpu::Isa::avx512) return measure(spin_avx512, 32);
  if (isa == cpu::Isa::avx2) return measure(spin_avx2, 16);
#else
  (void)isa, (void)native_bf16, (void)measure;
#endif
  return 0;
}

}  // namespace flm::bench
