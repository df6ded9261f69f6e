#include "bindings/world_host.h"

#include <utility>

#include "bindings/devices.h"
#include "comm/nccl/nccl_communicator.h"

namespace flm::bindings {

void WorldHost::connect(const EngineSpec& device, const HostGroup& group, bool use_nccl) {
  FLM_CHECK(listener_, ErrorCode::invalid_argument, "the world has been connected before");
  backend_ = make_backend(device);
  HostListener listener = std::move(*listener_);
  listener_.reset();
  if (use_nccl)
    communicator_ = make_nccl_communicator(*backend_.device, std::make_shared<nccl::Library>(),
                                           std::move(listener), group);
  else
    communicator_ = make_host_communicator(*backend_.device, std::move(listener), group);
  connected_ = true;
}

Communicator& WorldHost::communicator() const {
  FLM_CHECK(connected_, ErrorCode::invalid_argument, "the world has not been connected");
  return *communicator_;
}

void WorldHost::abandon() noexcept {
  if (connected_) communicator_->abort();
}

}  // namespace flm::bindings
