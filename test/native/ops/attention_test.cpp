#include <algorithm>
#include <cmath>

#include "ops/case.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t H, G, D;
  std::vector<int32_t> starts;  // of the segments, and N
  int64_t gap = 0;              // between one token's q, k, v and the next token's
  int64_t N() const { return starts.back(); }
  int64_t width() const { return (H + 2 * G) * D; }
  int64_t segments() const { return int64_t(starts.size()) - 1; }
  int64_t longest() const {
    int32_t most = 0;
    for (size_t i = 1; i < starts.size(); ++i) most = std::max(most, starts[i] - starts[i - 1]);
    return most;
  }
  // Pairs of a query and a key that it sees.
  double pairs() const {
    double sum = 0;
    for (size_t i = 1; i < starts.size(); ++i) {
      const double length = starts[i] - starts[i - 1];
      sum += length * (length + 1) / 2;
    }
    return sum * double(H);
  }
};

std::string name_of_case(const char* op, const Shape& s) {
  return label(op, {{"N", s.N()},
                    {"H", s.H},
                    {"G", s.G},
                    {"D", s.D},
                    {"segments", s.segments()},
                    {"longest", s.longest()},
                    {"gap", s.gap}});
}

// Everything but the outputs and what only one direction has: q, k and v are parts of one packed tensor.
template <class Args>
void bind_common(Buffers& b, const Shape& s, Args& a) {
  a.qkv_stride = s.width() + s.gap;
  a.q = b.input("qkv", {s.N(), s.width(), a.qkv_stride}, Kind::compute, normal());
  a.k = a.q.at(s.H * s.D);
  a.v = a.k.at(s.G * s.D);
  a.segment_starts = b.indices("segment_starts", s.starts);
  a.num_segments = s.segments(), a.max_segment = s.longest();
  a.N = s.N(), a.H = s.H, a.G = s.G, a.D = s.D;
  a.scale = 1 / std::sqrt(double(s.D));
}

Case fwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case("attention_fwd", s),
          .build =
              [=](Buffers& b) {
                AttentionFwd a{};
                bind_common(b, s, a);
                a.o = b.output("o", {s.N(), s.H * s.D}, Kind::compute);
                a.lse = b.output("lse", {s.H, s.N()}, Kind::stat);
                return call(&OpTable::attention_fwd, a);
              },
          .purpose = purpose,
          .flops = 4 * s.pairs() * double(s.D),
          .tolerance_f32 = 4e-6,
          .tolerance_bf16 = 8e-3};
}

Case bwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case("attention_bwd", s),
          .build =
              [=](Buffers& b) {
                AttentionBwd a{};
                bind_common(b, s, a);
                a.dq = b.output("dqkv", {s.N(), s.width(), a.qkv_stride}, Kind::compute);
                a.dk = a.dq.at(s.H * s.D);
                a.dv = a.dk.at(s.G * s.D);
                a.dout = b.input("do", {s.N(), s.H * s.D}, Kind::compute, normal());
                a.o = b.input("o", {s.N(), s.H * s.D}, Kind::compute, normal());
                a.lse = b.input("lse", {s.H, s.N()}, Kind::stat, constant(9));
                return call(&OpTable::attention_bwd, a);
              },
          .purpose = purpose,
          .flops = 10 * s.pairs() * double(s.D),
          .forward = shared(fwd(s)),
          .tolerance_f32 = 1e-5,
          .tolerance_bf16 = 1e-2};
}

}  // namespace

FLM_OP_CASES(attention) {
  const Shape shapes[] = {{1, 1, 8, {0}},
                          {1, 1, 2, {0, 1}},
                          {2, 1, 16, {0, 7}},
                          {4, 2, 64, {0, 65}, 5},
                          {3, 3, 10, {0, 63}},
                          {6, 2, 34, {0, 17, 18, 81, 129}, 3},
                          {8, 2, 128, {0, 64, 128}},
                          {4, 1, 96, {0, 1, 2, 3, 193}},
                          {2, 2, 64, {0, 257}},
                          // Around the ends of the CPU's tiles, of 192 keys and of 384 queries.
                          {2, 1, 64, {0, 192, 385, 579}},
                          {2, 2, 32, {0, 384, 769}}};
  for (const Shape& s : shapes) {
    cases.push_back(fwd(s));
    cases.push_back(bwd(s));
  }
  cases.push_back(bwd({4, 2, 6, {0, 3, 8}, 2}, Purpose::gradient));

  for (const int64_t G : {8, 2}) {
    cases.push_back(fwd({8, G, 64, {0, 1024}}, Purpose::perf));
    cases.push_back(bwd({8, G, 64, {0, 1024}}, Purpose::perf));
  }
}

}  // namespace flm::test
