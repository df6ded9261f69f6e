#pragma once
// Where traced steps spend their time: every op of the engine's own trace, and the matrix products by shape.
#include <cstdint>
#include <string>

#include "core/backend.h"
#include "core/trace.h"

namespace flm::bench {

class StepTrace {
 public:
  // From now on the backend's products are told apart by shape. One object at a time; it outlives the
  // backend's use.
  explicit StepTrace(Backend& backend);
  ~StepTrace();
  StepTrace(const StepTrace&) = delete;
  StepTrace& operator=(const StepTrace&) = delete;

  // For Engine::set_trace; clear() forgets what was traced before.
  Trace& ops() { return ops_; }
  void clear();

  // Fields of a JSON object, without its braces: of each op and each shape of a product the calls and the
  // milliseconds of one of `steps` steps; of a product its GFLOP/s too.
  std::string description(int64_t steps) const;

 private:
  static void multiply(Context& context, const Matmul& args);

  OpTable table_;
  Trace ops_, products_;
};

}  // namespace flm::bench
