// Products whose b is int8 with a scale for each block of K.
#include "ops/case.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t M, N, K;
  bool accumulate = false, bias = false, residual = false;
  bool stat_result = false;  // c is f32 also where a is bf16
  int64_t gap = 0;           // between rows of a, b and c
  double alpha = 1;
};

Case multiply(Shape s, Purpose purpose = Purpose::test) {
  // Many rows of bf16 are multiplied with b rounded to bf16, which a result in f32 shows.
  const bool exact = s.M <= 8;
  return {.name = label("matmul_int8", {{"M", s.M},
                                        {"N", s.N},
                                        {"K", s.K},
                                        {"accumulate", s.accumulate},
                                        {"stat_c", s.stat_result},
                                        {"bias", s.bias},
                                        {"residual", s.residual},
                                        {"gap", s.gap}}),
          .build = [=](Buffers& b) -> Call {
            Matmul a{};
            a.M = s.M, a.N = s.N, a.K = s.K;
            a.lda = a.ldb = s.K + s.gap, a.ldc = s.N + s.gap;
            a.transpose_b = true, a.accumulate = s.accumulate;
            a.alpha = s.alpha;
            a.a = b.input("a", {s.M, s.K, a.lda}, Kind::compute, normal());
            a.b = b.input("b", {s.N, s.K, a.ldb}, Kind::i8, uniform(-128, 128));
            a.b_scales = b.input("b_scales", {s.N, scale_blocks(s.K)}, Kind::stat, uniform(0.001, 0.02));
            const Extent result{s.M, s.N, a.ldc};
            const Kind kind = s.stat_result ? Kind::stat : Kind::compute;
            a.c = s.accumulate ? b.in_out("c", result, kind, normal()) : b.output("c", result, kind);
            if (s.bias) a.bias = b.input("bias", {s.N}, Kind::stat, normal());
            if (s.residual) a.residual = b.input("residual", result, kind, normal());
            return call(&OpTable::matmul, a);
          },
          .purpose = purpose,
          .flops = 2.0 * double(s.M) * double(s.N) * double(s.K),
          .runs = s.stat_result && !exact ? Runs::not_bf16 : Runs::always,
          .cpu_only = true,
          // Few rows of a are rounded to 16 bits: off by 3e-5 of a typical value, and a few results may
          // cancel.
          .tolerance_f32 = 1e-4};
}

}  // namespace

FLM_OP_CASES(matmul_int8) {
  // Every number of rows that are multiplied together; blocks that are whole, ragged and single.
  for (int64_t rows = 1; rows <= 9; ++rows)
    for (const int64_t K : {1, 63, 64, 200}) {
      cases.push_back(multiply({.M = rows, .N = 67, .K = K}));
      cases.push_back(
          multiply({.M = rows, .N = 3, .K = K, .bias = true, .residual = true, .gap = 5, .alpha = 0.7}));
      cases.push_back(multiply({.M = rows, .N = 130, .K = K, .accumulate = true, .stat_result = true}));
    }
  cases.push_back(multiply({.M = 0, .N = 7, .K = 5}));
  // Several panels, lengths of K that end within a block, and rows that fall on the same cache sets.
  cases.push_back(multiply({.M = 70, .N = 161, .K = 129, .bias = true, .gap = 5}));
  cases.push_back(multiply({.M = 41, .N = 1600, .K = 33, .residual = true}));
  cases.push_back(multiply({.M = 20, .N = 50, .K = 4100, .accumulate = true, .alpha = 0.5}));
  cases.push_back(multiply({.M = 20, .N = 33, .K = 4096, .bias = true}));

  for (const int64_t rows : {1, 8, 256})
    cases.push_back(multiply({.M = rows, .N = 8192, .K = 4096}, Purpose::perf));
}

}  // namespace flm::test
