#include <cmath>

#include "ops/case.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t T, H, G, D;
  std::vector<int32_t> lengths;  // one a sequence
  int64_t q_stride = 0;          // 0: without gaps
};

Case decode(Shape s, Purpose purpose = Purpose::test) {
  const int64_t B = int64_t(s.lengths.size());
  double pairs = 0;
  for (const int32_t length : s.lengths) pairs += double(length) * double(s.H);
  return {.name = label("attention_decode",
                        {{"B", B}, {"T", s.T}, {"H", s.H}, {"G", s.G}, {"D", s.D}, {"q_stride", s.q_stride}}),
          .build =
              [=](Buffers& b) {
                AttentionDecode a{};
                a.q_stride = s.q_stride ? s.q_stride : s.H * s.D;
                a.o = b.output("o", {B, s.H * s.D}, Kind::compute);
                a.q = b.input("q", {B, s.H * s.D, a.q_stride}, Kind::compute, normal());
                a.k_cache = b.input("k_cache", {B * s.T, s.G * s.D}, Kind::compute, normal());
                a.v_cache = b.input("v_cache", {B * s.T, s.G * s.D}, Kind::compute, normal());
                a.lengths = b.indices("lengths", s.lengths);
                a.B = B, a.T = s.T, a.H = s.H, a.G = s.G, a.D = s.D;
                a.scale = 1 / std::sqrt(double(s.D));
                return call(&OpTable::attention_decode, a);
              },
          .purpose = purpose,
          .flops = 4 * pairs * double(s.D),
          .tolerance_f32 = 4e-6,
          .tolerance_bf16 = 8e-3};
}

}  // namespace

FLM_OP_CASES(attention_decode) {
  cases.push_back(decode({8, 2, 2, 8, {}}));
  cases.push_back(decode({1, 1, 1, 2, {1}}));
  cases.push_back(decode({9, 4, 2, 64, {1, 7, 9}}));
  cases.push_back(decode({65, 6, 2, 34, {64, 65, 17, 1}, 6 * 34 + 11}));
  cases.push_back(decode({129, 8, 1, 128, {129, 63}}));
  cases.push_back(decode({1030, 3, 3, 16, {1029}}));
  cases.push_back(decode({2048, 16, 4, 64, {2048, 2048}}, Purpose::perf));
}

}  // namespace flm::test
