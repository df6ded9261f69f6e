#include "ops/case.h"

namespace flm::test {
namespace {

// y = 0 + bias: the product of two zero matrices, so that bias_bwd has a forward.
Case fwd(int64_t N, int64_t C) {
  return {.name = "matmul of zeros with bias", .build = [=](Buffers& b) {
            Matmul a{};
            a.c = b.output("y", {N, C}, Kind::compute);
            a.a = b.input("left", {N, 1}, Kind::compute, constant(0));
            a.b = b.input("right", {1, C}, Kind::compute, constant(0));
            a.bias = b.input("bias", {C}, Kind::stat, normal());
            a.M = N, a.N = C, a.K = 1, a.lda = 1, a.ldb = C, a.ldc = C;
            return call(&OpTable::matmul, a);
          }};
}

Case bwd(int64_t N, int64_t C, int64_t ldy, Purpose purpose = Purpose::test) {
  return {.name = label("bias_bwd", {{"N", N}, {"C", C}, {"ldy", ldy}}),
          .build =
              [=](Buffers& b) {
                BiasBwd a{};
                a.dbias = b.in_out("dbias", {C}, Kind::stat, normal());
                a.dy = b.input("dy", {N, C, ldy}, Kind::compute, normal());
                a.N = N, a.C = C, a.ldy = ldy;
                return call(&OpTable::bias_bwd, a);
              },
          .purpose = purpose,
          .forward = purpose == Purpose::gradient ? shared(fwd(N, C)) : nullptr};
}

}  // namespace

FLM_OP_CASES(bias) {
  for (const int64_t N : {0, 1, 7, 17, 65, 1029})
    for (const int64_t C : {1, 7, 63, 64, 65, 129}) {
      cases.push_back(bwd(N, C, C));
      cases.push_back(bwd(N, C, C + 5));
    }
  cases.push_back(bwd(5, 7, 7, Purpose::gradient));
  cases.push_back(bwd(4096, 1024, 1024, Purpose::perf));
}

}  // namespace flm::test
