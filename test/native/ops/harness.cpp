// The suite of all op cases: every registered case, on every chosen backend, in every precision it has.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sstream>

#include "ops/backends.h"
#include "ops/case.h"
#include "ops/compare.h"
#include "ops/gradient.h"
#include "ops/run_case.h"
#include "test.h"

namespace flm::test {
namespace {

std::vector<CaseMaker>& makers() {
  static std::vector<CaseMaker> all;
  return all;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const CaseMaker maker : makers()) maker(cases);
  return cases;
}

// A backend under test, and what its results are compared with.
struct Bench {
  std::string name;
  Backend backend;
  Backend other_threads;  // where the backend has threads, one thread instead of two
  Backend oracle;
  std::vector<Precision> precisions;
};

Bench make_bench(const std::string& name) {
  const bool is_oracle = name == "oracle";
  return {name, make_test_backend(name, 2), make_test_backend(name, 1), make_test_backend("oracle"),
          is_oracle ? std::vector{kF64} : std::vector{kF32, kBf16}};
}

void test_case(const Case& described, const Bench& bench, Precision precision) {
  const Values given = forward_outputs(described, bench.oracle, precision);
  const auto run_on = [&](const Case& which, const Backend& backend) {
    return run_case(which, backend, precision, precision, given);
  };
  const Records actual = run_on(described, bench.backend);
  compare_known(described, actual);
  if (described.same_bits)
    compare_bits(described, actual, run_on(*described.same_bits, bench.backend),
                 "than " + described.same_bits->name);
  if (precision.compute == DType::f64) {
    if (described.purpose == Purpose::gradient) check_gradients(described, bench.oracle);
    return;
  }
  compare_outputs(described, actual, run_case(described, bench.oracle, kF64, precision, given));
  compare_bits(described, actual, run_on(described, bench.other_threads), "in a second run, on one thread");
}

// Prints the best of several runs: interference only ever adds time.
void time_case(const Case& described, const Bench& bench, Precision precision) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  PreparedCase prepared(described, bench.backend, precision, precision, {});
  prepared.run();
  double best = 1e9;
  const Clock::time_point start = Clock::now();
  for (int runs = 0; runs < 5 || seconds_since(start) < 0.25; ++runs) {
    const Clock::time_point before = Clock::now();
    prepared.run();
    best = std::min(best, seconds_since(before));
  }
  std::printf("%-8s %-5s %-52s %10.3f ms %9.1f GFLOP/s %8.1f GB/s\n", bench.name.c_str(),
              name_of(precision.compute), described.name.c_str(), best * 1e3, described.flops / best * 1e-9,
              prepared.bytes_moved() / best * 1e-9);
}

bool wanted(const Case& described, const Bench& bench, Precision precision, const std::string& mode) {
  const bool is_bf16 = precision.compute == DType::bf16;
  if (described.runs == Runs::not_bf16 && is_bf16) return false;
  if (described.runs == Runs::only_bf16 && !is_bf16) return false;
  if (described.cpu_only && bench.name != "cpu" && bench.name != "oracle") return false;
  if (mode == "grad") return described.purpose == Purpose::gradient && bench.name == "oracle";
  return mode == "list" || (mode == "perf") == (described.purpose == Purpose::perf);
}

void run_all(const Options& options, Totals& totals) {
  std::vector<std::string> names = default_backends();
  if (!options.backend.empty()) names = {options.backend};
  if (options.mode == "grad") names = {"oracle"};  // derivatives are taken in double, whatever is tested
  const std::vector<Case> cases = all_cases();
  for (const std::string& backend_name : names) {
    const Bench bench = make_bench(backend_name);
    for (const Precision precision : bench.precisions)
      for (const Case& described : cases) {
        const std::string name =
            "op " + backend_name + " " + name_of(precision.compute) + " " + described.name;
        if (!wanted(described, bench, precision, options.mode) || !options.selects(name)) continue;
        if (options.mode == "list") {
          std::printf("%s\n", name.c_str());
          continue;
        }
        run_test(name, totals, [&] {
          if (options.mode == "perf") return time_case(described, bench, precision);
          if (options.mode == "grad") return check_gradients(described, bench.oracle);
          test_case(described, bench, precision);
        });
      }
  }
}

[[maybe_unused]] const bool added = add_suite(run_all);

}  // namespace

std::string label(const std::string& op, std::initializer_list<std::pair<const char*, double>> sizes) {
  std::ostringstream text;
  text << op;
  for (const auto& [name, size] : sizes) text << ' ' << name << '=' << size;
  return text.str();
}

bool add_cases(CaseMaker maker) {
  makers().push_back(maker);
  return true;
}

}  // namespace flm::test
