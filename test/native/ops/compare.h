#pragma once
#include "ops/case.h"

namespace flm::test {

// Fails the running test unless both the error's norm and each element's error are small: the norm of the
// error is at most `tolerance` times the norm of `expected`; no element is off by more than 8 times
// `tolerance` of its own size or of the typical size, whichever is larger.
void compare(const std::string& where, const std::vector<double>& actual, const std::vector<double>& expected,
             double tolerance);

// Compares every output of a case with the oracle's.
void compare_outputs(const Case& described, const Records& actual, const Records& expected);

// Fails where an output that both runs have differs in any bit; `what` says what the runs differ in.
void compare_bits(const Case& described, const Records& one, const Records& other, const std::string& what);

// Compares with the case's known numbers.
void compare_known(const Case& described, const Records& actual);

}  // namespace flm::test
