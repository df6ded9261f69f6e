#include <cmath>

#include "ops/case.h"

namespace flm::test {
namespace {

struct Options {
  std::vector<int64_t> sizes;
  Kind moments = Kind::stat;
  bool working = true;
  bool skip = false;
};

Case step(Options o, Purpose purpose = Purpose::test) {
  std::string name = "adamw sizes";
  for (const int64_t size : o.sizes) name += " " + std::to_string(size);
  return {.name = label(
              name, {{"stat_moments", o.moments == Kind::stat}, {"working", o.working}, {"skip", o.skip}}),
          .build =
              [=](Buffers& b) {
                std::vector<AdamwTensor> tensors;
                for (size_t t = 0; t < o.sizes.size(); ++t) {
                  const Extent extent{o.sizes[t]};
                  const std::string n = std::to_string(t);
                  AdamwTensor tensor{};
                  tensor.master = b.in_out("master" + n, extent, Kind::stat, normal());
                  tensor.exp_avg = b.in_out("exp_avg" + n, extent, o.moments, normal(0.1));
                  tensor.exp_avg_sq = b.in_out("exp_avg_sq" + n, extent, o.moments, uniform(0.001, 0.1));
                  // Not '=' here: a skipped step leaves it alone.
                  if (o.working) tensor.working = b.in_out("working" + n, extent, Kind::compute, normal());
                  tensor.grad = b.input("grad" + n, extent, Kind::stat, normal());
                  tensor.size = o.sizes[t];
                  // Large, so that a wrong update stands out against the old value.
                  tensor.lr = 0.3 / double(t + 1);
                  tensor.weight_decay = t % 2 ? 0.1 : 0;
                  tensor.bias_correction1 = 0.19, tensor.bias_correction2 = 0.0975;
                  tensors.push_back(tensor);
                }
                Adamw a{};
                a.tensors = b.keep(tensors);
                a.count = int64_t(tensors.size());
                a.control = b.input("control", {2}, Kind::stat, values({0.5, o.skip ? 0.0 : 1.0}));
                a.beta1 = 0.9, a.beta2 = 0.95, a.eps = 1e-8;
                return call(&OpTable::adamw, a);
              },
          .purpose = purpose};
}

// An old weight and a new one at step 101, and a weight of a new layer at its step 1. Spec "FLM",
// section 7.3.
Case known_case() {
  return {.name = "adamw known",
          .build =
              [](Buffers& b) {
                AdamwTensor carried{}, restarted{};
                carried.master = b.in_out("carried", {2}, Kind::stat, values({0.5, 0.02}));
                carried.exp_avg = b.in_out("exp_avg0", {2}, Kind::stat, values({0.02, 0}));
                carried.exp_avg_sq = b.in_out("exp_avg_sq0", {2}, Kind::stat, values({4e-4, 0}));
                carried.size = 2;
                carried.bias_correction1 = 1 - std::pow(0.9, 101),
                carried.bias_correction2 = 1 - std::pow(0.95, 101);
                restarted.master = b.in_out("restarted", {1}, Kind::stat, constant(0.02));
                restarted.exp_avg = b.in_out("exp_avg1", {1}, Kind::stat, constant(0));
                restarted.exp_avg_sq = b.in_out("exp_avg_sq1", {1}, Kind::stat, constant(0));
                restarted.size = 1;
                restarted.bias_correction1 = 1 - 0.9, restarted.bias_correction2 = 1 - 0.95;
                carried.grad = restarted.grad = b.input("grad", {2}, Kind::stat, constant(0.03));
                carried.lr = restarted.lr = 1e-3;
                carried.weight_decay = restarted.weight_decay = 0.1;
                Adamw a{};
                a.tensors = b.keep(std::vector{carried, restarted});
                a.count = 2;
                a.control = b.input("control", {2}, Kind::stat, constant(1));
                a.beta1 = 0.9, a.beta2 = 0.95, a.eps = 1e-8;
                return call(&OpTable::adamw, a);
              },
          // The updates are near 1e-3.
          .known = {{"carried", {0.49893419532, 0.01955203586}, 1e-11, 1e-7},
                    {"restarted", {0.01899800033}, 1e-11, 1e-8}}};
}

}  // namespace

FLM_OP_CASES(adamw) {
  const std::vector<int64_t> lists[] = {{}, {0}, {1}, {7, 63, 0, 64, 65, 129}, {40001, 3}};
  for (const auto& sizes : lists)
    for (const Kind moments : {Kind::stat, Kind::compute})
      for (const bool working : {false, true})
        for (const bool skip : {false, true}) cases.push_back(step({sizes, moments, working, skip}));
  cases.push_back(known_case());
  cases.push_back(step({{1 << 22}}, Purpose::perf));
}

}  // namespace flm::test
