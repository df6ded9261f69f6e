#include "step_trace.h"

#include <cstdio>

namespace flm::bench {
namespace {

// An op is a plain function, so what its wrapper needs is here.
StepTrace* current = nullptr;
void (*untraced)(Context&, const Matmul&) = nullptr;

// "M x N x K", and which of a and b are transposed.
std::string shape_of(const Matmul& args) {
  return std::to_string(args.M) + " x " + std::to_string(args.N) + " x " + std::to_string(args.K) + " " +
         (args.transpose_a ? "t" : "n") + (args.transpose_b ? "t" : "n");
}

double flops_of(const std::string& shape) {
  long long M = 0, N = 0, K = 0;
  std::sscanf(shape.c_str(), "%lld x %lld x %lld", &M, &N, &K);
  return 2.0 * double(M) * double(N) * double(K);
}

}  // namespace

StepTrace::StepTrace(Backend& backend) : table_(*backend.ops) {
  current = this;
  untraced = table_.matmul.run;
  table_.matmul.run = multiply;
  backend.ops = &table_;
}

StepTrace::~StepTrace() { current = nullptr; }

void StepTrace::multiply(Context& context, const Matmul& args) {
  const std::string shape = context.trace ? shape_of(args) : "";
  const TraceScope scope(context.trace ? &current->products_ : nullptr, shape.c_str(), *context.device,
                         context.stream);
  untraced(context, args);
}

void StepTrace::clear() {
  ops_.clear();
  products_.clear();
}

std::string StepTrace::description(int64_t steps) const {
  std::string text;
  const auto add = [&](const std::string& name, const Trace::Row& row, double flops) {
    const double ms = 1e3 * row.seconds / double(steps);
    char rates[160];
    std::snprintf(rates, sizeof rates, "\"calls\":%.10g,\"ms\":%.4f", double(row.calls) / double(steps), ms);
    text += (text.ends_with("[") ? "{\"name\":\"" : ",{\"name\":\"") + name + "\"," + rates;
    if (flops > 0) text += ",\"gflops\":" + std::to_string(flops * double(row.calls) / row.seconds * 1e-9);
    text += "}";
  };
  text += "\"ops\":[";
  for (const auto& [name, row] : ops_.rows()) add(name, row, 0);
  text += "],\"products\":[";
  for (const auto& [shape, row] : products_.rows()) add(shape, row, flops_of(shape));
  return text + "]";
}

}  // namespace flm::bench
