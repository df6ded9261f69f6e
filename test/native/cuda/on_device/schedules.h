#pragma once
// On a device there is one schedule, the device's own. Running twice still shows results that depend on it.
#include <string>

#include "test.h"

namespace flm::test {

template <class F>
void under_every_schedule(const std::string& name, F once) {
  const std::string first = once();
  if (once() != first) report_failure(__FILE__, __LINE__, name + ": two runs give different bits");
}

}  // namespace flm::test
