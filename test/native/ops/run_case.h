#pragma once
#include "ops/case.h"

namespace flm::test {

// A case set up on a backend; run() may be called again, e.g. to time it.
class PreparedCase {
 public:
  PreparedCase(const Case& described, const Backend& backend, Precision precision, Precision tested,
               const Values& given);
  // Runs the ops and waits for the device.
  void run();
  Records read_back() { return buffers_.read_back(name_); }
  double bytes_moved() const { return bytes_moved_; }

 private:
  std::string name_;
  const Backend& backend_;
  Buffers buffers_;
  Call call_;
  Context context_;
  double bytes_moved_;
};

// Sets up, runs once, reads back.
Records run_case(const Case& described, const Backend& backend, Precision precision, Precision tested,
                 const Values& given);

// What the case's forward case leaves in the oracle when its inputs are those of `tested`; empty without one.
Values forward_outputs(const Case& described, const Backend& oracle, Precision tested);

}  // namespace flm::test
