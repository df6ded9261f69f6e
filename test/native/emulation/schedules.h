#pragma once
// Runs `once` (which returns the bytes of all outputs) under several orders of threads and landing times of
// asynchronous copies: a right kernel gives equal bits under each.
#include <string>

#include "src/launch.h"
#include "test.h"

namespace flm::test {

template <class F>
void under_every_schedule(const std::string& name, F once) {
  using emu::AsyncCopy, emu::Order;
  const emu::Options saved = emu::options();
  std::string first;
  const struct {
    Order order;
    AsyncCopy copy;
    uint32_t seed;
  } schedules[] = {{Order::kForward, AsyncCopy::kLate, 1},
                   {Order::kReverse, AsyncCopy::kLate, 1},
                   {Order::kRandom, AsyncCopy::kLate, 1},
                   {Order::kRandom, AsyncCopy::kEarly, 2},
                   {Order::kReverse, AsyncCopy::kEarly, 1}};
  for (const auto& s : schedules) {
    emu::options().order = s.order, emu::options().async_copy = s.copy, emu::options().seed = s.seed;
    const std::string out = once();
    if (first.empty()) first = out;
    if (out != first) report_failure(__FILE__, __LINE__, name + ": the bits depend on the schedule");
  }
  emu::options() = saved;
}

}  // namespace flm::test
