#include "bindings/world_host.h"

#include <utility>

#include "bindings/devices.h"

namespace flm::bindings {

void WorldHost::connect(const EngineSpec& device, const HostGroup& group) {
  FLM_CHECK(listener_, ErrorCode::invalid_argument, "the world has been connected before");
  backend_ = make_backend(device);
  HostListener listener = std::move(*listener_);
  listener_.reset();
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
