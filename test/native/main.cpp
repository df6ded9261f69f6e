// [--mode test|grad|perf|list] [--backend NAME] [--shard I/N] [name filter]
// Runs every registered test and suite, or those tests whose name contains the filter. Processes with --shard
// 1/2 and --shard 2/2 run half of them each. The last line is exactly "N passed, N failed"; the exit code is
// 1 when a test failed or none matched.
#include <cstdio>
#include <exception>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/philox.h"
#include "test.h"

namespace flm::test {
namespace {

// A wrong loop over a large tensor should not bury the first, telling failures.
constexpr int kMaxPrintedFailures = 8;

struct Test {
  const char* name;
  TestFunction function;
};

// A function-local static: tests register from static initialisers, whose order across files is undefined.
std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

std::mutex failure_mutex;
int failures_of_current_test = 0;

std::vector<Suite>& suites() {
  static std::vector<Suite> all;
  return all;
}

constexpr int kUsageError = 64;

void set_shard(Options& options, const char* text) {
  char rest = 0;
  const bool parsed = std::sscanf(text, "%d/%d%c", &options.shard, &options.shards, &rest) == 2;
  FLM_CHECK(parsed && 1 <= options.shard && options.shard <= options.shards, ErrorCode::invalid_argument,
            "--shard ", text, " is not a part such as 1/2");
}

// Throws Error(invalid_argument) for what it does not know.
Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool is_mode = argument == "--mode", is_backend = argument == "--backend";
    if (is_mode || is_backend || argument == "--shard") {
      FLM_CHECK(i + 1 < argc, ErrorCode::invalid_argument, argument, " needs a value");
      const char* value = argv[++i];
      if (is_mode)
        options.mode = value;
      else if (is_backend)
        options.backend = value;
      else
        set_shard(options, value);
    } else {
      FLM_CHECK(!argument.starts_with("--"), ErrorCode::invalid_argument, argument,
                " is unknown; known are --mode, --backend and --shard");
      options.filter = argument;
    }
  }
  for (const char* mode : {"test", "grad", "perf", "list"})
    if (options.mode == mode) return options;
  fail(ErrorCode::invalid_argument, "--mode ", options.mode, " is not test, grad, perf or list");
}

void run_registered_tests(const Options& options, Totals& totals) {
  for (const Test& test : tests()) {
    if (!options.selects(test.name)) continue;
    if (options.mode == "list") std::printf("%s\n", test.name);
    if (options.mode == "test") run_test(test.name, totals, test.function);
  }
}

}  // namespace

bool Options::selects(const std::string& name) const {
  return name.find(filter) != std::string::npos &&
         philox_stream(name) % uint64_t(shards) == uint64_t(shard - 1);
}

bool add_test(const char* name, TestFunction function) {
  tests().push_back({name, function});
  return true;
}

bool add_suite(Suite suite) {
  suites().push_back(suite);
  return true;
}

void run_test(const std::string& name, Totals& totals, const std::function<void()>& body) {
  failures_of_current_test = 0;
  try {
    body();
  } catch (const std::exception& error) {
    report_failure(name.c_str(), 0, std::string("uncaught exception: ") + error.what());
  } catch (...) {
    report_failure(name.c_str(), 0, "uncaught exception of unknown type");
  }
  if (failures_of_current_test > 0)
    std::printf("FAILED %s (%d failures)\n", name.c_str(), failures_of_current_test);
  ++(failures_of_current_test > 0 ? totals.failed : totals.passed);
}

void report_failure(const char* file, int line, const std::string& message) {
  const std::lock_guard lock(failure_mutex);
  if (failures_of_current_test++ >= kMaxPrintedFailures) return;
  std::printf("%s:%d: %s\n", file, line, message.c_str());
  std::fflush(stdout);
}

}  // namespace flm::test

int main(int argc, char** argv) {
  flm::test::Options options;
  flm::test::Totals totals;
  try {
    options = flm::test::parse(argc, argv);
    flm::test::run_registered_tests(options, totals);
    for (const auto suite : flm::test::suites()) suite(options, totals);
  } catch (const flm::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return flm::test::kUsageError;
  }
  const bool none = totals.passed + totals.failed == 0 && options.mode != "list";
  if (none) std::printf("no test name contains \"%s\"\n", options.filter.c_str());
  std::printf("%d passed, %d failed\n", totals.passed, totals.failed);
  return totals.failed > 0 || none ? 1 : 0;
}
