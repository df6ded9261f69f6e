#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "bindings/worker.h"
#include "comm/host/host_group.h"
#include "core/backend.h"
#include "engine/spec.h"

namespace flm::bindings {

// This process's end of a group of ranks, on a thread of its own. It lives until the last engine that uses it
// is gone.
class WorldHost final : public Worker {
 public:
  explicit WorldHost(const std::string& bind_address)
      : listener_(bind_address), endpoint_(listener_->endpoint()) {}
  ~WorldHost() override { shut_down(); }

  const HostEndpoint& endpoint() const { return endpoint_; }
  // On the world's thread. `device` names where the data of this rank lies.
  void connect(const EngineSpec& device, const HostGroup& group, bool use_nccl);
  // On any thread, once connected. Throws Error(invalid_argument) before.
  Communicator& communicator() const;
  void abandon() noexcept override;

 private:
  std::optional<HostListener> listener_;
  HostEndpoint endpoint_;
  Backend backend_;  // for the communicator's own streams and staging: engines have backends of their own
  std::unique_ptr<Communicator> communicator_;
  std::atomic<bool> connected_ = false;
};

}  // namespace flm::bindings
