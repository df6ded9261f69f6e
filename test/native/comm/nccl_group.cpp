#include "comm/nccl_group.h"

#include <dlfcn.h>

#include <cstdlib>

#include "comm/nccl/nccl_communicator.h"
#include "comm/stream_device.h"
#include "core/shared_library.h"

namespace flm::test {

FakeNccl::FakeNccl() {
  replace(FLM_FAKE_NCCL);
  void* library = dlopen(FLM_FAKE_NCCL, RTLD_NOW | RTLD_LOCAL);
  FLM_CHECK(library, ErrorCode::io, "cannot open the fake NCCL: ", dlerror());
  fake_nccl::FaultsFunction* faults = nullptr;
  resolve(library, "fake NCCL", "flm_fake_nccl_faults", faults);
  resolve(library, "fake NCCL", "flm_fake_nccl_open_communicators", count_);
  faults_ = faults();
}

FakeNccl::~FakeNccl() {
  *faults_ = {};
  unsetenv("FLM_NCCL_LIB");
}

void FakeNccl::replace(const std::string& path) { setenv("FLM_NCCL_LIB", path.c_str(), 1); }

std::string FakeNccl::incomplete_library() { return FLM_INCOMPLETE_NCCL; }

int FakeNccl::open_communicators() const { return count_(); }

RankSetup FakeNccl::setup(double timeout_seconds) const {
  return {.make_device = [] { return std::make_unique<StreamDevice>(); },
          .timeout_seconds = timeout_seconds,
          .make_world =
              [library = open()](Device& device, HostListener listener, const HostGroup& group) {
                return make_nccl_communicator(device, library, std::move(listener), group);
              }};
}

}  // namespace flm::test
