#include "cpu/cpu_backend.h"

#include "cpu/cpu_device.h"
#include "cpu/cpu_ops.h"

namespace flm::cpu {

Backend make_backend(int num_threads) {
  static constexpr OpTable kOps{FLM_OPS(FLM_FILL_OP)};
  auto state = std::make_unique<CpuState>(num_threads, choose_isa());
  Backend backend;
  backend.device = make_device(*state);
  backend.state = std::move(state);
  backend.ops = &kOps;
  backend.reads_masters = true;
  return backend;
}

}  // namespace flm::cpu
