#include <limits>

#include "ops/case.h"

namespace flm::test {
namespace {

Case sum_of_squares(std::vector<int64_t> sizes, double deviation, Purpose purpose = Purpose::test) {
  std::string name = "norm_squared sizes";
  for (const int64_t size : sizes) name += " " + std::to_string(size);
  return {.name = label(name, {{"deviation", deviation}}),
          .build =
              [=](Buffers& b) {
                std::vector<In> tensors;
                for (size_t t = 0; t < sizes.size(); ++t)
                  tensors.push_back(
                      b.input("grad" + std::to_string(t), {sizes[t]}, Kind::stat, normal(deviation)));
                NormSquared a{};
                a.total = b.output("total", {1}, Kind::always_f64);
                a.tensors = b.keep(tensors);
                a.sizes = b.keep(sizes);
                a.count = int64_t(sizes.size());
                return call(&OpTable::norm_squared, a);
              },
          .purpose = purpose};
}

Case clip(double norm_squared, double max_norm, std::vector<double> control) {
  return {.name = label("clip", {{"norm_squared", norm_squared}, {"max_norm", max_norm}}),
          .build =
              [=](Buffers& b) {
                Clip a{};
                a.control = b.output("control", {2}, Kind::stat);
                a.norm_squared = b.input("norm_squared", {1}, Kind::always_f64, constant(norm_squared));
                a.max_norm = max_norm;
                return call(&OpTable::clip, a);
              },
          .known = {{"control", std::move(control), 1e-9, 1e-6}}};
}

}  // namespace

FLM_OP_CASES(clip) {
  for (const double deviation : {1.0, 1e-30, 1e25}) {  // the squares of the last two leave the range of f32
    cases.push_back(sum_of_squares({}, deviation));
    cases.push_back(sum_of_squares({0}, deviation));
    cases.push_back(sum_of_squares({1}, deviation));
    cases.push_back(sum_of_squares({7, 0, 63, 64, 65, 129, 40001}, deviation));
  }
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  cases.push_back(clip(0, 1, {1, 1}));
  cases.push_back(clip(0.25, 1, {1, 1}));
  cases.push_back(clip(16, 1, {1 / (4 + 1e-6), 1}));
  cases.push_back(clip(16, 0, {1, 1}));
  cases.push_back(clip(1e60, 1, {1e-30, 1}));
  cases.push_back(clip(infinity, 1, {0, 0}));
  cases.push_back(clip(infinity, 0, {0, 0}));
  cases.push_back(clip(nan, 1, {0, 0}));

  cases.push_back(sum_of_squares({1 << 22, 1 << 20}, 1, Purpose::perf));
}

}  // namespace flm::test
