#include "ops/case.h"

namespace flm::test {
namespace {

Case cast(int64_t n, Kind from, Kind to, Purpose purpose = Purpose::test) {
  return {.name = label(from == to              ? "cast compute to compute"
                        : from == Kind::compute ? "cast compute to stat"
                                                : "cast stat to compute",
                        {{"n", n}}),
          .build =
              [=](Buffers& b) {
                Cast a{};
                a.y = b.output("y", {n}, to);
                a.x = b.input("x", {n}, from, normal(10));
                a.n = n;
                return call(&OpTable::cast, a);
              },
          .purpose = purpose,
          .tolerance_f32 = 0,
          // Rounding to nearest has an error of about 0.002 in the mean, truncation twice that.
          .tolerance_bf16 = 3e-3};
}

// Halfway between two bf16 numbers the even one is taken.
Case ties() {
  const Draw draw = values({1 + 0x1p-8, 1 + 3 * 0x1p-8, -1 - 0x1p-8, 1 + 0x1p-8 + 0x1p-20, 0x1p-130});
  return {.name = "cast ties to even",
          .build =
              [=](Buffers& b) {
                Cast a{};
                a.y = b.output("y", {5}, Kind::compute);
                a.x = b.input("x", {5}, Kind::stat, draw);
                a.n = 5;
                return call(&OpTable::cast, a);
              },
          .known = {{"y", {1, 1 + 0x1p-6, -1, 1 + 0x1p-7, 0x1p-130}, 0, 0}},
          .runs = Runs::only_bf16};
}

}  // namespace

FLM_OP_CASES(cast) {
  for (const int64_t n : {0, 1, 7, 63, 64, 65, 129, 40001}) {
    cases.push_back(cast(n, Kind::stat, Kind::compute));
    cases.push_back(cast(n, Kind::compute, Kind::stat));
    cases.push_back(cast(n, Kind::compute, Kind::compute));
  }
  cases.push_back(ties());
  cases.push_back(cast(1 << 22, Kind::stat, Kind::compute, Purpose::perf));
}

}  // namespace flm::test
