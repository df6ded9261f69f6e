#pragma once
// One description of a case; the harness tests it, checks its gradients, times it or lists it.
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ops/buffers.h"

namespace flm::test {

// What to run once the tensors are there: one op, or a few in a row.
using Call = std::function<void(Context&, const OpTable&)>;

template <class Args>
Call call(Op<Args> OpTable::* op, const Args& args) {
  return [=](Context& context, const OpTable& ops) { (ops.*op)(context, args); };
}

enum class Purpose {
  test,      // small: compared with the oracle
  gradient,  // small, and its derivatives are checked too: needs `forward`
  perf,      // large: only timed
};

// In which precisions a case makes sense.
enum class Runs { always, not_bf16, only_bf16 };

// Numbers known from elsewhere, printed to a limited number of digits.
struct Known {
  std::string tensor;
  std::vector<double> values;                         // NaN where none is known
  double tolerance_f64 = 1e-9, tolerance_f32 = 2e-5;  // absolute
};

struct Case {
  std::string name;  // begins with the op's name
  // Makes the tensors and binds them to arguments. By convention the gradient of tensor t is called dt, and a
  // backward case calls its tensors as its forward case does.
  std::function<Call(Buffers&)> build;
  Purpose purpose = Purpose::test;
  double flops = 0;
  // What runs before this case, in the oracle. Its outputs are the inputs of the same name here.
  std::shared_ptr<Case> forward = nullptr;
  // Another case, whose outputs must have the same bits.
  std::shared_ptr<Case> same_bits = nullptr;
  std::vector<Known> known = {};
  Runs runs = Runs::always;
  bool cpu_only = false;  // no other backend but the oracle computes it
  // Relative to the norm of the expected tensor; by the type of the tensor that is compared.
  double tolerance_f32 = 2e-6, tolerance_bf16 = 4e-3;
};

inline std::shared_ptr<Case> shared(Case made) { return std::make_shared<Case>(std::move(made)); }

// label("gelu_fwd", {{"N", 7}, {"F", 64}}) is "gelu_fwd N=7 F=64".
std::string label(const std::string& op, std::initializer_list<std::pair<const char*, double>> sizes);

using CaseMaker = void (*)(std::vector<Case>&);
// Called before main() starts.
bool add_cases(CaseMaker maker);

}  // namespace flm::test

// FLM_OP_CASES(gelu) { cases.push_back(...); }
#define FLM_OP_CASES(stem)                                                                              \
  static void flm_cases_##stem(std::vector<::flm::test::Case>& cases);                                  \
  [[maybe_unused]] static const bool flm_cases_added_##stem = ::flm::test::add_cases(flm_cases_##stem); \
  static void flm_cases_##stem(std::vector<::flm::test::Case>& cases)
