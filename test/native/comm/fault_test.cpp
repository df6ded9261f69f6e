// Who hears of a fault.
#include "comm/fault.h"

#include "comm/expect_error.h"

namespace flm::test {
namespace {

FLM_TEST(fault_wakes_those_that_watch_it) {
  Fault fault;
  int first = 0, second = 0;
  const FaultWatch one(fault, [&] { ++first; });
  {
    const FaultWatch gone(fault, [&] { ++second; });
  }
  fault.raise(ErrorCode::comm_timeout, "rank 3 is late");
  fault.raise(ErrorCode::io, "and something else");
  CHECK_EQ(first, 1);
  CHECK_EQ(second, 0);
  check_text(error_of([&] { fault.check(); }), ErrorCode::comm_timeout, {"rank 3 is late"});
}

}  // namespace
}  // namespace flm::test
