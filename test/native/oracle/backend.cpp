#include "host_device.h"
#include "ops.h"
#include "oracle.h"

namespace flm::oracle {
namespace {

const OpTable kOps{FLM_OPS(FLM_FILL_OP)};

}  // namespace

Backend make_backend() {
  Backend backend;
  backend.device = std::make_unique<HostDevice>();
  backend.state = std::make_unique<BackendState>();
  backend.ops = &kOps;
  return backend;
}

}  // namespace flm::oracle
