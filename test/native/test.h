#pragma once
// A small test registry. A failed CHECK is recorded and the test goes on, so it is safe in any thread.
#include <cmath>
#include <functional>
#include <sstream>
#include <string>

#include "core/error.h"

namespace flm::test {

using TestFunction = void (*)();

// A sanitizer looks for wrong accesses on every path, at ten times the cost; the plain run proves the values.
// So under it a test may leave out what repeats the same path: steps, and elements of a gradient.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Registers a test; called by FLM_TEST before main() starts.
bool add_test(const char* name, TestFunction function);

// What the command line asks for: [--mode test|grad|perf|list] [--backend NAME] [--shard I/N] [name filter]
struct Options {
  std::string mode = "test";
  std::string backend;  // empty: all that need no device
  std::string filter;
  int shard = 1, shards = 1;  // this process is number `shard` of those that share the tests
  bool selects(const std::string& name) const;
};

struct Totals {
  int passed = 0, failed = 0;
};

// Runs one test now and counts it.
void run_test(const std::string& name, Totals& totals, const std::function<void()>& body);

// Registers tests that are made at run time, e.g. the cases of the ops. A suite heeds the options, passes its
// tests to run_test, and is called in every mode (FLM_TEST tests run in mode test alone).
using Suite = void (*)(const Options&, Totals&);
bool add_suite(Suite suite);

// Records one failure of the running test and prints it as "file:line: message".
void report_failure(const char* file, int line, const std::string& message);

// Values that have no operator<< still get a readable message.
template <class Value>
std::string show(const Value& value) {
  std::ostringstream text;
  if constexpr (requires { text << value; }) {
    text.precision(9);
    text << std::boolalpha << value;
  } else {
    text << "(value without operator<<)";
  }
  return text.str();
}

template <class Actual, class Expected>
void check_equal(const Actual& actual, const Expected& expected, const char* expression, const char* file,
                 int line) {
  if (actual == expected) return;
  report_failure(file, line,
                 std::string(expression) + ": got " + show(actual) + ", expected " + show(expected));
}

template <class Function>
void check_throws(Function&& function, ErrorCode code, const char* expression, const char* file, int line) {
  try {
    function();
  } catch (const Error& error) {
    if (error.code() == code) return;
    report_failure(file, line,
                   std::string(expression) + ": threw " + code_name(error.code()) + " (" + error.what() +
                       "), expected " + code_name(code));
    return;
  }
  report_failure(file, line, std::string(expression) + ": did not throw " + code_name(code));
}

}  // namespace flm::test

#define FLM_TEST(name)                                                                                      \
  static void flm_test_##name();                                                                            \
  [[maybe_unused]] static const bool flm_test_added_##name = ::flm::test::add_test(#name, flm_test_##name); \
  static void flm_test_##name()

#define CHECK(condition)                                                                               \
  do {                                                                                                 \
    if (!(condition)) ::flm::test::report_failure(__FILE__, __LINE__, "CHECK(" #condition ") failed"); \
  } while (0)

#define CHECK_EQ(actual, expected) \
  ::flm::test::check_equal((actual), (expected), #actual " == " #expected, __FILE__, __LINE__)

// Written so that a NaN on either side fails.
#define CHECK_NEAR(actual, expected, tolerance)                                                      \
  do {                                                                                               \
    const double flm_actual = (actual), flm_expected = (expected), flm_tolerance = (tolerance);      \
    if (!(std::abs(flm_actual - flm_expected) <= flm_tolerance))                                     \
      ::flm::test::report_failure(__FILE__, __LINE__,                                                \
                                  #actual ": got " + ::flm::test::show(flm_actual) + ", expected " + \
                                      ::flm::test::show(flm_expected) + " within " +                 \
                                      ::flm::test::show(flm_tolerance));                             \
  } while (0)

#define CHECK_THROWS(expression, code) \
  ::flm::test::check_throws([&] { static_cast<void>(expression); }, (code), #expression, __FILE__, __LINE__)
