#include "ops/case.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t M, N, K;
  bool transpose_a = false, transpose_b = false;
  bool accumulate = false;
  bool stat_result = false;  // c is f32 also where a and b are bf16
  bool bias = false, residual = false;
  int64_t gap = 0;  // between rows of every matrix
  double alpha = 1;
  bool wide_b = false;  // b is f32 also where a is bf16
  int64_t bias_at = 0;  // elements in front of the bias
};

std::string name_of_case(const Shape& s) {
  return label("matmul", {{"M", s.M},
                          {"N", s.N},
                          {"K", s.K},
                          {"ta", s.transpose_a},
                          {"tb", s.transpose_b},
                          {"accumulate", s.accumulate},
                          {"stat_c", s.stat_result},
                          {"bias", s.bias},
                          {"residual", s.residual},
                          {"gap", s.gap},
                          {"wide_b", s.wide_b}});
}

In bind_matrix(Buffers& b, const char* name, int64_t rows, int64_t cols, bool transpose, int64_t gap,
               int64_t& stride, Kind kind = Kind::compute) {
  if (transpose) std::swap(rows, cols);
  stride = cols + gap;
  return b.input(name, {rows, cols, stride}, kind, normal());
}

// A backend may round a bias to c's type before it adds it; these numbers are the same in either.
Draw bias_values() {
  return
      [draw = normal()](uint64_t stream, int64_t index) { return rounded(draw(stream, index), DType::bf16); };
}

Case multiply(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case(s),
          .build = [=](Buffers& b) -> Call {
            Matmul a{};
            a.M = s.M, a.N = s.N, a.K = s.K;
            a.transpose_a = s.transpose_a, a.transpose_b = s.transpose_b, a.accumulate = s.accumulate;
            a.alpha = s.alpha;
            a.a = bind_matrix(b, "a", s.M, s.K, s.transpose_a, s.gap, a.lda);
            a.b = bind_matrix(b, "b", s.K, s.N, s.transpose_b, s.gap, a.ldb,
                              s.wide_b ? Kind::stat : Kind::compute);
            a.ldc = s.N + s.gap;
            const Extent result{s.M, s.N, a.ldc};
            const Kind kind = s.stat_result ? Kind::stat : Kind::compute;
            a.c = s.accumulate ? b.in_out("c", result, kind, normal()) : b.output("c", result, kind);
            if (s.bias) a.bias = b.input("bias", {s.bias_at + s.N}, Kind::stat, bias_values()).at(s.bias_at);
            if (s.residual) a.residual = b.input("residual", result, kind, normal());
            return call(&OpTable::matmul, a);
          },
          .purpose = purpose,
          .flops = 2.0 * double(s.M) * double(s.N) * double(s.K),
          // Sums of K products; a result that rounds to bf16 is as far off as bf16 is coarse.
          .tolerance_f32 = 4e-6};
}

// An f32 b under bf16 is multiplied as though it had been rounded before.
Case multiply_wide(Shape s, Purpose purpose = Purpose::test) {
  s.wide_b = true;
  Case made = multiply(s, purpose);
  made.runs = Runs::only_bf16;
  made.cpu_only = true;
  s.wide_b = false;
  made.same_bits = shared(multiply(s));
  made.tolerance_f32 = made.tolerance_bf16;
  return made;
}

}  // namespace

FLM_OP_CASES(matmul) {
  const Shape sizes[] = {{0, 7, 5},    {1, 1, 1},     {1, 129, 64},   {7, 17, 63},
                         {17, 64, 7},  {63, 65, 129}, {65, 1, 17},    {129, 63, 65},
                         {64, 64, 64}, {2, 200, 33},  {130, 97, 515}, {257, 193, 31}};
  for (const Shape& size : sizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        Shape s = size;
        s.transpose_a = ta, s.transpose_b = tb;
        cases.push_back(multiply(s));
        s.gap = 5;
        s.bias = s.residual = true;
        s.alpha = 0.7;
        cases.push_back(multiply(s));
        s.stat_result = true;
        s.residual = false;
        cases.push_back(multiply(s));
        s.bias = false;
        s.accumulate = true;
        cases.push_back(multiply(s));
        s.stat_result = false;
        s.gap = 0;
        cases.push_back(multiply(s));
      }

  // Several lengths of k and blocks of columns; rows that fall on the same cache sets.
  for (const bool ta : {false, true})
    for (const bool accumulate : {false, true}) {
      cases.push_back(multiply({.M = 41, .N = 50, .K = 4100, .transpose_a = ta, .accumulate = accumulate}));
      cases.push_back(multiply({.M = 70, .N = 1600, .K = 35, .transpose_a = ta, .accumulate = accumulate}));
    }
  cases.push_back(multiply({.M = 20, .N = 33, .K = 4096, .transpose_b = true, .bias = true}));
  cases.push_back(multiply({.M = 20, .N = 33, .K = 4096, .residual = true, .alpha = 0.5}));
  cases.push_back(multiply({.M = 128, .N = 64, .K = 64, .transpose_b = true, .bias = true, .bias_at = 1}));

  // Few rows and many columns; rows that lie as tiles want them, and others; several lengths of k.
  for (const bool tb : {false, true})
    for (const int64_t K : {130, 131, 4096, 4100})
      for (const int64_t M : {9, 37}) {
        const Shape s{.M = M, .N = 1601, .K = K, .transpose_b = tb, .bias = true, .residual = true, .gap = 2};
        cases.push_back(multiply(s));
        cases.push_back(multiply({.M = M, .N = 784, .K = K, .transpose_b = tb, .accumulate = true}));
        cases.push_back(multiply_wide({.M = M, .N = 784, .K = K, .transpose_b = tb, .stat_result = true}));
      }

  for (const Shape& size : sizes)
    for (const bool tb : {false, true}) {
      Shape s = size;
      s.transpose_b = tb;
      cases.push_back(multiply_wide(s));
      s.gap = 3;
      s.stat_result = true;
      cases.push_back(multiply_wide(s));
    }
  cases.push_back(multiply_wide({.M = 41, .N = 1600, .K = 4100}));
  cases.push_back(multiply_wide({.M = 41, .N = 1600, .K = 4100, .transpose_b = true, .bias = true}));

  for (const bool tb : {false, true})
    cases.push_back(multiply({.M = 1024, .N = 1024, .K = 1024, .transpose_b = tb}, Purpose::perf));
  cases.push_back(multiply(
      {.M = 1024, .N = 1024, .K = 1024, .transpose_a = true, .accumulate = true, .stat_result = true},
      Purpose::perf));
  cases.push_back(multiply({.M = 1, .N = 4096, .K = 1024, .transpose_b = true}, Purpose::perf));
  for (const bool tb : {false, true})
    cases.push_back(multiply_wide({.M = 1024, .N = 1024, .K = 1024, .transpose_b = tb}, Purpose::perf));
}

}  // namespace flm::test
